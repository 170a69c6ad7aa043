"""French numbers, money, lengths, telephone numbers and postcodes, as callers say them and Whisper writes them."""

from typing import Any

import pytest

from callcenter.dialogue.slots import phone
from callcenter.dialogue.slots.heard import Heard
from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cinquante mille euros", 50_000),
        ("50 000 euros", 50_000),
        ("50.000 €", 50_000),
        ("50 000 €", 50_000),
        ("50\u202f000\u00a0€", 50_000),
        ("50 000,00 €", 50_000),
        ("50,000.00", 50_000),
        ("1 500 €", 1_500),
        ("environ mille cinq cents euros", 1_500),
        ("à peu près 15 000 euros, je dirais", 15_000),
        ("50k€", 50_000),
        ("50 k", 50_000),
        ("50 mille", 50_000),
        ("deux cent cinquante mille", 250_000),
        ("quatre-vingt-dix-sept euros", 97),
        ("septante mille francs", 70_000),
        ("nonante euros", 90),
        ("une vingtaine de mille", 20_000),
        ("une vingtaine de milliers d'euros", 20_000),
        ("une trentaine de mille euros", 30_000),
        ("une centaine d'euros", 100),
        ("quelques milliers d'euros", 3_000),
        ("un millier d'euros", 1_000),
        ("un demi-million", 500_000),
        ("un million et demi", 1_500_000),
        ("deux millions et demi d'euros", 2_500_000),
        ("1,5 million d'euros", 1_500_000),
        ("un virgule cinq million", 1_500_000),
        ("un quart de million", 250_000),
        ("trois quarts d'un million", 750_000),
        ("2 millions d'euros", 2_000_000),
        ("douze euros cinquante", 12.5),
        ("12,50 €", 12.5),
        ("trente mille euros vingt ans", 30_000),
        ("trente mille euros quarante mille euros", 40_000),
        ("12 € 50", 12.5),
        ("12 euros et 50 centimes", 12.5),
        ("entre vingt et trente mille", [20_000, 30_000]),
        ("entre 20 et 30 000 euros", [20_000, 30_000]),
        ("Entre 20 000 et 30 000 €.", [20_000, 30_000]),
        ("de 20 à 30 000 euros", [20_000, 30_000]),
        ("vingt à trente mille euros", [20_000, 30_000]),
        ("20-30k", [20_000, 30_000]),
        ("cinquante ou soixante mille", [50_000, 60_000]),
        ("cinquante, soixante mille euros", [50_000, 60_000]),
        ("entre deux et trois cent mille", [200_000, 300_000]),
        ("j'ai une maison, et 40 000 euros de côté", 40_000),
        ("un budget de trente mille euros sur dix ans", 30_000),
        ("cinquante", 50),
    ],
)
def test_money(text: str, value: Any) -> None:
    assert read("money", text, "fr", "FR") == value


@pytest.mark.parametrize(
    "text", ["", "dix ans", "j'ai 45 ans", "à 10h30", "à dix heures", "vingt pour cent", "20 %", "en 2031", "un projet",
             "pas grand-chose", "une maison", "120 m²", "3 enfants", "la moitié"],
)  # fmt: skip
def test_what_is_no_money(text: str) -> None:
    assert read("money", text, "fr", "FR") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quatre-vingt-dix-sept", 97),
        ("quatre-vingts", 80),
        ("soixante et onze", 71),
        ("soixante-quinze", 75),
        ("nonante-deux", 92),
        ("huitante", 80),
        ("deux virgule cinq", 2.5),
        ("3,14", 3.14),
        ("120 mètres carrés", 120),
        ("cent vingt mètres carrés", 120),
        ("on est quatre", 4),
        ("j'en ai une", 1),
        ("une maison de trois étages", 3),
        ("deux et demi", 2.5),
        ("une douzaine", 12),
        ("moins cinq", -5),
        ("au moins trois", 3),
        ("aucune", 0),
        ("zéro", 0),
        ("mille deux cent trois", 1_203),
        ("j'ai dit 1 250", 1_250),
    ],
)
def test_numbers(text: str, value: Any) -> None:
    assert read("number", text, "fr", "FR") == value


@pytest.mark.parametrize("text", ["", "un instant", "une petite seconde", "à 15h30", "le deuxième", "pas encore"])
def test_what_is_no_number(text: str) -> None:
    assert read("number", text, "fr", "FR") is None


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("dix ans", 10),
        ("entre dix et quinze ans", 12.5),
        ("dix à quinze ans", 12.5),
        ("dix-huit mois", 1.5),
        ("un an et demi", 1.5),
        ("un an", 1),
        ("un an et six mois", 1.5),
        ("six mois à un an", 0.75),
        ("moins d'un an", 0.99),
        ("plus de trois ans", 3.01),
        ("une dizaine d'années", 10),
        ("une vingtaine d'années peut-être", 20),
        ("quelques années", 3),
        ("plusieurs années", 5),
        ("un ou deux ans", 1.5),
        ("quinze jours", 0.041),
        ("une quinzaine de jours", 0.041),
        ("une quinzaine", 0.042),
        ("trois semaines", 0.058),
        ("un mois", 0.083),
        ("une décennie", 10),
        ("dix", 10),
        ("une dizaine, je pense", 10),
        ("l'année prochaine", 1),
    ],
)
def test_lengths(text: str, years: float) -> None:
    assert read("years", text, "fr", "FR") == pytest.approx(years, abs=0.001)


