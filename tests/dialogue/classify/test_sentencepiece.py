"""Files that are no SentencePiece model; a real one is read in tests/real."""

from pathlib import Path

import pytest

from callcenter.dialogue.classify import sentencepiece


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is no SentencePiece model"),
        (b"\x0a\x05\x0a\x03abc", "is no SentencePiece model"),  # a piece, but no table of characters
        (b"\x0a\xff", "ends in the middle"),
        (b"\x0f", "wire type 7"),
        (b"\x15\x00\x00\x80\x3f\x11\x00\x00\x00\x00\x00\x00\x00\x00\x18\x96\x01", "is no SentencePiece model"),
        (b"\x0a\x05\x15\x00\x00\x80\x3f", "has a piece without a text"),
    ],
    ids=["empty", "no-table", "cut", "wire-type", "other-fields", "no-text"],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "sp.model"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint):
        sentencepiece.read(path)
