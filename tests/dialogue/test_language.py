"""The words of a language: how it sounds when somebody has not finished."""

from pathlib import Path

import pytest

from callcenter.dialogue.language import Language, load_language
from callcenter.dialogue.parts import normal
from callcenter.errors import FileError
from callcenter.yaml_file import load

ENGLISH = load_language("en").unfinished


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("I would like to invest in", "in"),
        ("I would like", "would like"),
        ("Well, um...", "um"),
        ("And", "and"),
        ("Let me see.", "let me see"),
        ("Sand", ""),
        ("Index funds.", ""),
        ("", ""),
    ],
)
def test_endings(text: str, ending: str) -> None:
    assert ENGLISH.ending(normal(text)) == ending


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("Between twenty", True),
        ("Between twenty and thirty", False),
        ("Stocks and between twenty", True),
        ("Either stocks", True),
        ("Either stocks or bonds", False),
        ("Not stocks either", False),
        ("Twenty", False),
    ],
)
def test_pairs(text: str, lacks: bool) -> None:
    assert ENGLISH.lacks_pair(normal(text)) is lacks


def test_endings_are_spelt_as_they_are_compared() -> None:
    endings = [ending for kind in ENGLISH.endings for ending in kind]
    assert [ending for ending in endings if normal(ending) != ending] == []
    assert len(endings) == len(set(endings))


def test_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "xx.yaml"
    path.write_text("unfinished:\n  endings: [[and]]\n  pares: {between: and}\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"xx.yaml:3: .*pares"):
        load(path, Language)


def test_an_unknown_language() -> None:
    with pytest.raises(FileError, match="No such file"):
        load_language("xx")
