"""Spanish numbers, money, lengths, telephone numbers and postcodes, as callers say them and Whisper writes them."""

from typing import Any

import pytest

from callcenter.dialogue.slots import phone
from callcenter.dialogue.slots.heard import Heard
from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("treinta y dos mil", 32_000),
        ("treinta y dos mil euros", 32_000),
        ("veintiún mil euros", 21_000),
        ("cincuenta mil", 50_000),
        ("50.000 euros", 50_000),
        ("50.000,00 €", 50_000),
        ("50 mil", 50_000),
        ("50 000 €", 50_000),
        ("mil quinientos euros", 1_500),
        ("1.500€", 1_500),
        ("unos veinte mil", 20_000),
        ("unos mil euros", 1_000),
        ("ciento veinte euros", 120),
        ("cien mil", 100_000),
        ("un millón y medio", 1_500_000),
        ("millón y medio", 1_500_000),
        ("dos millones y medio de euros", 2_500_000),
        ("1,5 millones", 1_500_000),
        ("uno coma cinco millones", 1_500_000),
        ("medio millón", 500_000),
        ("medio millón de euros", 500_000),
        ("un cuarto de millón", 250_000),
        ("un par de miles de euros", 2_000),
        ("un millar de euros", 1_000),
        ("una veintena de miles", 20_000),
        ("mil millones", 1_000_000_000),
        ("doce con cincuenta", 12.5),
        ("doce euros con cincuenta", 12.5),
        ("12,50 €", 12.5),
        ("doce euros y cincuenta céntimos", 12.5),
        ("entre 20 y 30 mil", [20_000, 30_000]),
        ("entre veinte y treinta mil euros", [20_000, 30_000]),
        ("Entre 20.000 y 30.000 euros.", [20_000, 30_000]),
        ("de veinte a treinta mil", [20_000, 30_000]),
        ("20 o 30 mil", [20_000, 30_000]),
        ("cincuenta, sesenta mil", [50_000, 60_000]),
        ("doscientos cincuenta mil pesos", 250_000),
        ("tengo una casa y cuarenta mil euros", 40_000),
        ("treinta mil euros en diez años", 30_000),
        ("cincuenta", 50),
    ],
)
def test_money(text: str, value: Any) -> None:
    assert read("money", text, "es", "ES") == value


@pytest.mark.parametrize(
    "text", ["", "diez años", "tengo 45 años", "a las 10:30", "veinte por ciento", "20 %", "en 2031", "un momento",
             "no mucho", "la mitad", "3 hijos", "cientos de miles", "un segundo"],
)  # fmt: skip
def test_what_is_no_money(text: str) -> None:
    assert read("money", text, "es", "ES") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("noventa y siete", 97),
        ("veintiuno", 21),
        ("veintidós", 22),
        ("dieciséis", 16),
        ("dos coma cinco", 2.5),
        ("3,14", 3.14),
        ("somos cuatro", 4),
        ("una", 1),
        ("una casa de tres plantas", 3),
        ("dos y medio", 2.5),
        ("una docena", 12),
        ("menos cinco", -5),
        ("al menos tres", 3),
        ("ninguno", 0),
        ("cero", 0),
        ("mil doscientos tres", 1_203),
        ("quinientas", 500),
        ("1.250", 1_250),
    ],
)
def test_numbers(text: str, value: Any) -> None:
    assert read("number", text, "es", "ES") == value


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("diez años", 10),
        ("entre diez y quince años", 12.5),
        ("de diez a quince años", 12.5),
        ("dieciocho meses", 1.5),
        ("un año y medio", 1.5),
        ("un año", 1),
        ("un año y seis meses", 1.5),
        ("seis meses o un año", 0.75),
        ("menos de un año", 0.99),
        ("más de tres años", 3.01),
        ("una decena de años", 10),
        ("un par de años", 2),
        ("unos años", 3),
        ("varios años", 5),
        ("uno o dos años", 1.5),
        ("quince días", 0.041),
        ("una quincena", 0.042),
        ("tres semanas", 0.058),
        ("medio año", 0.5),
        ("una década", 10),
        ("diez", 10),
        ("unos cinco, creo", 5),
        ("el año que viene", 1),
    ],
)
def test_lengths(text: str, years: float) -> None:
    assert read("years", text, "es", "ES") == pytest.approx(years, abs=0.001)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tengo 45 años",
        "desde hace diez años",
        "hace tres años",
        "un día de estos",
        "cincuenta mil euros",
        "a las 10:30",
    ],
)
def test_what_is_no_length(text: str) -> None:
    assert read("years", text, "es", "ES") is None


