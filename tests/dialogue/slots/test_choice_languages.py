"""Choices in French, Spanish and Portuguese: accents, refusals before and after the word, and `all but`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import choice
from callcenter.dialogue.slots.heard import Heard

OPTIONS: dict[str, choice.Options] = {
    "en": {"gas": ["gas", "gas boiler"], "power": ["electricity", "electric heating"], "wood": ["wood", "wood stove"]},
    "fr": {
        "gas": ["gaz", "chaudière à gaz", "gaz de ville"],
        "oil": ["fioul", "mazout", "chaudière au fioul"],
        "power": ["électricité", "électrique", "radiateurs électriques", "convecteurs"],
        "wood": ["bois", "poêle à bois", "granulés"],
        "pump": ["pompe à chaleur", "pac"],
    },
    "es": {
        "book": ["pedir cita", "pedir una cita", "reservar", "cita nueva"],
        "move": ["cambiar", "cambiar la cita", "mover"],
        "cancel": ["cancelar", "anular", "anulación"],
        "morning": ["mañana", "por la mañana"],
        "afternoon": ["tarde", "por la tarde"],
    },
    "pt": {
        "accounts": ["contabilidade", "faturação", "faturas"],
        "sales": ["vendas", "departamento comercial", "comercial"],
        "people": ["recursos humanos", "pessoal"],
        "help": ["apoio técnico", "assistência técnica", "informática"],
    },
}


def parsed(text: str, language: str, fuzzy: bool = True) -> tuple[list[str], list[str]]:
    found = choice.parse(Heard.of(text, language), OPTIONS[language], fuzzy)
    return ([*found.wanted], [*found.unwanted]) if found else ([], [])


@pytest.mark.parametrize(
    ("language", "text", "wanted", "unwanted"),
    [
        ("en", "Not the gas boiler, electricity.", ["power"], ["gas"]),
        ("en", "wood rather than gas", ["wood"], ["gas"]),
        ("fr", "Au gaz.", ["gas"], []),
        ("fr", "J'ai une chaudière au fioul.", ["oil"], []),
        ("fr", "À l'électricité.", ["power"], []),
        ("fr", "a l'electricite", ["power"], []),
        ("fr", "des radiateurs electriques", ["power"], []),
        ("fr", "une chaudiere a gaz", ["gas"], []),
        ("fr", "Un poêle à bois et des convecteurs", ["wood", "power"], []),
        ("fr", "Pas le gaz.", [], ["gas"]),
        ("fr", "Je n'ai pas le gaz, je suis au fioul", ["oil"], ["gas"]),
        ("fr", "Ce n'est pas du gaz, c'est du bois", ["wood"], ["gas"]),
        ("fr", "Pas d'électricité", [], ["power"]),
        ("fr", "Je ne suis pas à l'électricité, je suis au gaz", ["gas"], ["power"]),
        ("fr", "Le gaz plutôt que le fioul", ["gas"], ["oil"]),
        ("fr", "du bois plutôt qu'une pompe à chaleur", ["wood"], ["pump"]),
        ("fr", "Le gaz, ça ne m'intéresse pas", ["gas"], []),
        ("fr", "Le fioul non, le gaz", ["gas"], ["oil"]),
        ("fr", "le fioul surtout pas", [], ["oil"]),
        ("fr", "le fioul j'en veux plus, le gaz je n'en ai pas", ["oil"], ["gas"]),
        ("fr", "Pourquoi pas le gaz ?", ["gas"], []),
        ("fr", "Pas seulement le gaz, aussi le bois", ["gas", "wood"], []),
        ("fr", "sans gaz", [], ["gas"]),
        ("fr", "le fioule", ["oil"], []),
        ("fr", "Le temps est beau", [], []),
        ("es", "Quería pedir una cita.", ["book"], []),
        ("es", "Para anular", ["cancel"], []),
        ("es", "una anulacion", ["cancel"], []),
        ("es", "No quiero cancelar, quiero cambiar la cita", ["move"], ["cancel"]),
        ("es", "Por la mañana no, por la tarde", ["afternoon"], ["morning"]),
        ("es", "por la manana no me interesa", [], ["morning"]),
        ("es", "Por la tarde, ¿no?", ["afternoon"], []),
        ("es", "Mejor por la tarde que por la mañana", ["afternoon", "morning"], []),
        ("es", "cualquier cosa menos cancelar", [], ["cancel"]),
        ("es", "¿Por qué no por la tarde?", ["afternoon"], []),
        ("es", "No solo cancelar, también pedir cita", ["cancel", "book"], []),
        ("es", "No estoy interesado en cancelar", [], ["cancel"]),
        ("es", "cancelarla", ["cancel"], []),
        ("es", "Buenos días", [], []),
        ("pt", "Com a contabilidade, por favor.", ["accounts"], []),
        ("pt", "É para a faturação", ["accounts"], []),
        ("pt", "para a faturacao", ["accounts"], []),
        ("pt", "Com os recursos humanos", ["people"], []),
        ("pt", "Não é com as vendas, é com a contabilidade", ["accounts"], ["sales"]),
        ("pt", "Vendas não, apoio técnico", ["help"], ["sales"]),
        ("pt", "tudo menos vendas", [], ["sales"]),
        ("pt", "Não quero falar com o departamento comercial", ["sales"], []),
        ("pt", "Não quero o comercial", [], ["sales"]),
        ("pt", "Porque não as vendas?", ["sales"], []),
        ("pt", "Não só a contabilidade", ["accounts"], []),
        ("pt", "contabilidad", ["accounts"], []),
        ("pt", "assistencia tecnica", ["help"], []),
        ("pt", "Bom dia", [], []),
    ],
)
def test_choices(language: str, text: str, wanted: list[str], unwanted: list[str]) -> None:
    assert parsed(text, language) == (wanted, unwanted)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Tout sauf le gaz"),
        ("fr", "n'importe quoi sauf du fioul"),
        ("es", "todo menos cancelar"),
        ("pt", "qualquer coisa menos vendas"),
    ],
)
def test_all_but(language: str, text: str) -> None:
    found = choice.parse(Heard.of(text, language), OPTIONS[language], True)
    assert found
    assert found.all_but


@given(st.text(), st.sampled_from(sorted(OPTIONS)))
def test_nothing_raises(text: str, language: str) -> None:
    parsed(text, language)
