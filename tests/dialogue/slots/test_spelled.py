"""Words spelled letter by letter."""

import pytest

from callcenter.dialogue.slots.spelled import Letters, Spelling

FRENCH = Letters.of(
    Spelling(
        like=("comme",),
        double=("deux",),
        begins=("ça s'écrit",),
        letters={"emme": "m", "effe": "f", "double vé": "w", "i grec": "y"},
    )
)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("D-U-P-O-N-T", "DUPONT"),
        ("D. U. P.", "DUP"),
        ("d u p", "dup"),
        ("a, deux L, o", "aLLo"),
        ("a deux emme", "amm"),
        ("emme a i grec", "may"),
        ("double vé a effe", "waf"),
        ("D comme Denis, U comme Ursule", "DU"),
        ("D comme Denis, U comme Albert", None),
        ("d comme denis", None),
        ("a b", None),
        ("a bientôt, merci", None),
        ("Dupont", None),
        ("", None),
    ],
)
def test_read(text: str, letters: str | None) -> None:
    found = FRENCH.read(text, 0)
    assert (found[0] if found else None) == letters
    if found:
        assert found[1] == len(text)


def test_where_it_begins() -> None:
    text = "Dupont, ça s'écrit : D, U, P"
    begin = FRENCH.begins(text, len("Dupont"))
    assert begin is not None
    assert FRENCH.read(text, begin) == ("DUP", len(text))
    assert FRENCH.begins(text, 0) is None
