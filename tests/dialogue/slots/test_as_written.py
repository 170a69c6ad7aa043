"""Telephone numbers and postcodes in the groups and with the signs that Whisper writes them with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import phone, postcode
from callcenter.dialogue.slots.heard import Heard
from tests.dialogue.slots.readings import read


@pytest.mark.parametrize(
    "text",
    [
        "06 12 34 56 78",
        "06, 12, 34, 56, 78.",
        "06. 12. 34. 56. 78.",
        "06; 12; 34; 56; 78",
        "06:12:34:56:78",
        "06, 12. 34, 56. 78",
        "06 12 34 56 et 78",
        "06 12 34 56 puis 78",
        "06 12 34, la 56 78.",
        "06 12 34 là 56 78.",
        "612 345 678",
        "6 12 34 56 78",
        "0 6 12 34 56 78",
        "0 612 345 678",
        "Au 06, 12, 34, 56, 78.",
        "C'est le06 12 34 56 78",
        "numéro0612345678",
        "06 12 34 56 78 78.",
        "06 12 34 56 78 8.",
        "06 12 34 56 soixante-dix-huit",
        "33 6 12 34 56 78",
    ],
)
def test_a_french_number(text: str) -> None:
    assert read("phone", text, "fr", "FR") == "+33612345678"


@pytest.mark.parametrize(
    ("text", "language", "country", "expected"),
    [
        ("06 30 40 50 60 et un.", "fr", "FR", "+33630405061"),
        ("06 30 40 50 60 et 11.", "fr", "FR", "+33630405071"),
        ("06 30 40 50 60 et 2", "fr", "FR", None),
        ("0, 42, 33, 52, 11.", "fr", "FR", None),  # a figure is missing: no number there begins with 04 after the 0
        ("9-1-1-22-33-44.", "es", "ES", "+34911223344"),
        ("seis uno dos, tres cuatro o cinco, seis siete ocho.", "es", "ES", "+34612345678"),
        ("Seis dos dos, treinta, cuarenta, cinquenta.", "es", "ES", "+34622304050"),
        ("612, 345 y 678", "es", "ES", "+34612345678"),
        ("6 55, 40 y 4, 33, 22", "es", "ES", "+34655443322"),
        ("el655443322", "es", "ES", "+34655443322"),
        ("Tres tres tres 40 50 60.", "es", "ES", None),  # said: seis tres tres; no number there begins with 3
        ("961 234 567.", "pt", "PT", "+351961234567"),
        ("912, 345 e 678", "pt", "PT", "+351912345678"),
        ("2. 1. 2. 3. 4. 5. 6. 7. 9.", "pt", "PT", "+351212345679"),
        ("961 2 3 4 5 6 7", "pt", "PT", "+351961234567"),
        ("é o912345678", "pt", "PT", "+351912345678"),
        ("91 234 50 e 6 78", "pt", "PT", "+351912345678"),
        ("07700, 900 and 123", "en", "GB", "+447700900123"),
        ("it's07700900123", "en", "GB", "+447700900123"),
        ("07700 900 123 123", "en", "GB", "+447700900123"),
    ],
)
def test_a_number_elsewhere(text: str, language: str, country: str, expected: str | None) -> None:
    assert read("phone", text, language, country) == expected


@pytest.mark.parametrize("text", ["Mon numéro est le 06 12 34 56 et 78", "le 06, 12, 34, 56 et 78, merci"])
def test_a_number_with_a_link_that_was_not_asked_for(text: str) -> None:
    found = phone.digits(Heard.of(text, "fr"), False)
    assert found
    assert phone.normal(found.value, "FR") == "+33612345678"


def test_too_many_figures_that_repeat_nothing_are_no_number() -> None:
    assert phone.normal("06123456789", "FR") is None
    assert phone.normal("3500034000", "FR") is None


@pytest.mark.parametrize(
    ("text", "language", "country", "expected"),
    [
        ("33 000.", "fr", "FR", "33000"),
        ("33.000", "fr", "FR", "33000"),
        ("44,000.", "fr", "FR", "44000"),
        ("69.003", "fr", "FR", "69003"),
        ("69 003", "fr", "FR", "69003"),
        ("Le 33 mille.", "fr", "FR", "33000"),
        ("33mille", "fr", "FR", "33000"),
        ("trente-trois mille", "fr", "FR", "33000"),
        ("soixante-neuf mille trois", "fr", "FR", "69003"),
        ("69 mille 3", "fr", "FR", "69003"),
        ("69 mille 003", "fr", "FR", "69003"),
        ("75 mille 11", "fr", "FR", "75011"),
        ("92 mille 200", "fr", "FR", "92200"),
        ("33 mille cinq cents", "fr", "FR", "33500"),
        ("69000 3", "fr", "FR", "69003"),
        ("69 000 3", "fr", "FR", "69003"),
        ("75.00011.", "fr", "FR", "75011"),
        ("75 000 11", "fr", "FR", "75011"),
        ("690003", "fr", "FR", "69003"),
        ("69.3", "fr", "FR", "69003"),
        ("69.03.", "fr", "FR", "69003"),
        ("75,11", "fr", "FR", "75011"),
        ("D'accord. Mon code postal est le 79.3.", "fr", "FR", "79003"),
        ("code postal33000", "fr", "FR", "33000"),
        ("69, 0, 0, 3", "fr", "FR", "69003"),
        ("zéro six mille", "fr", "FR", "06000"),
        ("En 5 000. Non, pardon, 34 000.", "fr", "FR", "34000"),
        ("6 mille", "fr", "FR", None),
        ("5 000", "fr", "FR", None),
        ("mille milliards", "fr", "FR", None),
        ("Par exemple, 9, 0, 0, 3.", "fr", "FR", None),
        ("28.001", "es", "ES", "28001"),
        ("28 mil 1", "es", "ES", "28001"),
        ("28.1", "es", "ES", "28001"),
        ("el28001", "es", "ES", "28001"),
        ("4 mil", "pt", "PT", "4000"),
        ("1.000-001", "pt", "PT", "1000-001"),
        ("10 thousand 1", "en", "US", "10001"),
        ("90,210", "en", "US", "90210"),
        ("00100", "en", "FI", "00100"),
        ("one one zero, zero zero one", "en", "IN", "110001"),
        ("97 400", "fr", "RE", "97400"),
    ],
)
def test_a_postcode(text: str, language: str, country: str, expected: str | None) -> None:
    assert read("postcode", text, language, country) == expected


def test_the_countries_of_the_languages_are_known() -> None:
    assert {"FR", "BE", "CH", "CA", "GB", "US", "IE", "ES", "MX", "AR", "PT", "BR", "FI"} <= postcode.countries()


@given(department=st.integers(10, 95), town=st.integers(1, 99), sign=st.sampled_from([" mille ", "000 ", " 000 "]))
def test_a_department_and_a_number(department: int, town: int, sign: str) -> None:
    assert read("postcode", f"{department}{sign}{town}", "fr", "FR") == f"{department}0{town:02}"
