"""Word error rate: how much of what was said was heard differently."""

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from text_to_num import alpha2digit

NUMBER_LANGUAGES = ("en", "fr", "es", "pt", "de", "it", "nl", "ca")
"""Those whose number words `text_to_num` knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """Substituted, missing and added words, out of those said."""

    errors: int = 0
    words: int = 0

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(errors=self.errors + other.errors, words=self.words + other.words)

    @property
    def rate(self) -> float | None:
        """0 is perfect; None when nothing was said."""
        return self.errors / self.words if self.words else None


def word_errors(said: str, heard: str, language: str) -> WordErrors:
    """Compare two texts word by word. Case, punctuation and the way numbers are written do not count."""
    reference, hypothesis = normalised(said, language), normalised(heard, language)
    return WordErrors(errors=Levenshtein.distance(reference, hypothesis), words=len(reference))


def normalised(text: str, language: str) -> list[str]:
    """The words: lower case, without punctuation, number words as digits, runs of digits as single ones."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = re.sub(r"(?<=\d)[,\s](?=\d{3}\b)", "", text)
    text = re.sub(r"\$\s?(\d[\d.]*)", r"\1 dollars", text)
    text = re.sub(r"[-–—/]", " ", text)
    if language[:2] in NUMBER_LANGUAGES:
        text = alpha2digit(text, language[:2])
    words = re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*", text)
    return [part for word in words for part in (word if word.isdigit() and _is_code(word) else [word])]


def _is_code(digits: str) -> bool:
    """Digits of a phone number, which are said one by one; an amount is shorter or ends in zeros."""
    return len(digits) > 2 and not digits.endswith("00")
