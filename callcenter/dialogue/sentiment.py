"""How a caller feels, by what they say: words with a weight, turned round by `not`, made stronger by `very`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import field_validator

from callcenter import yaml_file
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Saying, normal
from callcenter.yaml_file import Part

Label = Literal["negative", "neutral", "positive"]
_CLAUSE_END = re.compile(r"[.,;:!?¡¿…()]+")
_ENOUGH = 1.0
"""Weight from which on it is a feeling: one clear word, or two polite ones."""
_HALF = 2.0
"""Weight that scores 0.5."""
_NEGATED_BEFORE, _MODIFIED_BEFORE = 4, 3
"""Words between which and a word of feeling a negation, or a `very`, may stand; in the same clause."""
_TURNED = -0.3
"""Who is not angry is not yet glad, but who is not glad is angry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """What an utterance sounds like."""

    label: Label
    score: float
    """From -1, furious, to 1, delighted."""


class Lexicon(Part):
    """A language's `sentiment.yaml`."""

    weights: dict[float, tuple[Saying, ...]]
    """Words and sayings by weight: -3 insults, 3 delights, 0 means nothing though a word in it does."""
    negations: tuple[Saying, ...]
    stronger: tuple[Saying, ...]
    weaker: tuple[Saying, ...]
    breaks: tuple[Saying, ...]
    """Single words that begin another clause, as a comma does."""

    @field_validator("weights")
    @classmethod
    def _one_weight_each(cls, weights: dict[float, tuple[str, ...]]) -> dict[float, tuple[str, ...]]:
        counts = Counter(saying for sayings in weights.values() for saying in sayings)
        twice = [saying for saying, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"there twice: {', '.join(twice)}")
        return weights


_Sayings = Mapping[str, tuple[tuple[tuple[str, ...], float], ...]]
"""By their first word the words of each and its weight, those of most words first."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    weights: _Sayings
    negations: _Sayings
    degrees: _Sayings
    breaks: frozenset[str]


@cache
def _vocabulary(language: str) -> _Vocabulary:
    lexicon = yaml_file.load(SHIPPED / language / "sentiment.yaml", Lexicon)
    degrees = {1.6: lexicon.stronger, 0.5: lexicon.weaker}
    return _Vocabulary(
        weights=_by_word(lexicon.weights),
        negations=_by_word({-1.0: lexicon.negations}),
        degrees=_by_word(degrees),
        breaks=frozenset(lexicon.breaks),
    )


def _by_word(sayings: Mapping[float, Iterable[str]]) -> _Sayings:
    found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for weight, group in sayings.items():
        for saying in group:
            words = tuple(_words(saying))
            found.setdefault(words[0], []).append((words, weight))
    return {first: tuple(sorted(group, key=lambda entry: -len(entry[0]))) for first, group in found.items()}


def _words(text: str) -> list[str]:
    return normal(text).replace("'", " ").split()


def judge(text: str, language: str) -> Sentiment:
    """What `text`, a transcript, sounds like. Raises FileError for a language without a `sentiment.yaml`."""
    known = _vocabulary(language)
    words, starts = _clauses(text, known)
    weight = sum(_weighed(words, place, starts, known) for place in _places(words, known.weights))
    score = round(weight / (abs(weight) + _HALF), 3)
    if abs(weight) < _ENOUGH:
        return Sentiment(label="neutral", score=score)
    return Sentiment(label="positive" if weight > 0 else "negative", score=score)


def _clauses(text: str, known: _Vocabulary) -> tuple[list[str], list[int]]:
    """The words, and for each where its clause begins."""
    words: list[str] = []
    starts: list[int] = []
    for clause in _CLAUSE_END.split(text):
        start = len(words)
        for word in _words(clause):
            start = len(words) if word in known.breaks else start
            words.append(word)
            starts.append(start)
    return words, starts


def _places(words: list[str], sayings: _Sayings) -> Iterator[tuple[int, float]]:
    """Where a saying begins, and its weight; none within another."""
    place = 0
    while place < len(words):
        size, weight = _at(words, place, sayings)
        if size:
            yield place, weight
        place += size or 1


def _at(words: list[str], place: int, sayings: _Sayings) -> tuple[int, float]:
    """How many words the longest saying at `place` has, and its weight; 0 if there is none."""
    for saying, weight in sayings.get(words[place], ()):
        if tuple(words[place : place + len(saying)]) == saying:
            return len(saying), weight
    return 0, 0.0


def _weighed(words: list[str], found: tuple[int, float], starts: list[int], known: _Vocabulary) -> float:
    """The weight of what was found, with the small words before it in its clause."""
    place, weight = found
    if not weight:
        return 0.0
    for _, degree in _places(words[max(starts[place], place - _MODIFIED_BEFORE) : place], known.degrees):
        weight *= degree
    if any(_places(words[max(starts[place], place - _NEGATED_BEFORE) : place], known.negations)):
        weight *= -1.0 if weight > 0 else _TURNED
    return weight
