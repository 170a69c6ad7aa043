"""Lists of words as regular expressions, and letters without their accents."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import spelling


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["plutôt"], "Lundi, PLUTÔT mardi", "PLUTÔT"),
        (["plutôt"], "lundi plutot mardi", "plutot"),
        (["é"], "João e Maria", None),
        (["é"], "É a Maria", "É"),
        (["chamo me"], "Chamo-me Ana", "Chamo-me"),
        (["non, pardon"], "non pardon", "non pardon"),
        (["non, pardon"], "Non, pardon.", "Non, pardon"),
        (["non pardon"], "Non, pardon.", None),
        (["i'm"], "I’m here", "I’m"),
        (["no"], "nothing", None),
        (["no", "no se"], "no se", "no"),
        (["."], "a", None),
        ([], "anything", None),
    ],
)
def test_pattern(words: list[str], text: str, found: str | None) -> None:
    match = re.search(spelling.pattern(words), text, re.IGNORECASE)
    assert (match[0] if match else None) == found


@pytest.mark.parametrize(
    ("text", "plain"), [("Não, perdón", "Nao, perdon"), ("L’été", "L'ete"), ("œuf", "œuf"), ("", "")]
)
def test_plain(text: str, plain: str) -> None:
    assert spelling.plain(text) == plain


@given(st.text())
def test_plain_keeps_every_letter_in_its_place(text: str) -> None:
    assert len(spelling.plain(text)) == len(text)
