"""What a caller means besides an answer: the flow's words and phrases, also misspelt by a recogniser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from pydantic import model_validator
from rapidfuzz import fuzz

from callcenter.dialogue.parts import Text, Words
from callcenter.yaml_file import Part

Name = TypeVar("Name", bound=str)
_SURE = 0.88
"""`not intrested` against `not interested` is .96; `interested` against it is .83."""


class Intent(StrEnum):
    """What a caller can mean besides an answer; the flow says by which words. The first listed goes first."""

    HUMAN = "human"
    ROBOT = "robot"
    WHY = "why"
    NOT_INTERESTED = "not_interested"
    LATER = "later"
    BUSY = "busy"
    HOLD = "hold"
    REPEAT = "repeat"
    WITHHELD = "withheld"
    GOODBYE = "goodbye"
    NO = "no"
    YES = "yes"
    FILLER = "filler"


class Phrases(Part):
    """Words by which an intent or a question is known."""

    phrases: tuple[Words, ...] = ()
    """Two or more words, anywhere in what was said, also misspelt."""
    words: tuple[Words, ...] = ()
    """Anywhere in what was said, spelt exactly so."""
    whole: tuple[Words, ...] = ()
    """All of what was said."""
    opening: tuple[Words, ...] = ()
    """At the beginning, spelt exactly so; these count least."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.phrases or self.words or self.whole or self.opening):
            raise ValueError("needs at least one of phrases, words, whole, opening")
        single = [phrase for phrase in self.phrases if " " not in phrase]
        if single:
            raise ValueError(f"phrases have two words or more; {single[0]!r} belongs in words, whole or opening")
        return self


class Answer(Phrases):
    """A question that callers ask, and what it is answered with."""

    say: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One of the named meanings, and how sure that is (0 to 1)."""

    name: str
    confidence: float


def best(text: str, meanings: Mapping[Name, Phrases]) -> Match | None:
    """The surest of `meanings` in `text`, the first of equals; one known by its opening only if there is no other."""
    plain = normal(text)
    for score in (_score, _opens):
        found = [Match(name=name, confidence=score(plain, phrases)) for name, phrases in meanings.items()]
        surest = max(found, key=lambda match: match.confidence, default=None)
        if surest and surest.confidence >= _SURE:
            return surest
    return None


def normal(text: str) -> str:
    """Lower case words with single spaces between them, no punctuation."""
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("’", "'")))


def _score(plain: str, phrases: Phrases) -> float:
    if plain in phrases.whole or any(f" {word} " in f" {plain} " for word in phrases.words):
        return 1.0
    words = plain.split()
    return max((_alike(words, phrase) for phrase in phrases.phrases), default=0.0)


def _alike(words: list[str], phrase: str) -> float:
    """How nearly `phrase` stands somewhere in `words`, whole words only; 0 where that is not near enough."""
    size = phrase.count(" ") + 1
    windows = (" ".join(words[first : first + size]) for first in range(max(len(words) - size, 0) + 1))
    return max(fuzz.ratio(window, phrase, score_cutoff=100 * _SURE) for window in windows) / 100


def _opens(plain: str, phrases: Phrases) -> float:
    return float(any(f"{plain} ".startswith(f"{word} ") for word in phrases.opening))
