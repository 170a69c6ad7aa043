"""Pauses inside what a caller says: "My number is [700] five five five" is silent for 700 ms between the two."""

import re
from dataclasses import dataclass

MARK = re.compile(r"\s*\[(\d+)\]\s*")
LONGEST_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words, and the milliseconds of silence after them."""

    words: str
    pause_ms: int = 0


def phrases(text: str) -> list[Phrase]:
    """`text` cut at its pauses. Raises ValueError for a mark that is none, or that has no words on both sides."""
    pieces = MARK.split(text)
    words, pauses = pieces[::2], [int(pause) for pause in pieces[1::2]]
    if any("[" in piece or "]" in piece for piece in words):
        raise ValueError("a pause is written as its milliseconds in brackets, such as [700]")
    if pauses and not all(re.search(r"\w", piece) for piece in words):
        raise ValueError("a pause is between words; for one before them there is after")
    if any(pause > LONGEST_MS for pause in pauses):
        raise ValueError(f"a pause is at most {LONGEST_MS} ms")
    return [Phrase(words=piece, pause_ms=pause) for piece, pause in zip(words, [*pauses, 0], strict=True)]


def spoken(text: str) -> str:
    """The words of `text` without the marks."""
    return MARK.sub(" ", text).strip()
