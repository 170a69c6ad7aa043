"""Words by which other words are known for what they are, by language."""

import re
from dataclasses import dataclass
from functools import cache

from callcenter import yaml_file
from callcenter.dialogue import spelling
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Words
from callcenter.yaml_file import Part


class _Words(Part):
    """A language's `cues.yaml`."""

    call: tuple[Words, ...]
    added: tuple[Words, ...]
    ending: tuple[Words, ...]
    money: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """What to search for in what a caller said."""

    call: re.Pattern[str]
    """With it a time is when to call."""
    added: re.Pattern[str]
    """Options come beside those named before."""
    ending: re.Pattern[str]
    """Digits are the last of a number."""
    money: re.Pattern[str]
    """Digits are no telephone number."""


@cache
def load_cues(language: str) -> Cues:
    """Those of a language. Raises FileError with the line of a mistake."""
    words = yaml_file.load(SHIPPED / language / "cues.yaml", _Words)
    return Cues(
        call=_any_of(words.call),
        added=_any_of(words.added),
        ending=_any_of(words.ending),
        money=re.compile(rf"{spelling.pattern(words.money)}|[$€£]|\dk\b", re.IGNORECASE),
    )


def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(spelling.pattern(words), re.IGNORECASE)
