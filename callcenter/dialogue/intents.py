"""What a caller means besides an answer: the flow's words and phrases, also misspelt by a recogniser."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Self, TypeVar

import numpy as np
from pydantic import model_validator
from rapidfuzz import fuzz, process

from callcenter.dialogue.parts import Saying, Template, normal
from callcenter.yaml_file import Part

Name = TypeVar("Name", bound=str)
_SURE = 0.88
"""`not intrested` against `not interested` is .96; `interested` against it is .83."""


class Intent(StrEnum):
    """What callers can mean besides an answer, whatever the call is about; a flow has others of its own."""

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

    phrases: tuple[Saying, ...] = ()
    """Two or more words, anywhere in what was said, also misspelt."""
    words: tuple[Saying, ...] = ()
    """Anywhere in what was said, spelt exactly so."""
    whole: tuple[Saying, ...] = ()
    """All of what was said."""
    opening: tuple[Saying, ...] = ()
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

    say: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One of the named meanings, and how sure that is (0 to 1)."""

    name: str
    confidence: float


def best(text: str, meanings: Mapping[Name, Phrases]) -> Match | None:
    """The surest of `meanings` in `text`, the first of equals; one known by its opening only if there is no other."""
    plain = normal(text)
    index = _index(tuple(meanings.items()))
    scores = index.alike(plain) | dict.fromkeys(index.exact(plain), 1.0) or index.opening(plain)
    place = max(scores, key=lambda place: (scores[place], -place), default=None)
    return None if place is None else Match(name=index.names[place], confidence=scores[place])


@dataclass(frozen=True, slots=True)
class _Index:
    """All meanings together, each known by its place among them: one by one they would take too long."""

    names: tuple[str, ...]
    whole: Mapping[str, int]
    words: tuple[tuple[str, int], ...]
    openings: tuple[tuple[str, int], ...]
    phrases: Mapping[int, tuple[list[str], list[int]]]
    """By their number of words."""

    def exact(self, plain: str) -> Iterator[int]:
        """Those that have all of `plain`, or a word in it."""
        if plain in self.whole:
            yield self.whole[plain]
        yield from (place for word, place in self.words if word in f" {plain} ")

    def alike(self, plain: str) -> dict[int, float]:
        """Those of which a phrase stands nearly so somewhere in `plain`, whole words only, and how nearly."""
        words = plain.split()
        scores: dict[int, float] = {}
        for size, (phrases, places) in self.phrases.items():
            windows = [" ".join(words[first : first + size]) for first in range(max(len(words) - size, 0) + 1)]
            alike = process.cdist(windows, phrases, scorer=fuzz.ratio, score_cutoff=100 * _SURE, dtype=np.float64)
            for place, score in zip(places, alike.max(axis=0).tolist(), strict=True):
                if score:
                    scores[place] = max(score / 100, scores.get(place, 0.0))
        return scores

    def opening(self, plain: str) -> dict[int, float]:
        """Those with whose words `plain` begins."""
        return {place: 1.0 for word, place in self.openings if f"{plain} ".startswith(word)}


@lru_cache(maxsize=256)
def _index(meanings: tuple[tuple[str, Phrases], ...]) -> _Index:
    placed = [(place, phrases) for place, (_, phrases) in enumerate(meanings)]
    sized: dict[int, tuple[list[str], list[int]]] = {}
    for place, known in placed:
        for phrase in known.phrases:
            phrases, places = sized.setdefault(phrase.count(" ") + 1, ([], []))
            phrases.append(phrase)
            places.append(place)
    return _Index(
        names=tuple(str(name) for name, _ in meanings),
        whole={saying: place for place, known in reversed(placed) for saying in known.whole},
        words=tuple((f" {word} ", place) for place, known in placed for word in known.words),
        openings=tuple((f"{word} ", place) for place, known in placed for word in known.opening),
        phrases=sized,
    )
