"""Values in words that a voice reads well."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import spoken
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.slot import (
    ChoicesSlot,
    MomentSlot,
    MoneySlot,
    NumberSlot,
    Option,
    PhoneSlot,
    PostcodeSlot,
    TextSlot,
    YesNoSlot,
)
from callcenter.dialogue.slots import money, phone
from callcenter.dialogue.slots.heard import Heard

TODAY = date(2026, 11, 21)
ABROAD = Flow.model_construct(
    language="fr",
    country="FR",
    currency="euros",
    slots={
        "bill": MoneySlot.model_construct(),
        "number": PhoneSlot.model_construct(),
        "postcode": PostcodeSlot.model_construct(),
        "when": MomentSlot.model_construct(),
        "owner": YesNoSlot.model_construct(),
        "rooms": NumberSlot.model_construct(),
        "about": TextSlot.model_construct(),
        "heating": ChoicesSlot.model_construct(
            options={"gas": Option(says="le gaz"), "oil": Option(says="le fioul"), "wood": Option(says="le bois")}
        ),
    },
)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (500, "500 dollars"),
        (60_000, "60,000 dollars"),
        (1_000_000, "1 million dollars"),
        (1_500_000, "1.5 million dollars"),
        (1_234_567, "1,234,567 dollars"),
        (2_250_000, "2.25 million dollars"),
        (3_000_000_000, "3 billion dollars"),
        (99.5, "99.50 dollars"),
        ([20_000, 30_000], "20,000 to 30,000 dollars"),
    ],
)
def test_money(amount: float | list[float], expected: str) -> None:
    assert spoken.money(amount, "dollars") == expected


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("+15552347890", "US", "five five five, two three four, seven eight nine zero"),
        ("+442079460958", "US", "plus four four, two zero, seven nine four six, zero nine five eight"),
        ("+442079460958", "GB", "zero two zero, seven nine four six, zero nine five eight"),
    ],
)
def test_phone(number: str, country: str, expected: str) -> None:
    assert spoken.phone(number, country) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-21T18:00", "today at 6 p.m."),
        ("2026-11-22T15:00", "tomorrow at 3 p.m."),
        ("2026-11-24T10:30", "Tuesday at 10:30 a.m."),
        ("2026-11-28T12:00", "Saturday the 28th of November at noon"),
        ("2026-12-01T00:15", "Tuesday the 1st of December at 12:15 a.m."),
        ("2026-12-02T09:05", "Wednesday the 2nd of December at 9:05 a.m."),
        ("2026-12-03T09:00", "Thursday the 3rd of December at 9 a.m."),
        ("2026-12-11T09:00", "Friday the 11th of December at 9 a.m."),
        ("2026-12-22T09:00", "Tuesday the 22nd of December at 9 a.m."),
    ],
)
def test_moment(at: str, expected: str) -> None:
    assert spoken.moment(datetime.fromisoformat(at), TODAY) == expected


@pytest.mark.parametrize(
    ("language", "amount", "expected"),
    [
        ("fr", 500, "500 euros"),
        ("fr", 60_000, "60 000 euros"),
        ("fr", 1_000_000, "1 million d'euros"),
        ("fr", 1_500_000, "1,5 million d'euros"),
        ("fr", 2_250_000, "2,25 millions d'euros"),
        ("fr", 1_234_567, "1 234 567 euros"),
        ("fr", 3_000_000_000, "3 milliards d'euros"),
        ("fr", 99.5, "99,50 euros"),
        ("fr", [20_000, 30_000], "entre 20 000 et 30 000 euros"),
        ("fr", [1_000_000, 2_000_000], "entre 1 million et 2 millions d'euros"),
        ("es", 60_000, "60.000 euros"),
        ("es", 1_000_000, "un millón de euros"),
        ("es", 1_500_000, "1,5 millones de euros"),
        ("es", 3_000_000_000, "3.000 millones de euros"),
        ("es", 99.5, "99,50 euros"),
        ("es", [20_000, 30_000], "entre 20.000 y 30.000 euros"),
        ("pt", 60_000, "60.000 euros"),
        ("pt", 1_000_000, "um milhão de euros"),
        ("pt", 2_000_000, "2 milhões de euros"),
        ("pt", 99.5, "99,50 euros"),
        ("pt", [20_000, 30_000], "entre 20.000 e 30.000 euros"),
    ],
)
def test_money_by_language(language: str, amount: float | list[float], expected: str) -> None:
    assert spoken.money(amount, "euros", language) == expected


def test_money_of_no_currency() -> None:
    assert spoken.money(60_000, "") == "60,000"
    assert spoken.money(2_000_000, "", "fr") == "2 millions"


@pytest.mark.parametrize(
    ("language", "number", "country", "expected"),
    [
        ("fr", "+33612345678", "FR", "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit"),
        ("fr", "+33180009192", "FR", "zéro un, quatre-vingts, zéro zéro, quatre-vingt-onze, quatre-vingt-douze"),
        ("fr", "+33612345678", "BE", "plus trente-trois, six, douze, trente-quatre, cinquante-six, soixante-dix-huit"),
        ("fr", "+32470123456", "BE", "zéro quatre sept zéro, douze, trente-quatre, cinquante-six"),
        ("es", "+34612345678", "ES", "seis uno dos, tres cuatro cinco, seis siete ocho"),
        ("es", "+34910123456", "ES", "nueve uno cero, uno dos tres, cuatro cinco seis"),
        ("es", "+525512345678", "MX", "cinco cinco, uno dos tres cuatro, cinco seis siete ocho"),
        ("pt", "+351912345678", "PT", "nove um dois, três quatro cinco, seis sete oito"),
        ("pt", "+351212345678", "PT", "dois um dois, três quatro cinco, seis sete oito"),
        ("pt", "+5511987654321", "BR", "um um, nove oito sete seis cinco, quatro três dois um"),
        ("pt", "+34612345678", "PT", "mais três quatro, seis um dois, três quatro, cinco seis, sete oito"),
    ],
)
def test_phone_by_language(language: str, number: str, country: str, expected: str) -> None:
    assert spoken.phone(number, country, language) == expected


@pytest.mark.parametrize(
    ("language", "at", "expected"),
    [
        ("fr", "2026-11-21T18:00", "aujourd'hui à 18 heures"),
        ("fr", "2026-11-22T12:00", "demain à midi"),
        ("fr", "2026-11-24T15:00", "mardi à 15 heures"),
        ("fr", "2026-11-24T15:30", "mardi à 15 heures 30"),
        ("fr", "2026-11-24T21:05", "mardi à vingt et une heures 5"),
        ("fr", "2026-11-24T07:00", "mardi à 7 heures du matin"),
        ("fr", "2026-12-01T09:00", "mardi premier décembre à 9 heures"),
        ("fr", "2026-12-03T12:30", "jeudi 3 décembre à 12 heures 30"),
        ("es", "2026-11-21T18:00", "hoy a las 18 horas"),
        ("es", "2026-11-22T15:30", "mañana a las 15:30"),
        ("es", "2026-11-24T09:00", "el martes a las 9 de la mañana"),
        ("es", "2026-11-24T12:00", "el martes a las 12 del mediodía"),
        ("es", "2026-11-24T01:05", "el martes a la una y 5 de la madrugada"),
        ("es", "2026-12-01T15:30", "el martes 1 de diciembre a las 15:30"),
        ("es", "2026-12-03T21:15", "el jueves 3 de diciembre a las 9:15 de la noche"),
        ("pt", "2026-11-21T18:00", "hoje às 18 horas"),
        ("pt", "2026-11-22T12:00", "amanhã ao meio-dia"),
        ("pt", "2026-11-24T15:30", "terça-feira às 15 e 30"),
        ("pt", "2026-11-24T02:00", "terça-feira às duas da manhã"),
        ("pt", "2026-12-03T21:15", "quinta-feira, 3 de dezembro, às 9 e 15 da noite"),
    ],
)
def test_moment_by_language(language: str, at: str, expected: str) -> None:
    assert spoken.moment(datetime.fromisoformat(at), TODAY, language) == expected


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("en", "SW1A 1AA", "S W one A, one A A"),
        ("en", "10115", "one zero one one five"),
        ("fr", "75011", "75011"),
        ("fr", "06000", "zéro 6000"),
        ("es", "28013", "dos ocho cero uno tres"),
        ("pt", "1050-123", "um zero cinco zero, um dois três"),
    ],
)
def test_postcode(language: str, code: str, expected: str) -> None:
    assert spoken.postcode(code, language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["", "a", "a and b", "a, b and c", "yes", "no", "1,500", "2.5"]),
        ("fr", ["", "a", "a et b", "a, b et c", "oui", "non", "1 500", "2,5"]),
        ("es", ["", "a", "a y b", "a, b y c", "sí", "no", "1.500", "2,5"]),
        ("pt", ["", "a", "a e b", "a, b e c", "sim", "não", "1.500", "2,5"]),
    ],
)
def test_lists_and_answers_and_numbers(language: str, expected: list[str]) -> None:
    lists = [spoken.listed(list(words), language) for words in ("", "a", "ab", "abc")]
    answers = [spoken.yes_no(answer, language) for answer in (True, False)]
    assert lists + answers + [spoken.number(1_500, language), spoken.number(2.5, language)] == expected


@pytest.mark.parametrize(
    ("slot", "content", "expected"),
    [
        ("interest", ["stocks"], "stocks"),
        ("interest", ["stocks", "bonds", "crypto"], "stocks, bonds and crypto"),
        ("amount", 60_000, "60,000 dollars"),
        ("risk", "conservative", "low risk"),
        ("timeline", "long", "long term"),
        ("name", "Karen Mitchell", "Karen Mitchell"),
        ("callback", "2026-11-22T15:00", "tomorrow at 3 p.m."),
    ],
)
def test_slots(slot: str, content: Any, expected: str) -> None:
    assert spoken.value(load_flow("investment"), slot, content, TODAY) == expected


@pytest.mark.parametrize(
    ("slot", "content", "expected"),
    [
        ("bill", 1_200, "1 200 euros"),
        ("number", "+33612345678", "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit"),
        ("postcode", "06000", "zéro 6000"),
        ("when", "2026-11-24T15:30", "mardi à 15 heures 30"),
        ("owner", True, "oui"),
        ("owner", False, "non"),
        ("rooms", 4, "4"),
        ("rooms", 2.5, "2,5"),
        ("about", "une fuite", "une fuite"),
        ("heating", ["gas", "oil", "wood"], "le gaz, le fioul et le bois"),
    ],
)
def test_slots_in_the_language_of_the_flow(slot: str, content: Any, expected: str) -> None:
    assert spoken.value(ABROAD, slot, content, TODAY) == expected


_LANGUAGES = ("en", "fr", "es", "pt")


@pytest.mark.parametrize("language", _LANGUAGES)
@given(amount=st.one_of(st.integers(1_000, 999_999_999), st.integers(1, 9_999).map(lambda part: part * 1_000_000)))
def test_an_amount_survives_being_said(language: str, amount: int) -> None:
    found = money.parse(Heard.of(spoken.money(amount, "euros", language), language))
    assert found
    assert found.value.value == amount


@pytest.mark.parametrize("language", _LANGUAGES)
@given(low=st.integers(1, 900), step=st.integers(1, 99))
def test_a_range_survives_being_said(language: str, low: int, step: int) -> None:
    amounts: list[float] = [low * 1_000, (low + step) * 1_000]
    found = money.parse(Heard.of(spoken.money(amounts, "euros", language), language))
    assert found
    assert found.value.value == amounts


@pytest.mark.parametrize(
    ("language", "country", "prefix"),
    [
        ("en", "US", "+1212"),
        ("en", "GB", "+442079"),
        ("fr", "FR", "+33612"),
        ("fr", "FR", "+33980"),
        ("fr", "BE", "+324701"),
        ("es", "ES", "+34612"),
        ("pt", "PT", "+351912"),
        ("pt", "BR", "+5511987"),
    ],
)
@given(rest=st.integers(2_000_000, 9_999_999))
def test_a_number_survives_being_said(language: str, country: str, prefix: str, rest: int) -> None:
    length = {"US": 12, "GB": 13, "FR": 12, "BE": 12, "ES": 12, "PT": 13, "BR": 14}[country]
    number = f"{prefix}{rest}"[:length]
    found = phone.digits(Heard.of(spoken.phone(number, country, language), language), True)
    assert found
    assert phone.normal(found.value, country) == number
