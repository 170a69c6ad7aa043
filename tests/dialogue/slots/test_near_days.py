"""Days and months that a recogniser wrote almost right, on Thursday the 19th of November 2026, 10 a.m."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import moment, near_days
from callcenter.dialogue.slots.dates import load_dates
from callcenter.dialogue.slots.heard import Heard
from callcenter.dialogue.spelling import plain
from callcenter.simulation import persona

NOW = datetime(2026, 11, 19, 10, 0)  # noqa: DTZ001 - local time, as the brain is given it
LANGUAGES = ("en", "fr", "es", "pt")
PERSONAS = Path(__file__).parents[2] / "personas"


def parsed(text: str, language: str, asked: bool = True) -> str | None:
    found = moment.parse(Heard.of(text, language), NOW, asked)
    return found.value if found else None


def mended(text: str, language: str, asked: bool = True) -> str:
    return near_days.mend(Heard.of(text, language), asked).heard.text


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Mertredi à 10 heures.", "fr", "2026-11-25T10:00"),
        ("Mercrodi à 16 heures.", "fr", "2026-11-25T16:00"),
        ("Mertredi matin.", "fr", "2026-11-25T10:00"),
        ("Zendredi à 14 heures.", "fr", "2026-11-20T14:00"),
        ("Vendaudi à 14 heures.", "fr", "2026-11-20T14:00"),
        ("À 15 heures mertredi.", "fr", "2026-11-25T15:00"),
        ("Marli à 9h.", "fr", "2026-11-24T09:00"),
        ("Jeu dit à 15 heures.", "fr", "2026-11-26T15:00"),
        ("Je dis à 15 heures.", "fr", "2026-11-26T15:00"),
        ("Oui, rappelez-moi, je dis à 15 heures.", "fr", "2026-11-26T15:00"),
        ("Je n'y à 11 heures.", "fr", "2026-11-26T11:00"),
        ("Le 3 novenbre.", "fr", "2027-11-03T10:00"),
        ("Le 3 desembre à 15 heures.", "fr", "2026-12-03T15:00"),
        ("Miercole a las diez.", "es", "2026-11-25T10:00"),
        ("El biernes a las doce.", "es", "2026-11-20T12:00"),
        ("El 3 de disiembre.", "es", "2026-12-03T10:00"),
        ("Testa-feira às 11 horas.", "pt", "2026-11-20T11:00"),
        ("Tersa-feira às 10.", "pt", "2026-11-24T10:00"),
        ("Dia 3 de dezenbro.", "pt", "2026-12-03T10:00"),
        ("Wensday at three.", "en", "2026-11-25T15:00"),
        ("At three on Wensday.", "en", "2026-11-25T15:00"),
        ("Sat a day at ten o'clock.", "en", "2026-11-21T10:00"),
        ("Febuary 3rd.", "en", "2027-02-03T10:00"),
    ],
)
def test_what_stands_where_a_day_may_stand(text: str, language: str, expected: str, asked: bool) -> None:
    assert parsed(text, language, asked) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Mertredi.", "fr", "2026-11-25T10:00"),
        ("El juebes.", "es", "2026-11-26T10:00"),
        ("Thurday", "en", "2026-11-26T10:00"),
    ],
)
def test_a_day_alone_only_when_it_was_asked_for(text: str, language: str, expected: str) -> None:
    assert parsed(text, language) == expected
    assert parsed(text, language, asked=False) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("je voudrais vendre à 10 heures", "fr"),
        ("j'ai vendu ma maison à 10 heures", "fr"),
        ("mon mari à 10 heures", "fr"),
        ("une jeune femme à 10 heures", "fr"),
        ("ça va marcher à 10 heures", "fr"),
        ("je dis que non", "fr"),
        ("je dis, à 10 heures", "fr"),
        ("mardi ou mertredi à 10 heures", "fr"),
        ("merci à 10 heures", "fr"),
        ("j'ai un grand nombre de 3", "fr"),
        ("mi hijo viene a las diez", "es"),
        ("tienes a las diez", "es"),
        ("las piernas a las diez", "es"),
        ("o segundo às 10 horas", "pt"),
        ("comigo às 10 horas", "pt"),
        ("cerca das 10 horas", "pt"),
        ("someday at ten", "en"),
        ("munday at ten", "en"),  # as near to Monday as to Sunday
        ("a match at ten", "en"),
        ("remember 3 of them", "en"),
    ],
)
def test_ordinary_words_are_left_alone(text: str, language: str) -> None:
    assert mended(text, language) == Heard.of(text, language).text


def lines() -> list[tuple[str, str]]:
    people = [persona.load(path) for path in sorted(PERSONAS.rglob("*.yaml"))]
    return [(line.say, one.language[:2]) for one in people for line in one.lines if line.say]


def test_no_line_of_a_persona_has_a_new_day() -> None:
    said = lines()
    assert len(said) > 500
    assert [text for text, language in said if mended(text, language) != Heard.of(text, language).text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_a_day_stays_what_it_is(language: str) -> None:
    tables = load_dates(language).tables
    for name in [*tables.weekdays, *tables.months, *tables.others]:
        assert plain(mended(f"3 {name} 3", language)) == plain(Heard.of(f"3 {name} 3", language).text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jeudi enzeur.", "2026-11-26T11:00"),
        ("Mercredi en heures.", "2026-11-25T11:00"),
        ("Je dis enzeur.", "2026-11-26T11:00"),
        ("Merci d'y enzeur.", "2026-11-25T11:00"),
    ],
)
def test_an_hour_at_the_end_of_the_answer(text: str, expected: str) -> None:
    heard = Heard.of(text, "fr")
    found = moment.parse(heard, NOW, True)
    assert found
    assert (found.value, heard.words(found)) == (expected, text.rstrip("."))
    assert moment.parse(Heard.of("Il est là en heures.", "fr"), NOW, False) is None


@given(data=st.data(), language=st.sampled_from(LANGUAGES))
def test_one_wrong_letter_of_a_long_name(data: st.DataObject, language: str) -> None:
    names = [name for name in load_dates(language).tables.weekdays if len(name) >= 7 and name.isalpha()]
    name = data.draw(st.sampled_from(names))
    place = data.draw(st.integers(0, len(name) - 1))
    wrong = name[:place] + "x" + name[place + 1 :]
    assert plain(mended(wrong, language)) in {name, plain(Heard.of(wrong, language).text)}
    if language == "fr":
        assert mended(wrong, language) == name


@given(before=st.text("abé .", max_size=12), after=st.text("abé 3,", max_size=12))
def test_what_was_found_is_in_the_words_that_were_heard(before: str, after: str) -> None:
    heard = Heard.of(f"{before} je dis à 15 heures {after}", "fr")
    found = moment.parse(heard, NOW, True)
    if found and found.value.startswith("2026-11-26T15"):
        assert "je dis à 15 heures" in heard.words(found)
        assert "je dis" in heard.text[found.start : found.end]
