"""Lengths of time, in years."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import duration
from callcenter.dialogue.slots.heard import Heard

LIMITS: dict[str, float | None] = {"short": 3, "medium": 7, "long": None}


def bucket(text: str, asked: bool = True) -> str | None:
    found = duration.parse(Heard.of(text, "en"), asked)
    return duration.bucket(found.value, LIMITS) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("five years", "medium"),
        ("Five years.", "medium"),
        ("3 years", "short"),
        ("three years", "short"),
        ("more than three years", "medium"),
        ("over 7 years", "long"),
        ("seven years", "medium"),
        ("less than three years", "short"),
        ("ten to fifteen years", "long"),
        ("10-15 years", "long"),
        ("10 -15 years.", "long"),
        ("three to five years", "medium"),
        ("two or three years", "short"),
        ("three years, maybe four years", "medium"),
        ("18 months", "short"),
        ("eighteen months", "short"),
        ("60 months", "medium"),
        ("a year", "short"),
        ("a year and a half", "short"),
        ("two and a half years", "short"),
        ("half a year", "short"),
        ("a couple of years", "short"),
        ("a few years", "short"),
        ("several years", "medium"),
        ("next year", "short"),
        ("a decade", "long"),
        ("two decades", "long"),
        ("at least ten years", "long"),
        ("twenty years or more", "long"),
        ("a 10-year plan", "long"),
        ("twelve weeks", "short"),
        ("ten", "long"),
        ("Ten.", "long"),
        ("maybe five", "medium"),
        ("10 or 15", "long"),
        ("about seven, I think", "medium"),
    ],
)
def test_lengths(text: str, expected: str) -> None:
    assert bucket(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I'm 45 years old",
        "for the last ten years",
        "three years ago",
        "fifty thousand dollars",
        "one moment please",
        "Hold on, one moment.",
        "20 percent",
        "call me at 10:30",
        "five five five",
    ],
)
def test_what_is_no_length(text: str) -> None:
    assert bucket(text) is None


def test_a_bare_number_needs_the_question() -> None:
    assert bucket("ten", asked=False) is None


@given(st.integers(1, 80))
def test_every_number_of_years_has_its_bucket(years: int) -> None:
    expected = "short" if years <= 3 else "medium" if years <= 7 else "long"
    assert bucket(f"{years} years") == expected


@given(st.text(), st.booleans())
def test_nothing_raises(text: str, asked: bool) -> None:
    bucket(text, asked)
