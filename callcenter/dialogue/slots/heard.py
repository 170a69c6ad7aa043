"""What was heard, made ready for the parsers: lower case, number words as digits, and the way back to the words."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from text_to_num import find_numbers

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\s\w]|_")
_USED = "\x1f"
_LOOSE_THOUSANDS = re.compile(r"(?<=\d)\s*,\s*(?=000\b)")  # Whisper writes "50 ,000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value and where in `Heard.text` it was found."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as text2num wants it."""

    word: str

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: "_Token") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of the caller's speech. What one parser has used is blanked out, so that no other takes it."""

    text: str
    """Lower case, number words as digits, hyphens between words as spaces."""
    original: str
    _text_starts: tuple[int, ...]
    _original_ends: tuple[int, ...]
    _original_starts: tuple[int, ...]

    @classmethod
    def of(cls, original: str, language: str) -> "Heard":
        """Prepare `original`, a transcript with or without punctuation."""
        original = _LOOSE_THOUSANDS.sub(",", original)
        tokens = list(_TOKEN.finditer(original))
        words = [match[0].lower().replace("’", "'") for match in tokens]
        pieces = []
        for start, end, digits in _numbers(words, language):
            pieces.append((digits if digits else words[start], tokens[start].start(), tokens[end - 1].end()))
        text, starts, last = "", [], 0
        for piece, start, end in pieces:
            gap = original[last:start]
            text += " " if text and gap else ""
            starts.append(len(text))
            text += piece
            last = end
        return cls(text, original, tuple(starts), tuple(p[2] for p in pieces), tuple(p[1] for p in pieces))

    def words(self, found: Found) -> str:
        """The caller's own words for `found`."""
        if not self._text_starts or found.end <= found.start:
            return self.original.strip()
        first = max(bisect_right(self._text_starts, found.start) - 1, 0)
        last = max(bisect_right(self._text_starts, found.end - 1) - 1, first)
        return self.original[self._original_starts[first] : self._original_ends[last]]

    @property
    def unread(self) -> str:
        """The caller's words that no parser has used."""
        places = zip(self._text_starts, self._original_starts, self._original_ends, strict=True)
        return " ".join(self.original[start:end] for place, start, end in places if self.text[place] != _USED)

    def without(self, *spans: Found) -> "Heard":
        """The same with `spans` blanked out."""
        text = self.text
        for span in spans:
            text = text[: span.start] + _USED * (span.end - span.start) + text[span.end :]
        return Heard(text, self.original, self._text_starts, self._original_ends, self._original_starts)


def _numbers(words: list[str], language: str) -> Iterator[tuple[int, int, str]]:
    """Token ranges in order; those that are a number with its digits."""
    place = 0
    tokens = [_Token(_spoken(word)) for word in words]
    for number in find_numbers(tokens, language, 0.0) if tokens else []:
        yield from ((index, index + 1, "") for index in range(place, number.start))
        yield number.start, number.end, number.text
        place = number.end
    yield from ((index, index + 1, "") for index in range(place, len(words)))


def _spoken(word: str) -> str:
    """Plural number words lose their s: `sixty thousands`."""
    return word[:-1] if word in {"thousands", "millions", "hundreds"} else word
