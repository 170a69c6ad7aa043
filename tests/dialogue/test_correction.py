"""How callers take back what they have just said."""

import pytest

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
