"""Words spelled letter by letter: `K-A-R-E-N`, `D comme Denis, U comme Ursule`, `eme a erre`, `deux L`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import Field

from callcenter.dialogue import spelling
from callcenter.dialogue.parts import Words
from callcenter.yaml_file import Part

_LETTER = r"[^\W\d_]"
_FEWEST = 3
"""Letters in a row; fewer are initials, or words of one letter."""


class Spelling(Part):
    """How a language spells, in its `names.yaml`."""

    like: tuple[Words, ...] = ()
    """Between a letter and a word that begins with it."""
    double: tuple[Words, ...] = ()
    """Before a letter that comes twice."""
    begins: tuple[Words, ...] = ()
    """Between a word and its letters."""
    letters: dict[Words, Words] = Field(default_factory=dict)
    """Names of letters, as a recogniser writes them."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Reads what one language spells."""

    _unit: re.Pattern[str]
    _all: re.Pattern[str]
    _begins: re.Pattern[str]
    _names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Spelling) -> Self:
        """The reader for a language's `words`."""
        names = sorted(words.letters, key=len, reverse=True)
        unit = (
            rf"(?:{spelling.pattern(words.double)}[\s-]+)?(?:{spelling.pattern(names)}|(?<!\w){_LETTER}(?!\w))"
            rf"(?:[\s,]+{spelling.pattern(words.like)}[\s,]+{_LETTER}+(?!\w))?"
        )
        parts = (
            rf"(?P<double>{spelling.pattern(words.double)}[\s-]+)?(?P<letter>{spelling.pattern(names)}|{_LETTER}(?!\w))"
            rf"(?:[\s,]+{spelling.pattern(words.like)}[\s,]+(?P<like>{_LETTER}+))?"
        )
        begins = rf"[\s,.;:]*{spelling.pattern(sorted(words.begins, key=len, reverse=True))}[\s,.;:]*"
        return cls(
            re.compile(parts, re.IGNORECASE),
            re.compile(rf"(?<!\w){unit}(?:[-.,\s]+{unit})+\.?", re.IGNORECASE),
            re.compile(begins, re.IGNORECASE),
            {spelling.plain(name): letter for name, letter in words.letters.items()},
        )

    def read(self, text: str, start: int) -> tuple[str, int] | None:
        """What is spelled from `start` on, and where it ends."""
        found = self._all.match(text, start)
        if not found:
            return None
        units = list(self._unit.finditer(found[0]))
        letters = "".join(self._letters(unit) for unit in units)
        told = all(unit["like"] for unit in units)
        agree = all(_agree(letter, unit["like"]) for letter, unit in zip(map(self._letters, units), units, strict=True))
        return (letters, found.end()) if agree and (told or len(letters) >= _FEWEST) else None

    def begins(self, text: str, start: int) -> int | None:
        """Where the spelling begins that `text` announces at `start`; None if it does not."""
        found = self._begins.match(text, start)
        return found.end() if found else None

    def _letters(self, unit: re.Match[str]) -> str:
        letter = self._names.get(re.sub(r"[\s-]+", " ", spelling.plain(unit["letter"].lower())), unit["letter"])
        return letter * 2 if unit["double"] else letter


def _agree(letters: str, like: str | None) -> bool:
    """Whether the word that `letters` are like begins with them: `M de Madrid`."""
    return like is None or spelling.plain(letters[-1:]).lower() == spelling.plain(like[0]).lower()
