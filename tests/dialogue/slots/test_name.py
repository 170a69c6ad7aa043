"""Names, introduced and bare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import name


def parsed(text: str, asked: bool = True) -> str | None:
    found = name.parse(text, asked)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Karen Mitchell.", "Karen Mitchell"),
        ("my name is karen mitchell", "Karen Mitchell"),
        ("My name's Karen Mitchell", "Karen Mitchell"),
        ("This is Robert Miller.", "Robert Miller"),
        ("It's Susan Baker.", "Susan Baker"),
        ("Karen Mitchell.", "Karen Mitchell"),
        ("karen mitchell", "Karen Mitchell"),
        ("KAREN MITCHELL", "Karen Mitchell"),
        ("Karen, Mitchell.", "Karen Mitchell"),
        ("Yes, Karen Mitchell.", "Karen Mitchell"),
        ("Sure. It's Karen Mitchell.", "Karen Mitchell"),
        ("Of course, my name is Susan Baker.", "Susan Baker"),
        ("That would be Robert Miller, with two Ls", "Robert Miller"),
        ("I'm Peter Collins", "Peter Collins"),
        ("call me Bob", "Bob"),
        ("Robert", "Robert"),
        ("Mary-Jane Watson", "Mary-Jane Watson"),
        ("John O'Neil", "John O'Neil"),
        ("Mr. Miller", "Miller"),
        ("K-A-R-E-N", "Karen"),
        ("K. A. R. E. N.", "Karen"),
        ("Karen, K-A-R-I-N", "Karin"),
        ("Karen Mitchell, why do you need it?", "Karen Mitchell"),
        ("No, sorry, Karen Miller", "Karen Miller"),
        ("yes", None),
        ("No.", None),
        ("I'm busy", None),
        ("why do you ask?", None),
        ("not interested", None),
        ("goodbye", None),
        ("five five five", None),
        ("the number I'm calling from", None),
        ("Could you say that again please", None),
        ("", None),
    ],
)
def test_asked(text: str, expected: str | None) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Karen Mitchell and I want stocks.", "Karen Mitchell"),
        ("I'm Karen Mitchell, and I'd like to invest.", "Karen Mitchell"),
        ("I'm calling from home", None),
        ("Karen Mitchell", None),
        ("I'm really busy", None),
        ("This is a bad time", None),
    ],
)
def test_unasked(text: str, expected: str | None) -> None:
    assert parsed(text, asked=False) == expected


@given(st.text(), st.booleans())
def test_nothing_raises(text: str, asked: bool) -> None:
    parsed(text, asked)