@pytest.mark.parametrize(
    "text",
    ["", "j'ai 45 ans", "depuis dix ans", "il y a trois ans", "un jour peut-être", "cinquante mille euros", "à 10h30"],
)
def test_what_is_no_length(text: str) -> None:
    assert read("years", text, "fr", "FR") is None


@pytest.mark.parametrize(
    "text",
    [
        "06 12 34 56 78",
        "06.12.34.56.78.",
        "0612345678",
        "06-12-34-56-78",
        "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit",
        "zéro six douze trente-quatre cinquante-six soixante-dix-huit",
        "C'est le zéro six, douze, trente-quatre, cinquante-six, septante-huit.",
        "Zéro six. Douze. Trente-quatre. Cinquante-six. Soixante-dix-huit.",
        "06, 12, 34, 56, 78, merci",
        "plus trente-trois six douze trente-quatre cinquante-six soixante-dix-huit",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "zéro zéro trente-trois, six, douze, trente-quatre, cinquante-six, soixante-dix-huit",
        "zéro six un deux trois quatre cinq six sept huit",
        "j'ai un numéro, c'est le zéro six douze trente-quatre 56 78",
        "zéro six tiret douze tiret 34 tiret 56 tiret 78",
    ],
)
def test_one_telephone_number_in_many_forms(text: str) -> None:
    assert read("phone", text, "fr", "FR") == "+33612345678"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("zéro un, double six, double zéro, onze, vingt-deux", "+33166001122"),
        ("zéro un, deux fois le six, deux fois zéro, onze, vingt-deux", "+33166001122"),
        ("zéro un, soixante-six, deux zéros, onze, vingt-deux", "+33166001122"),
        ("zéro deux, quatre-vingt-dix-sept, quatre-vingts, soixante et onze, nonante-neuf", "+33297807199"),
        ("zéro sept quatre-vingt-un zéro deux zéro trois quatre-vingt-dix", "+33781020390"),
    ],
)
def test_telephone_numbers(text: str, number: str) -> None:
    assert read("phone", text, "fr", "FR") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("j'ai 50 000 euros, rappelez-moi au 06 12 34 56 78 demain à 15 heures", "0612345678"),
        ("zéro six douze trente-quatre cinquante-six soixante-dix-huit", "0612345678"),
        ("1 500 000 000 euros", None),
        ("un milliard cinq cents millions", None),
        ("75011 Paris", None),
        ("06 12 34", None),
    ],
)
def test_unasked_only_a_long_run_is_a_telephone_number(text: str, number: str | None) -> None:
    found = phone.digits(Heard.of(text, "fr"), False)
    assert (found.value if found else None) == number


@pytest.mark.parametrize(
    "text", ["ce numéro", "Sur ce numéro, oui.", "le même numéro", "celui-ci", "Ce numéro-là.",
             "le numéro qui s'affiche", "le numéro d'où j'appelle", "rappelez-moi à ce numéro", "sur celui-ci",
             "celui avec lequel je vous appelle", "vous l'avez", "le même"],
)  # fmt: skip
def test_the_callers_own(text: str) -> None:
    assert read("own", text, "fr", "FR")


@pytest.mark.parametrize(
    "text",
    ["mon numéro est faux", "zéro six douze", "pourquoi mon numéro", "non", "un autre numéro", "c'est la même chose"],
)
def test_not_the_callers_own(text: str) -> None:
    assert not read("own", text, "fr", "FR")


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("75011", "FR", "75011"),
        ("75 011", "FR", "75011"),
        ("soixante-quinze mille onze", "FR", "75011"),
        ("soixante-quinze zéro onze", "FR", "75011"),
        ("soixante-quinze, zéro, onze", "FR", "75011"),
        ("sept cinq zéro un un", "FR", "75011"),
        ("zéro six mille", "FR", "06000"),
        ("Zéro six mille, Nice.", "FR", "06000"),
        ("zéro un mille", "FR", "01000"),
        ("zéro six cent", "FR", "06100"),
        ("zéro six deux cents", "FR", "06200"),
        ("soixante-quinze mille zéro onze", "FR", "75011"),
        ("F-75011", "FR", "75011"),
        ("treize mille", "FR", "13000"),
        ("soixante-neuf mille trois", "FR", "69003"),
        ("quarante-quatre, trois fois le zéro", "FR", "44000"),
        ("trente-cinq double zéro zéro", "FR", "35000"),
        ("j'habite au 12, 75011 Paris", "FR", "75011"),
        ("c'est le 3 rue Pasteur, 59 000 Lille", "FR", "59000"),
        ("mille cinquante", "BE", "1050"),
        ("dix cinquante", "BE", "1050"),
        ("douze cent un", "CH", "1201"),
        ("mille deux cent un Genève", "CH", "1201"),
        ("99000", "FR", None),
        ("123", "FR", None),
        ("0612345678", "FR", None),
        ("75011", "XX", None),
    ],
)
def test_postcodes(text: str, country: str, code: str | None) -> None:
    assert read("postcode", text, "fr", country) == code
