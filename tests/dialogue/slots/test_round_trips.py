"""Whatever number, amount, telephone number or postcode is put into words comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.slots.readings import read
from tests.dialogue.slots.said import SAID

every_speaker = pytest.mark.parametrize("speaker", sorted(SAID))
_CURRENCY = {"en": "dollars", "fr": "euros", "es": "euros", "pt": "euros"}
_ABOUT = {"en": "about", "fr": "environ", "es": "unos", "pt": "uns"}
_BETWEEN = {"en": ("between", "and"), "fr": ("entre", "et"), "es": ("entre", "y"), "pt": ("entre", "e")}
_YEARS = {"en": "years", "fr": "ans", "es": "años", "pt": "anos"}


def _round(number: int) -> int:
    """`number` with two figures, as people say large amounts."""
    digits = str(number)
    return int(digits[:2] + "0" * (len(digits) - 2))


@every_speaker
@given(number=st.integers(0, 999_999_999))
def test_a_number(speaker: str, number: int) -> None:
    language, say = SAID[speaker]
    assert read("number", say(number), language, "") == number


@every_speaker
@given(number=st.integers(0, 999))
def test_a_small_number(speaker: str, number: int) -> None:
    language, say = SAID[speaker]
    assert read("number", say(number), language, "") == number


@every_speaker
@given(number=st.integers(1, 99_999_999).map(_round))
def test_an_amount(speaker: str, number: int) -> None:
    language, say = SAID[speaker]
    assert read("money", f"{_ABOUT[language]} {say(number)} {_CURRENCY[language]}.", language, "") == number


@every_speaker
@given(low=st.integers(1, 900), step=st.integers(1, 99))
def test_a_range(speaker: str, low: int, step: int) -> None:
    language, say = SAID[speaker]
    opener, link = _BETWEEN[language]
    low, high = low * 1_000, (low + step) * 1_000
    text = f"{opener} {say(low)} {link} {say(high)} {_CURRENCY[language]}"
    assert read("money", text, language, "") == [low, high]


@every_speaker
@given(years=st.integers(2, 99))
def test_a_length(speaker: str, years: int) -> None:
    language, say = SAID[speaker]
    assert read("years", f"{say(years)} {_YEARS[language]}", language, "") == years


@every_speaker
@given(pairs=st.lists(st.integers(0, 99), min_size=4, max_size=4))
def test_a_telephone_number_in_pairs(speaker: str, pairs: list[int]) -> None:
    language, say = SAID[speaker]
    zero = say(0)
    said = [f"{zero} {say(pair)}" if pair < 10 else say(pair) for pair in pairs]
    number = read("phone", ", ".join([f"{zero} {say(6)}", *said]), language, "FR")
    assert number == "+336" + "".join(f"{pair:02}" for pair in pairs)


@every_speaker
@given(number=st.from_regex(r"[6-9][0-9]{8}", fullmatch=True).filter(str.isascii))
def test_a_telephone_number_figure_by_figure(speaker: str, number: str) -> None:
    language, say = SAID[speaker]
    said = [say(int(figure)) for figure in number]
    for separator in (" ", ", "):
        assert read("phone", separator.join(said), language, "ES") == f"+34{number}"


@every_speaker
@given(threes=st.lists(st.integers(100, 999), min_size=2, max_size=2), first=st.integers(600, 799))
def test_a_telephone_number_in_threes(speaker: str, threes: list[int], first: int) -> None:
    language, say = SAID[speaker]
    number = read("phone", ", ".join(say(three) for three in (first, *threes)), language, "ES")
    assert number == f"+34{first}{threes[0]}{threes[1]}"


@every_speaker
@given(department=st.integers(1, 95), town=st.integers(0, 999))
def test_a_postcode(speaker: str, department: int, town: int) -> None:
    language, say = SAID[speaker]
    code = f"{department:02}{town:03}"
    zero = f"{say(0)} " if department < 10 else ""
    assert read("postcode", f"{zero}{say(department * 1_000 + town)}", language, "FR") == code
    assert read("postcode", " ".join(say(int(figure)) for figure in code), language, "FR") == code
