"""Postcodes of several countries, said in English, and what holds for all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import postcode
from callcenter.dialogue.slots.heard import Heard
from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("SW1A 1AA", "GB", "SW1A 1AA"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("It's SW1A 1AA, thanks.", "GB", "SW1A 1AA"),
        ("S W one A one A A", "GB", "SW1A 1AA"),
        ("S, W, one, A. One, double A.", "GB", "SW1A 1AA"),
        ("M one one A E", "GB", "M1 1AE"),
        ("It's W1A 1AA.", "GB", "W1A 1AA"),
        ("SW nineteen five AE", "GB", "SW19 5AE"),
        ("E ten oh A A", "GB", "E10 0AA"),
        ("O X four two J Z", "GB", "OX4 2JZ"),
        ("EC two A four N E", "GB", "EC2A 4NE"),
        ("It is a W1A 1HQ postcode.", "GB", "W1A 1HQ"),
        ("A B ten one A B", "GB", "AB10 1AB"),
        ("I live in London", "GB", None),
        ("ten two one oh", "US", "10210"),
        ("one oh oh oh one", "US", "10001"),
        ("10001-1234", "US", "10001-1234"),
        ("nine oh two one oh", "US", "90210"),
        ("nine oh, two ten", "US", "90210"),
        ("Nine zero two one zero, please.", "US", "90210"),
        ("K1A 0B1", "CA", "K1A 0B1"),
        ("K one A oh B one", "CA", "K1A 0B1"),
        ("ten one one five", "DE", "10115"),
        ("one oh one one five", "DE", "10115"),
        ("00115", "DE", None),
        ("ten fifty", "BE", "1050"),
        ("eight thousand and one Zurich", "CH", "8001"),
        ("00184", "IT", "00184"),
        ("double oh one eight four", "IT", "00184"),
        ("1012 AB", "NL", "1012 AB"),
        ("one thousand and twelve A B", "NL", "1012 AB"),
        ("D02 X285", "IE", "D02 X285"),
        ("00-950", "PL", "00-950"),
        ("1050, dash, 123", "PT", "1050-123"),
        ("12 High Street, 90210", "US", "90210"),
        ("555 234 7890", "US", None),
        ("yes", "US", None),
        ("", "GB", None),
    ],
)
def test_postcodes(text: str, country: str, code: str | None) -> None:
    assert read("postcode", text, "en", country) == code


@pytest.mark.parametrize(
    ("text", "language", "country", "code"),
    [
        ("I have 90210 dollars", "en", "US", None),
        ("my zip code is 90210", "en", "US", "90210"),
        ("I'm at SW1A 1AA", "en", "GB", "SW1A 1AA"),
        ("j'ai 75011 euros", "fr", "FR", None),
        ("mon code postal, c'est 75011", "fr", "FR", "75011"),
        ("el código postal es 28013", "es", "ES", "28013"),
        ("o código postal é 1050-123", "pt", "PT", "1050-123"),
    ],
)
def test_unasked_it_must_be_announced_or_have_letters(text: str, language: str, country: str, code: str | None) -> None:
    found = postcode.parse(Heard.of(text, language), country, False)
    assert (found.value if found else None) == code


def test_the_words_are_the_callers_own() -> None:
    heard = Heard.of("Alors, zéro six mille, à Nice.", "fr")
    found = postcode.parse(heard, "FR", True)
    assert found
    assert heard.words(found) == "zéro six mille"


def test_an_unknown_country_has_none() -> None:
    assert "XX" not in postcode.countries()
    assert postcode.countries() >= {"FR", "ES", "PT", "GB", "US", "DE", "BE", "CH", "IT"}
    assert read("postcode", "75011", "en", "XX") is None


@given(st.from_regex(r"(?:0[1-9]|[1-8]\d|9[0-8])\d{3}", fullmatch=True).filter(str.isascii))
def test_every_french_postcode_in_figures_and_in_pairs(code: str) -> None:
    assert read("postcode", code, "fr", "FR") == code
    assert read("postcode", f"{code[:2]} {code[2:]}", "fr", "FR") == code
    assert read("postcode", " ".join(code), "fr", "FR") == code


@given(st.text(), st.sampled_from(sorted(postcode.countries())), st.booleans())
def test_nothing_raises(text: str, country: str, asked: bool) -> None:
    postcode.parse(Heard.of(text, "en"), country, asked)
