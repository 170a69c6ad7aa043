"""Understanding by words and phrases, also misspelt: at once, certain, and without a model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from callcenter.dialogue import intents
from callcenter.dialogue.classify.classifier import Guess, Kind, Meaning, Source
from callcenter.dialogue.intents import Match, Phrases

BRIEF = 4
"""Words, at most, of which the first decide: `yes, that's right`, but not `yes, but what does all that cost me`."""
CERTAIN = frozenset({"yes", "no", "filler"})
"""Beside these a caller may ask a question, and then it is the question that counts. Only patterns know them."""


def openings(meanings: Iterable[Meaning]) -> tuple[Meaning, ...]:
    """`meanings` by their opening words alone: what is left to try where `first` patterns have been asked already."""
    rest: dict[str, tuple[str, ...]] = {"phrases": (), "words": (), "whole": ()}
    return tuple(replace(meaning, phrases=meaning.phrases.model_copy(update=rest)) for meaning in meanings)


class Patterns:
    """The words and phrases of a flow."""

    def __init__(self, meanings: Iterable[Meaning], *, first: bool = False) -> None:
        """With `first`, others are asked afterwards, so of a longer sentence the opening words decide nothing."""
        known = tuple(meanings)
        self.failures: Counter[str] = Counter()
        self._brief = _by_kind(known, openings=True)
        self._long = _by_kind(known, openings=not first)

    async def classify(self, text: str) -> Guess | None:
        """What `text` means: a question, if there is one and no intent but a yes, a no or a filler; else the intent."""
        known = self._brief if len(text.split()) <= BRIEF else self._long
        meant = intents.best(text, known[Kind.INTENT])
        asked = intents.best(text, known[Kind.ANSWER])
        if asked and (meant is None or meant.name in CERTAIN):
            return _guess(asked, Kind.ANSWER)
        return _guess(meant, Kind.INTENT) if meant else None


def _by_kind(meanings: tuple[Meaning, ...], *, openings: bool) -> Mapping[Kind, Mapping[str, Phrases]]:
    dropped: dict[str, tuple[str, ...]] = {} if openings else {"opening": ()}
    return {
        kind: {meaning.name: meaning.phrases.model_copy(update=dropped) for meaning in meanings if meaning.kind is kind}
        for kind in Kind
    }


def _guess(match: Match, kind: Kind) -> Guess:
    return Guess(name=match.name, kind=kind, confidence=match.confidence, source=Source.PATTERNS)
