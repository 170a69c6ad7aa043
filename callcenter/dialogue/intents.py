"""What a caller means besides an answer: the flow's words and phrases, also misspelt by a recogniser."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Self, TypeVar

import numpy as np
from pydantic import model_validator
from rapidfuzz import fuzz, process

from callcenter.dialogue.parts import WORD, Saying, Template, normal
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
    fills: bool = True
    """If false, what is said together with it fills no slot: who gives orders has not answered."""

    @cached_property
    def fingerprint(self) -> int:
        """The hash, which is wanted at each utterance."""
        return hash((self.phrases, self.words, self.whole, self.opening, self.fills))

    def __hash__(self) -> int:
        return self.fingerprint

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
    opening: bool = False
    """It is known by its opening alone."""


def best(text: str, meanings: Mapping[Name, Phrases]) -> Match | None:
    """The surest of `meanings` in `text`, the first of equals; one known by its opening only if there is no other."""
    return _best(normal(text), _index(tuple(meanings.items())))


@lru_cache(maxsize=1024)
def _best(plain: str, index: "_Index") -> Match | None:
    """The same of words that are normal; a sentence is looked at while it is said and when it is answered."""
    scores = index.alike(plain) | dict.fromkeys(index.exact(plain), 1.0)
    opening = {} if scores else index.opening(plain)
    scores = scores or opening
    place = max(scores, key=lambda place: (scores[place], -place), default=None)
    return None if place is None else Match(name=index.names[place], confidence=scores[place], opening=bool(opening))


def stretch(text: str, meanings: Mapping[Name, Phrases]) -> str:
    """The words of `text` that are, or nearly are, a phrase of the surest of `meanings`; empty if none are."""
    found = best(text, meanings)
    phrases = next((known.phrases for name, known in meanings.items() if found and name == found.name), ())
    places = [match.span() for match in WORD.finditer(text)]
    closest, words = 0.0, ""
    for phrase in phrases:
        size = phrase.count(" ") + 1
        for first, last in zip(places, places[size - 1 :], strict=False):
            window = text[first[0] : last[1]]
            alike = fuzz.ratio(normal(window), phrase, score_cutoff=100 * _SURE)
            closest, words = max((closest, words), (alike, window), key=itemgetter(0))
    return words


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """All meanings together, each known by its place among them: one by one they would take too long."""

    names: tuple[str, ...]
    whole: Mapping[str, int]
    words: Mapping[str, tuple[int, ...]]
    openings: Mapping[str, tuple[int, ...]]
    longest: int
    """Words of the longest of `words` and `openings`."""
    phrases: Mapping[int, tuple[list[str], list[int]]]
    """By their number of words."""

    def exact(self, plain: str) -> Iterator[int]:
        """Those that have all of `plain`, or a word in it."""
        if plain in self.whole:
            yield self.whole[plain]
        words = plain.split()
        for first in range(len(words)):
            for end in range(first + 1, min(first + self.longest, len(words)) + 1):
                yield from self.words.get(" ".join(words[first:end]), ())

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
        """Those with whose words `plain` begins, the longest of them: `no problem` is no `no`."""
        words = plain.split()
        beginnings = (" ".join(words[:end]) for end in range(min(self.longest, len(words)), 0, -1))
        found: tuple[int, ...] = next((self.openings[words] for words in beginnings if words in self.openings), ())
        return dict.fromkeys(found, 1.0)


@lru_cache(maxsize=256)
def _index(meanings: tuple[tuple[str, Phrases], ...]) -> _Index:
    placed = [(place, phrases) for place, (_, phrases) in enumerate(meanings)]
    sized: dict[int, tuple[list[str], list[int]]] = {}
    for place, known in placed:
        for phrase in known.phrases:
            phrases, places = sized.setdefault(phrase.count(" ") + 1, ([], []))
            phrases.append(phrase)
            places.append(place)
    words = _places((word, place) for place, known in placed for word in known.words)
    openings = _places((word, place) for place, known in placed for word in known.opening)
    return _Index(
        names=tuple(str(name) for name, _ in meanings),
        whole={saying: place for place, known in reversed(placed) for saying in known.whole},
        words=words,
        openings=openings,
        longest=max((saying.count(" ") + 1 for saying in (*words, *openings)), default=0),
        phrases=sized,
    )


def _places(sayings: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for saying, place in sayings:
        found[saying] = (*found.get(saying, ()), place)
    return found
