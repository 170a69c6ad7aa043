"""Amounts, as people say them and as recognisers write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import spoken
from callcenter.dialogue.slots import money
from callcenter.dialogue.slots.heard import Heard


def parsed(text: str) -> Any:
    found = money.parse(Heard.of(text, "en"))
    return found.value.value if found else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("about fifty thousand", 50_000),
        ("Fifty thousand.", 50_000),
        ("50k", 50_000),
        ("50 K.", 50_000),
        ("around fifty k", 50_000),
        ("$60,000.", 60_000),
        ("60 ,000", 60_000),
        ("60, 000 dollars", 60_000),
        ("60.000", 60_000),
        ("60000", 60_000),
        ("60,000 dollars", 60_000),
        ("sixty thousands dollars", 60_000),
        ("a hundred grand", 100_000),
        ("60 grand", 60_000),
        ("a couple of thousand", 2_000),
        ("a few thousand dollars", 3_000),
        ("half a million", 500_000),
        ("half a million dollars.", 500_000),
        ("a quarter of a million", 250_000),
        ("three quarters of a million", 750_000),
        ("one and a half million", 1_500_000),
        ("two and a half thousand", 2_500),
        ("1.5 million", 1_500_000),
        ("one point five million", 1_500_000),
        ("$1.5 million.", 1_500_000),
        ("$1,500,000", 1_500_000),
        ("two hundred and fifty thousand", 250_000),
        ("two hundred fifty thousand dollars", 250_000),
        ("seventy-five thousand", 75_000),
        ("twenty five hundred dollars", 2_500),
        ("five hundred dollars", 500),
        ("a thousand dollars", 1_000),
        ("one million", 1_000_000),
        ("2 million", 2_000_000),
        ("fifty thousand or so", 50_000),
        ("twenty thousand for ten years", 20_000),
        ("I have 2 kids and 50 thousand", 50_000),
        ("$10,000 over 3 years", 10_000),
        ("sixty thousand dollars ten years", 60_000),
        ("between one thousand and two thousand dollars", [1_000, 2_000]),
        ("a million and a half", 1_500_000),
        ("50,000.00", 50_000),
        ("it's 80,000 dollars in 2026", 80_000),
        ("fifty", 50),
        ("maybe sixty", 60),
        ("between 20 and 30 thousand", [20_000, 30_000]),
        ("between twenty and thirty thousand dollars", [20_000, 30_000]),
        ("Between $20,000 and $30,000.", [20_000, 30_000]),
        ("20 to 30k", [20_000, 30_000]),
        ("20-30k", [20_000, 30_000]),
        ("$50-60,000", [50_000, 60_000]),
        ("$50,000 - $60,000", [50_000, 60_000]),
        ("fifty, sixty thousand", [50_000, 60_000]),
        ("fifty or sixty thousand", [50_000, 60_000]),
        ("fifty thousand, maybe sixty thousand", [50_000, 60_000]),
        ("between fifty and a hundred thousand", [50_000, 100_000]),
        ("from 20 to 25 grand", [20_000, 25_000]),
        ("two to three million", [2_000_000, 3_000_000]),
        ("800 thousand to 1.2 million", [800_000, 1_200_000]),
        ("five hundred to a thousand dollars", [500, 1_000]),
        ("fifty to sixty", [50, 60]),
    ],
)
def test_amounts(text: str, value: Any) -> None:
    assert parsed(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "three years",
        "10-15 years",
        "I'm 45",
        "I'm 45 years old",
        "in 2035",
        "at 10:30",
        "at 3 p.m.",
        "3 o'clock",
        "20%",
        "twenty percent",
        "five figures",
        "hundreds of thousands",
        "five five five two three four",
        "5-5-5-2-3-4-7-8-9-0",
        "not much",
        "quite a few",
        "half of it",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert parsed(text) is None


def test_a_small_number_alone_is_bare() -> None:
    fifty, thousands = money.parse(Heard.of("fifty", "en")), money.parse(Heard.of("fifty thousand", "en"))
    assert fifty
    assert thousands
    assert fifty.value.bare
    assert not thousands.value.bare


def test_the_words_are_the_callers_own() -> None:
    heard = Heard.of("Well, about seventy-five thousand dollars, I think.", "en")
    found = money.parse(heard)
    assert found
    assert heard.words(found) == "seventy-five thousand dollars"


@given(st.integers(min_value=1_000, max_value=999_999_999))
def test_an_amount_survives_being_said(amount: int) -> None:
    assert parsed(f"about {spoken.money(amount, 'dollars')}, please") == amount


@given(st.integers(min_value=1, max_value=900), st.integers(min_value=1, max_value=99))
def test_a_range_survives_being_said(low: int, step: int) -> None:
    amounts: list[float] = [low * 1_000, (low + step) * 1_000]
    assert parsed(spoken.money(amounts, "dollars")) == amounts


_UNITS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def words(number: int) -> str:
    if number >= 1_000:
        return f"{words(number // 1_000)} thousand {words(number % 1_000)}".strip()
    if number >= 100:
        return f"{_UNITS[number // 100]} hundred {words(number % 100)}".strip()
    return f"{_TENS[number // 10]} {_UNITS[number % 10]}".strip()


@given(st.integers(1, 9), st.integers(2, 9), st.integers(0, 9))
def test_number_words(hundreds: int, tens: int, units: int) -> None:
    thousands = hundreds * 100 + tens * 10 + units
    assert parsed(words(thousands * 1_000)) == thousands * 1_000


@given(st.text())
def test_nothing_raises(text: str) -> None:
    parsed(text)


_PIECES = "$ 5 50 0 , . - k to and half a million of thousand 1e9 years dollars ½ ٣"


@given(st.lists(st.sampled_from(_PIECES.split())))
def test_no_mixture_raises(pieces: list[str]) -> None:
    parsed(" ".join(pieces))


@pytest.mark.parametrize(
    ("text", "language"),
    [("Five cents.", "en"), ("cinq centimes", "fr"), ("cinco céntimos", "es"), ("cinco cêntimos", "pt")],
)
def test_cents_alone_are_no_amount(text: str, language: str) -> None:
    assert money.parse(Heard.of(text, language)) is None
