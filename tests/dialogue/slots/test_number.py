"""Plain numbers in English, and what holds in every language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import number
from callcenter.dialogue.slots.heard import Heard
from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("three", 3),
        ("There are three of us.", 3),
        ("twenty-five", 25),
        ("two point five", 2.5),
        ("2.5", 2.5),
        ("two and a half", 2.5),
        ("1,250", 1_250),
        ("twelve hundred", 1_200),
        ("a hundred and twenty", 120),
        ("one person", 1),
        ("two dozen", 24),
        ("half a dozen", 6),
        ("half a million", 500_000),
        ("three, no, four", 4),
        ("minus five", -5),
        ("-5", -5),
        ("none", 0),
        ("zero", 0),
        ("20%", 20),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert read("number", text, "en", "US") == value


@pytest.mark.parametrize("text", ["", "not many", "at 10:30", "the 2nd", "half of it", "a few", "one moment, please"])
def test_what_is_no_number(text: str) -> None:
    assert read("number", text, "en", "US") is None


@pytest.mark.parametrize("kind", ["money", "number", "years", "phone", "postcode"])
def test_a_recogniser_that_repeats_itself(kind: str) -> None:
    assert read(kind, "9" * 400, "en", "US") is None


def test_whole_numbers_are_integers() -> None:
    found = number.parse(Heard.of("3.0", "en"))
    assert found
    assert isinstance(found.value, int)


def test_the_words_are_the_callers_own() -> None:
    heard = Heard.of("Nous serons vingt-cinq, je pense.", "fr")
    found = number.parse(heard)
    assert found
    assert heard.words(found) == "vingt-cinq"


@given(st.integers(0, 10**9), st.sampled_from(["en", "fr", "es", "pt"]))
def test_digits_stay_what_they_are(value: int, language: str) -> None:
    assert read("number", str(value), language, "") == value


@given(st.integers(1_000, 10**9), st.sampled_from(["fr", "es", "pt"]), st.sampled_from([" ", ".", "\u00a0", "\u202f"]))
def test_grouped_digits(value: int, language: str, separator: str) -> None:
    assert read("number", f"{value:,}".replace(",", separator), language, "") == value


@given(st.integers(0, 99_999), st.integers(1, 99), st.sampled_from(["fr", "es", "pt"]))
def test_decimals_with_a_comma(integer: int, hundredths: int, language: str) -> None:
    assert read("number", f"{integer},{hundredths:02}", language, "") == pytest.approx(integer + hundredths / 100)


@given(st.text(), st.sampled_from(["en", "fr", "es", "pt"]))
def test_nothing_raises(text: str, language: str) -> None:
    read("number", text, language, "FR")
