"""How callers take back what they have just said, in English and, further down, in the other languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import correction


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Fifty thousand. No, sorry, sixty thousand.", ["Fifty thousand. ", " sixty thousand."]),
        ("Five years. Actually, make it ten years.", ["Five years. ", " ten years."]),
        ("Sixty thousand.", ["Sixty thousand."]),
        ("Sorry?", []),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert correction.pieces(text) == pieces
    assert correction.is_in(text) is (pieces != [text])


@pytest.mark.parametrize(
    ("text", "is_open", "begun"),
    [
        ("Fifty thousand, no, sorry", True, False),
        ("Fifty thousand, no, sorry...", True, False),
        ("Fifty thousand. I mean", True, False),
        ("Actually, make it", True, False),
        ("Fifty thousand, no", False, True),
        ("Fifty thousand, no.", False, True),
        ("Fifty thousand, wait", False, True),
        ("No.", False, False),
        ("Fifty thousand, no, sorry, sixty", False, False),
        ("Sixty thousand.", False, False),
        ("", False, False),
    ],
)
def test_the_end(text: str, is_open: bool, begun: bool) -> None:
    assert (correction.is_open(text), correction.is_begun(text)) == (is_open, begun)


@pytest.mark.parametrize(
    ("language", "text", "pieces"),
    [
        ("en", "Fifty no wait sixty", ["Fifty ", " sixty"]),
        ("en", "I meant sixty.", [" sixty."]),
        ("en", "The corrections are fine", ["The corrections are fine"]),
        ("fr", "Cinquante mille. Non, pardon, soixante mille.", ["Cinquante mille. ", " soixante mille."]),
        ("fr", "Lundi, je veux dire mardi.", ["Lundi, ", " mardi."]),
        ("fr", "lundi euh non mardi", ["lundi ", " mardi"]),
        ("fr", "Lundi. Enfin non, mardi.", ["Lundi. ", " mardi."]),
        ("fr", "Lundi, plutôt mardi.", ["Lundi, ", " mardi."]),
        ("fr", "lundi ou plutot mardi", ["lundi ", " mardi"]),
        ("fr", "Lundi, enfin mardi.", ["Lundi, ", " mardi."]),
        ("fr", "Non, c'est le soixante-quinze.", [" le soixante-quinze."]),
        ("fr", "Je me suis trompé, c'est mardi", [" c'est mardi"]),
        ("fr", "Plutôt le matin.", ["Plutôt le matin."]),
        ("fr", "Le gaz plutôt que le fioul", ["Le gaz plutôt que le fioul"]),
        ("fr", "Pas le matin non plus, merci", ["Pas le matin non plus, merci"]),
        ("fr", "Mais enfin, le lundi", ["Mais enfin, le lundi"]),
        ("fr", "Pardon ?", ["Pardon ?"]),
        ("es", "Cincuenta mil. No, perdón, sesenta mil.", ["Cincuenta mil. ", " sesenta mil."]),
        ("es", "El lunes, digo, el martes.", ["El lunes, ", " el martes."]),
        ("es", "el lunes no perdon el martes", ["el lunes ", " el martes"]),
        ("es", "El lunes, mejor dicho, el martes.", ["El lunes, ", " el martes."]),
        ("es", "El lunes, quiero decir el martes", ["El lunes, ", " el martes"]),
        ("es", "Me he equivocado, es el martes", [" es el martes"]),
        ("es", "No, es el martes.", [" el martes."]),
        ("es", "No es el lunes", ["No es el lunes"]),
        ("es", "Ya le digo que el lunes", ["Ya le digo que el lunes"]),
        ("es", "Digo yo que el lunes", ["Digo yo que el lunes"]),
        ("es", "¿Qué quiere decir?", ["¿Qué quiere decir?"]),
        ("es", "No quiero decirlo", ["No quiero decirlo"]),
        ("es", "Claro que no, gracias", ["Claro que no, gracias"]),
        ("pt", "Cinquenta mil. Não, desculpe, sessenta mil.", ["Cinquenta mil. ", " sessenta mil."]),
        ("pt", "Segunda, aliás, terça.", ["Segunda, ", " terça."]),
        ("pt", "segunda nao desculpe terça", ["segunda ", " terça"]),
        ("pt", "Segunda, quer dizer, terça.", ["Segunda, ", " terça."]),
        ("pt", "Segunda, ou melhor, terça-feira", ["Segunda, ", " terça-feira"]),
        ("pt", "Enganei-me, é na terça", [" é na terça"]),
        ("pt", "Segunda, afinal terça.", ["Segunda, ", " terça."]),
        ("pt", "Afinal quero terça.", ["Afinal quero terça."]),
        ("pt", "O que quer dizer com isso?", ["O que quer dizer com isso?"]),
        ("pt", "Não é na segunda", ["Não é na segunda"]),
        ("pt", "Pois não, diga", ["Pois não, diga"]),
        ("pt", "Não quero dizer", ["Não quero dizer"]),
    ],
)
def test_pieces_in_other_languages(language: str, text: str, pieces: list[str]) -> None:
    assert correction.pieces(text, language) == pieces
    assert correction.is_in(text, language) is (pieces != [text])


@pytest.mark.parametrize(
    ("language", "text", "is_open", "begun"),
    [
        ("en", "Fifty thousand, no?", False, False),
        ("fr", "Cinquante mille, non, pardon", True, False),
        ("fr", "Cinquante mille, je veux dire...", True, False),
        ("fr", "Lundi, enfin", True, False),
        ("fr", "Enfin", False, False),
        ("fr", "Le matin, plutôt.", False, False),
        ("fr", "C'est le fioul, en fait", False, False),
        ("fr", "Lundi, non", False, True),
        ("fr", "Lundi, non ?", False, False),
        ("fr", "Lundi, attendez", False, True),
        ("fr", "Oui, plutôt", False, False),
        ("fr", "Bien sûr que non", False, False),
        ("fr", "Pardon ?", False, False),
        ("fr", "Non.", False, False),
        ("es", "El lunes, no, perdón", True, False),
        ("es", "El lunes, mejor dicho", True, False),
        ("es", "Por la tarde, más bien.", False, False),
        ("es", "El lunes, no", False, True),
        ("es", "El lunes, ¿no?", False, False),
        ("es", "El lunes, espere", False, True),
        ("es", "Creo que no", False, False),
        ("es", "No.", False, False),
        ("pt", "Segunda, não, desculpe", True, False),
        ("pt", "Segunda, aliás", True, False),
        ("pt", "É na terça, afinal", False, False),
        ("pt", "Segunda, não", False, True),
        ("pt", "Segunda, não?", False, False),
        ("pt", "Segunda, espere", False, True),
        ("pt", "Acho que não", False, False),
        ("pt", "Pois não", False, False),
    ],
)
def test_the_end_in_other_languages(language: str, text: str, is_open: bool, begun: bool) -> None:
    assert (correction.is_open(text, language), correction.is_begun(text, language)) == (is_open, begun)


@given(st.text(), st.sampled_from(["en", "fr", "es", "pt"]))
def test_pieces_are_parts_in_their_order(text: str, language: str) -> None:
    place = 0
    for piece in correction.pieces(text, language):
        place = text.index(piece, place) + len(piece)
    correction.is_open(text, language)
    correction.is_begun(text, language)
