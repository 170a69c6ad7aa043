"""Telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import spoken
from callcenter.dialogue.slots import phone
from callcenter.dialogue.slots.heard import Heard


def parsed(text: str, asked: bool = True, country: str = "US") -> str | None:
    found = phone.digits(Heard.of(text, "en"), asked)
    return phone.normal(found.value, country) if found else None


@pytest.mark.parametrize(
    "text",
    [
        "five five five, two three four, seven eight nine zero",
        "Five five five. Two three four. Seven eight nine zero.",
        "five, five, five. Two, three, four. seven eight nine oh",
        "5-5-5-2-3-4-7-8-9-0",
        "5 5 5 2 3 4 7 8 9 0",
        "555-234-7890.",
        "555 234 7890",
        "(555) 234-7890",
        "555.234.7890",
        "555, 234, 78, 90",
        "5552347890",
        "It's 555-234-7890, thank you.",
        "+1 555 234 7890",
        "plus one five five five 234 7890",
        "one five five five two three four seven eight nine zero",
        "triple five two three four seven eight nine zero",
        "double five five two three four seven eight nine zero",
        "five five five two thirty four seven eight nine zero",
        "five five five two three four seven eighty-nine zero",
        "555 two three four 7890",
    ],
)
def test_one_number_in_many_forms(text: str) -> None:
    assert parsed(text) == "+15552347890"


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("oh two oh, seven nine four six, oh nine five eight", "GB", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("plus four four two oh seven nine four six oh nine five eight", "US", "+442079460958"),
        ("01 23 45 67 89", "FR", "+33123456789"),
    ],
)
def test_other_countries(text: str, country: str, expected: str) -> None:
    assert parsed(text, country=country) == expected


@pytest.mark.parametrize("text", ["five five five", "555-2347", "555 234 7890 12 34", "yes", "", "fifty thousand"])
def test_what_is_no_number(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize("text", ["ten years", "50,000 dollars", "1,500,000,000 dollars", "three thirty", "555 2347"])
def test_unasked_only_a_long_run_counts(text: str) -> None:
    assert phone.digits(Heard.of(text, "en"), asked=False) is None


def test_unasked_in_a_sentence() -> None:
    assert parsed("I have $50,000, call me on 555-234-7890 tomorrow at 3.", asked=False) == "+15552347890"


@pytest.mark.parametrize(
    "text",
    [
        "the number I'm calling from",
        "this number",
        "the same number",
        "This one.",
        "the one I'm calling on",
        "you can see it",
    ],
)
def test_the_callers_own(text: str) -> None:
    assert phone.is_own(Heard.of(text, "en"))


@pytest.mark.parametrize("text", ["my number is wrong", "five five five", "why do you need my number", "number"])
def test_not_the_callers_own(text: str) -> None:
    assert not phone.is_own(Heard.of(text, "en"))


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_a_number_survives_being_said(number: int) -> None:
    whole = phone.normal(str(number), "US")
    assert whole == f"+1{number}"
    assert parsed(spoken.phone(whole, "US")) == whole


@given(st.text(), st.booleans())
def test_nothing_raises(text: str, asked: bool) -> None:
    parsed(text, asked)
