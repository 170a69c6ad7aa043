"""Number words as digits, and the way back to the caller's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.vocabulary import numbers
from callcenter.errors import FileError

LANGUAGES = ["en", "es", "fr", "pt"]


@pytest.mark.parametrize(
    ("language", "original", "text"),
    [
        ("en", "Half a million, or sixty thousands?", "half a 1000000, or 60000?"),
        ("en", "Between one thousand and two thousand.", "between 1000 and 2000."),
        ("en", "between one hundred and two hundred thousand", "between 100 and 200000"),
        ("en", "between fifty thousand and one hundred and seventy-two thousand", "between 50000 and 172000"),
        ("en", "60 ,000", "60,000"),
        ("en", "I don't have one.", "i don't have 1."),
        ("fr", "J’ai quatre-vingt-dix-sept ans", "j'ai 97 ans"),
        ("fr", "moins d'un an", "moins d'1 an"),
        ("fr", "aujourd'hui, quelqu'un", "aujourd'hui, quelqu'un"),
        ("fr", "un virgule cinq million", "1,5 million"),
        ("fr", "une vingtaine de mille", "20 de 1000"),
        ("fr", "une quinzaine", "1 quinzaine"),
        ("fr", "une quinzaine de jours", "15 de jours"),
        ("fr", "deux douzaines", "24"),
        ("fr", "une demi-douzaine", "6"),
        ("fr", "50\u202f000 €", "50\u00a0000 €"),
        ("fr", "06 123 456", "06 123\u00a0456"),
        ("fr", "entre mille et deux mille", "entre 1000 et 2000"),
        ("es", "veintiún mil", "21000"),
        ("es", "unos mil euros", "unos 1000 euros"),
        ("es", "un segundo, las tres y cuarto", "1 segundo, las 3 y cuarto"),
        ("es", "doce centavos", "12 centavos"),
        ("es", "entre mil quinientos y dos mil", "entre 1500 y 2000"),
        ("pt", "segunda-feira às três", "segunda-feira às 3"),
        ("pt", "cento vinte mil", "120000"),
        ("pt", "entre vinte e cinco e trinta mil", "entre 25 e 30000"),
        ("pt", "entre mil e trinta e dois mil", "entre 1000 e 32000"),
        ("pt", "entre vinte e cinco mil", "entre 25000"),
        ("pt", "entre cinco mil e quinhentos e seis mil", "entre 5500 e 6000"),
        ("pt", "entre quarenta e cinco mil e cento e oitenta mil", "entre 45000 e 180000"),
        ("pt", "entre mil e quinhentos e dois mil", "entre 1500 e 2000"),
    ],
)
def test_the_text(language: str, original: str, text: str) -> None:
    assert Heard.of(original, language).text == text


def test_the_way_back() -> None:
    heard = Heard.of("Alors, une vingtaine de mille euros.", "fr")
    start = heard.text.index("20")
    assert heard.words(Found(value=None, start=start, end=start + 2)) == "une vingtaine"
    rest = heard.without(Found(value=None, start=start, end=heard.text.index(".")))
    assert rest.unread == "Alors , ."
    assert rest.language == "fr"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_words(language: str) -> None:
    assert numbers(language).amounts.units["1000000"] == 1e6
    assert numbers(language) is numbers(language)


def test_a_language_without_words_is_an_error() -> None:
    with pytest.raises(FileError, match=r"numbers\.yaml"):
        Heard.of("eins", "xx")


@given(st.text(), st.sampled_from(LANGUAGES))
def test_nothing_raises(original: str, language: str) -> None:
    Heard.of(original, language)


_PIECES = "un une de d' demi - vingtaine douzaines deux mil e y and between entre 50 000 ,"


@given(st.lists(st.sampled_from(_PIECES.split())))
def test_no_mixture_raises_or_loses_words(pieces: list[str]) -> None:
    for language in LANGUAGES:
        heard = Heard.of(" ".join(pieces), language)
        assert heard.unread.replace(" ", "") == heard.original.replace(" ", "")
