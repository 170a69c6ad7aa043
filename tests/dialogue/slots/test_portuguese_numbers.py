"""Portuguese numbers, money, lengths, telephone numbers and postcodes, as callers say them and Whisper writes them."""

from typing import Any

import pytest

from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mil quinhentos", 1_500),
        ("mil e quinhentos euros", 1_500),
        ("cento e vinte euros", 120),
        ("cinquenta mil euros", 50_000),
        ("50 mil euros", 50_000),
        ("50.000 €", 50_000),
        ("50 000 €", 50_000),
        ("R$ 50.000,00", 50_000),
        ("cinquenta mil reais", 50_000),
        ("uns vinte mil", 20_000),
        ("cerca de vinte e cinco mil euros", 25_000),
        ("cem mil", 100_000),
        ("cento vinte mil", 120_000),
        ("cento vinte e cinco euros", 125),
        ("dois mil vinte euros", 2_020),
        ("duzentos e cinquenta mil", 250_000),
        ("meio milhão", 500_000),
        ("meio milhão de euros", 500_000),
        ("um milhão e meio", 1_500_000),
        ("dois milhões e meio de euros", 2_500_000),
        ("1,5 milhões", 1_500_000),
        ("um vírgula cinco milhões", 1_500_000),
        ("um quarto de milhão", 250_000),
        ("um par de milhares de euros", 2_000),
        ("uma dezena de milhares", 10_000),
        ("mil milhões", 1_000_000_000),
        ("alguns milhares de euros", 3_000),
        ("doze euros e cinquenta", 12.5),
        ("12,50 €", 12.5),
        ("doze euros e cinquenta cêntimos", 12.5),
        ("entre 20 e 30 mil", [20_000, 30_000]),
        ("entre vinte e trinta mil euros", [20_000, 30_000]),
        ("Entre 20.000 e 30.000 euros.", [20_000, 30_000]),
        ("de vinte a trinta mil", [20_000, 30_000]),
        ("20 ou 30 mil", [20_000, 30_000]),
        ("cinquenta, sessenta mil", [50_000, 60_000]),
        ("vinte mil, talvez trinta mil", [20_000, 30_000]),
        ("tenho uma casa e quarenta mil euros", 40_000),
        ("trinta mil euros em dez anos", 30_000),
        ("cinquenta", 50),
    ],
)
def test_money(text: str, value: Any) -> None:
    assert read("money", text, "pt", "PT") == value


@pytest.mark.parametrize(
    "text", ["", "dez anos", "tenho 45 anos", "às 10:30", "vinte por cento", "20 %", "em 2031", "um momento",
             "não muito", "metade", "3 filhos", "segunda-feira", "um segundo"],
)  # fmt: skip
def test_what_is_no_money(text: str) -> None:
    assert read("money", text, "pt", "PT") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("noventa e sete", 97),
        ("vinte e um", 21),
        ("dezasseis", 16),
        ("dezesseis", 16),
        ("dois vírgula cinco", 2.5),
        ("3,14", 3.14),
        ("somos quatro", 4),
        ("uma", 1),
        ("uma casa de três andares", 3),
        ("dois e meio", 2.5),
        ("uma dúzia", 12),
        ("menos cinco", -5),
        ("pelo menos três", 3),
        ("nenhum", 0),
        ("zero", 0),
        ("mil duzentos e três", 1_203),
        ("quinhentas", 500),
        ("1.250", 1_250),
    ],
)
def test_numbers(text: str, value: Any) -> None:
    assert read("number", text, "pt", "PT") == value


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("dez anos", 10),
        ("entre dez e quinze anos", 12.5),
        ("de dez a quinze anos", 12.5),
        ("dezoito meses", 1.5),
        ("um ano e meio", 1.5),
        ("um ano", 1),
        ("um ano e seis meses", 1.5),
        ("seis meses a um ano", 0.75),
        ("menos de um ano", 0.99),
        ("mais de três anos", 3.01),
        ("uma dezena de anos", 10),
        ("um par de anos", 2),
        ("uns anos", 3),
        ("vários anos", 5),
        ("um ou dois anos", 1.5),
        ("quinze dias", 0.041),
        ("uma quinzena", 0.042),
        ("três semanas", 0.058),
        ("meio ano", 0.5),
        ("uma década", 10),
        ("dez", 10),
        ("uns cinco, acho eu", 5),
        ("no próximo ano", 1),
    ],
)
def test_lengths(text: str, years: float) -> None:
    assert read("years", text, "pt", "PT") == pytest.approx(years, abs=0.001)