@pytest.mark.parametrize(
    "text",
    [
        "612 34 56 78",
        "612 345 678",
        "612345678",
        "612-345-678.",
        "612.345.678",
        "seis uno dos, tres cuatro cinco, seis siete ocho",
        "seis uno dos tres cuatro cinco seis siete ocho",
        "seiscientos doce, trescientos cuarenta y cinco, seiscientos setenta y ocho",
        "seis doce, treinta y cuatro, cincuenta y seis, setenta y ocho",
        "Es el seis doce treinta y cuatro cincuenta y seis setenta y ocho.",
        "seiscientos doce, treinta y cuatro, cincuenta y seis, setenta y ocho",
        "más treinta y cuatro, seis doce, treinta y cuatro, cincuenta y seis, setenta y ocho",
        "+34 612 345 678",
        "cero cero treinta y cuatro 612 34 56 78",
        "tengo un móvil, el seis doce treinta y cuatro 56 78",
    ],
)
def test_one_telephone_number_in_many_forms(text: str) -> None:
    assert read("phone", text, "es", "ES") == "+34612345678"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("noventa y uno, doscientos treinta y cuatro, cincuenta y seis, setenta y ocho", "+34912345678"),
        ("nueve uno, doble seis, doble cero, once dos", "+34916600112"),
        ("seis, dos veces el seis, dos ceros, once, veintidós", "+34666001122"),
        ("noventa y tres, veintiuno, veintidós, treinta y uno, cinco", "+34932122315"),
    ],
)
def test_telephone_numbers(text: str, number: str) -> None:
    assert read("phone", text, "es", "ES") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tengo 50.000 euros, llámeme al 612 345 678 mañana a las 3", "612345678"),
        ("seis doce treinta y cuatro cincuenta y seis setenta y ocho", "612345678"),
        ("300 000 000 euros", None),
        ("300.000.000", None),
        ("mil millones", None),
        ("28013 Madrid", None),
    ],
)
def test_unasked_only_a_long_run_is_a_telephone_number(text: str, number: str | None) -> None:
    found = phone.digits(Heard.of(text, "es"), False)
    assert (found.value if found else None) == number


@pytest.mark.parametrize(
    "text", ["este mismo número", "este número", "A este mismo.", "al mismo número", "el número desde el que llamo",
             "este", "desde el que le estoy llamando", "ya lo tiene", "Sí, este mismo."],
)  # fmt: skip
def test_the_callers_own(text: str) -> None:
    assert read("own", text, "es", "ES")


@pytest.mark.parametrize(
    "text", ["mi número está mal", "seis doce", "por qué mi número", "no", "otro número", "este lunes"]
)
def test_not_the_callers_own(text: str) -> None:
    assert not read("own", text, "es", "ES")


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("28013", "ES", "28013"),
        ("28 013", "ES", "28013"),
        ("veintiocho mil trece", "ES", "28013"),
        ("veintiocho cero trece", "ES", "28013"),
        ("dos ocho cero uno tres", "ES", "28013"),
        ("cero ocho cero cero uno", "ES", "08001"),
        ("cero ocho mil uno", "ES", "08001"),
        ("cero ocho, doble cero, uno", "ES", "08001"),
        ("cuarenta y seis mil, Valencia", "ES", "46000"),
        ("calle Mayor 12, 28013 Madrid", "ES", "28013"),
        ("99013", "ES", None),
        ("123", "ES", None),
        ("612345678", "ES", None),
        ("cero seis mil setecientos", "MX", "06700"),
    ],
)
def test_postcodes(text: str, country: str, code: str | None) -> None:
    assert read("postcode", text, "es", country) == code
