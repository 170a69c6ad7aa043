"""How callers take back what they have just said: `fifty thousand. No, sorry, sixty.`"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from callcenter import yaml_file
from callcenter.dialogue import spelling
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Words
from callcenter.yaml_file import Part


class Corrections(Part):
    """A language's `corrections.yaml`. A comma stands where one may be heard or not."""

    signs: tuple[Words, ...]
    """What comes between the wrong and the right, or before the right alone."""
    within: tuple[Words, ...] = ()
    """The same, but only after something else: at the beginning these mean nothing."""
    refusals: tuple[Words, ...]
    """Signs where a comma or full stop and more words follow."""
    endings: tuple[Words, ...]
    """Words that at the end take back what goes before them."""
    closing: tuple[Words, ...] = ()
    """Signs with which a sentence may as well end: `le matin plutôt`."""
    unless: tuple[Words, ...] = ()
    """Sayings with one of these words in them that take nothing back."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    sign: re.Pattern[str]
    """In the group `kept` a saying that is none, in `within` a sign that needs something before it."""
    ending: re.Pattern[str]
    closing: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns:
    words = yaml_file.load(SHIPPED / language / "corrections.yaml", Corrections)
    kept = spelling.pattern(words.unless)
    sign = (
        rf"(?P<kept>{kept})|(?:{spelling.pattern(words.signs)}|(?P<within>{spelling.pattern(words.within)})"
        rf"|{spelling.pattern(words.refusals)}[,.]+(?=\s+\w))[,.]*"
    )
    ending = rf"(?P<kept>{kept})|\w\W+{spelling.pattern(words.endings)}(?P<last>[^\w?]*$)"
    return _Patterns(*(re.compile(each, re.IGNORECASE) for each in (sign, ending, spelling.pattern(words.closing))))


def pieces(text: str, language: str = "en") -> list[str]:
    """What stands between the signs of a correction; the last one is what holds."""
    found, last = [], 0
    for sign in _signs(text, language):
        found.append(text[last : sign.start()])
        last = sign.end()
    return [piece for piece in [*found, text[last:]] if re.search(r"\w", piece)]


def is_in(text: str, language: str = "en") -> bool:
    """Whether `text` corrects something."""
    return next(_signs(text, language), None) is not None


def is_open(text: str, language: str = "en") -> bool:
    """Whether `text` ends where a correction begins, so that what is right is still to come."""
    last = [sign for sign in _signs(text, language) if not re.search(r"\w", text[sign.end() :])]
    return any(not _patterns(language).closing.match(sign[0]) for sign in last)


def is_begun(text: str, language: str = "en") -> bool:
    """Whether `text` ends in a `no`, which takes back an answer that goes before it; `no?` asks to agree."""
    return any(match["last"] is not None for match in _patterns(language).ending.finditer(text))


def _signs(text: str, language: str) -> Iterator[re.Match[str]]:
    for match in _patterns(language).sign.finditer(text):
        alone = match["within"] is not None and not re.search(r"\w", text[: match.start()])
        if match["kept"] is None and not alone:
            yield match