@pytest.mark.parametrize(
    "text",
    ["", "tenho 45 anos", "há dez anos", "três anos atrás", "um dia destes", "cinquenta mil euros", "às 10:30"],
)
def test_what_is_no_length(text: str) -> None:
    assert read("years", text, "pt", "PT") is None


@pytest.mark.parametrize(
    "text",
    [
        "912 345 678",
        "91 234 56 78",
        "912345678",
        "912-345-678.",
        "912.345.678",
        "nove um dois, três quatro cinco, seis sete oito",
        "nove um dois três quatro cinco seis sete oito",
        "novecentos e doze, trezentos e quarenta e cinco, seiscentos e setenta e oito",
        "noventa e um, vinte e três, quarenta e cinco, sessenta e sete, oito",
        "noventa e um duzentos e trinta e quatro cinquenta e seis setenta e oito",
        "É o nove um dois, três quatro cinco, meia sete oito.",
        "mais trezentos e cinquenta e um, nove um dois, três quatro cinco, seis sete oito",
        "+351 912 345 678",
        "zero zero três cinco um 912 345 678",
        "tenho um telemóvel, o nove um dois três quatro cinco 678",
    ],
)
def test_one_telephone_number_in_many_forms(text: str) -> None:
    assert read("phone", text, "pt", "PT") == "+351912345678"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("vinte e um, duzentos e trinta e quatro, cinquenta e seis, setenta e oito", "+351212345678"),
        ("nove, duas vezes o seis, dois zeros, um um dois dois", "+351966001122"),
        ("noventa e seis, duplo seis, zero zero, um um dois", "+351966600112"),
    ],
)
def test_telephone_numbers(text: str, number: str) -> None:
    assert read("phone", text, "pt", "PT") == number


@pytest.mark.parametrize(
    "text", ["este mesmo número", "este número", "Para este mesmo.", "o mesmo número", "o número de que estou a ligar",
             "este", "neste número", "Sim, é este."],
)  # fmt: skip
def test_the_callers_own(text: str) -> None:
    assert read("own", text, "pt", "PT")


@pytest.mark.parametrize(
    "text", ["o meu número está errado", "nove um dois", "porquê o meu número", "não", "outro número"]
)
def test_not_the_callers_own(text: str) -> None:
    assert not read("own", text, "pt", "PT")


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("1050-123", "PT", "1050-123"),
        ("1050 123", "PT", "1050-123"),
        ("1050, traço, 123", "PT", "1050-123"),
        ("mil e cinquenta, cento e vinte e três", "PT", "1050-123"),
        ("dez cinquenta, um dois três", "PT", "1050-123"),
        ("um zero cinco zero traço um dois três", "PT", "1050-123"),
        ("mil e cinquenta traço cento e vinte e três Lisboa", "PT", "1050-123"),
        ("quatro mil, zero dez", "PT", "4000-010"),
        ("quatro mil e cem, duzentos e doze", "PT", "4100-212"),
        ("rua do Ouro 12, 1050-123 Lisboa", "PT", "1050-123"),
        ("mil e cinquenta", "PT", "1050"),
        ("12", "PT", None),
        ("912345678", "PT", None),
        ("01310-100", "BR", "01310-100"),
        ("zero um três um zero, um zero zero", "BR", "01310-100"),
    ],
)
def test_postcodes(text: str, country: str, code: str | None) -> None:
    assert read("postcode", text, "pt", country) == code
