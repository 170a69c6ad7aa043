"""What was heard, made ready for the parsers: lower case, number words as digits, and the way back to the words."""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from callcenter.dialogue.slots import numerals
from callcenter.dialogue.slots.vocabulary import any_word, numbers

GROUPING_SPACE = "\u00a0"
"""What `Heard.text` has between the groups of a number written as `50 000`; other spaces in it are plain ones."""

_TOKEN = r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\s\w]|_"
_SPACED = r"(?<![\d.,])[1-9]\d{0,2}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?![\d.])"
_USED = "\x1f"
_LOOSE_THOUSANDS = re.compile(r"(?<=\d)\s*,\s*(?=000\b)")  # Whisper writes "50 ,000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value and where in `Heard.text` it was found."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of the original that became one word or number of the text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of the caller's speech. What one parser has used is blanked out, so that no other takes it."""

    text: str
    """Lower case, number words as digits, hyphens between words as spaces."""
    original: str
    language: str
    """ISO 639-1."""
    _text_starts: tuple[int, ...]
    _original_ends: tuple[int, ...]
    _original_starts: tuple[int, ...]

    @classmethod
    def of(cls, original: str, language: str) -> "Heard":
        """Prepare `original`, a transcript with or without punctuation.

        Raises FileError for a language that has no `numbers.yaml`.
        """
        original = _LOOSE_THOUSANDS.sub(",", original)
        pieces = _pieces(original, language)
        text, starts, last = "", [], 0
        for piece in pieces:
            text += " " if text and original[last : piece.start] else ""
            starts.append(len(text))
            text += piece.text
            last = piece.end
        ends = tuple(piece.end for piece in pieces)
        return cls(text, original, language, tuple(starts), ends, tuple(piece.start for piece in pieces))

    def words(self, found: Found) -> str:
        """The caller's own words for `found`."""
        if not self._text_starts or found.end <= found.start:
            return self.original.strip()
        first = max(bisect_right(self._text_starts, found.start) - 1, 0)
        last = max(bisect_right(self._text_starts, found.end - 1) - 1, first)
        return self.original[self._original_starts[first] : self._original_ends[last]]

    def is_article(self, start: int, end: int) -> bool:
        """Whether the number there was said with a word that is an article too: `un`."""
        said = self.words(Found(value=None, start=start, end=end)).lower()
        return said in numbers(self.language).reading.articles

    def respelled(self, start: int, end: int, words: str) -> "Heard":
        """The same with `words` in the place of what is between `start` and `end`, which are edges of words."""

        def moved(place: int) -> int:
            if place >= end:
                return place + len(words) - (end - start)
            return min(place, start + len(words) - 1) if place > start else place

        text = self.text[:start] + words + self.text[end:]
        return replace(self, text=text, _text_starts=tuple(moved(place) for place in self._text_starts))

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
        return replace(self, text=text)


@cache
def _tokens(language: str) -> re.Pattern[str]:
    reading = numbers(language).reading
    elided = rf"{any_word(reading.elided)}['’](?=\w)|" if reading.elided else ""
    return re.compile((f"{_SPACED}|" if reading.spaced else "") + elided + _TOKEN, re.IGNORECASE)


def _pieces(original: str, language: str) -> list[_Piece]:
    matches = list(_tokens(language).finditer(original))
    words = [match[0].lower().replace("’", "'") for match in matches]
    return [
        _Piece(digits or _grouped(words[start]), matches[start].start(), matches[end - 1].end())
        for start, end, digits in numerals.digits(words, language)
    ]


def _grouped(word: str) -> str:
    return re.sub(r"\s", GROUPING_SPACE, word)
