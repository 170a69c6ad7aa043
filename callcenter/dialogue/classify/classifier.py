"""The seam of understanding: what a caller said goes in, what they mean by it comes out, whatever understands it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callcenter.dialogue.intents import Phrases


class Kind(StrEnum):
    """Of what a caller means."""

    INTENT = "intent"
    ANSWER = "answer"
    """A question of the flow's `answers`."""


class Source(StrEnum):
    """Who has understood."""

    PATTERNS = "patterns"
    EMBEDDINGS = "embeddings"
    HTTP = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Something that callers of a flow may mean."""

    name: str
    kind: Kind
    phrases: Phrases
    """By which patterns know it."""
    examples: tuple[str, ...]
    """Sentences by which a model knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a caller probably means."""

    name: str
    """Of the intent or the question."""
    kind: Kind
    confidence: float
    """0 to 1: how often a guess like this is right."""
    source: Source
    sure: bool = True
    """Confident enough to act upon; else it is better to ask the caller again."""


class Classifier(Protocol):
    """Understands the callers of one flow."""

    @property
    def failures(self) -> Counter[str]:
        """How often it could not say anything, by a code for why."""

    async def classify(self, text: str) -> Guess | None:
        """What `text` means, if anything that is known. Never raises for what is wrong with a model or a service."""


def meanings(intents: Mapping[str, Phrases], answers: Mapping[str, Phrases]) -> tuple[Meaning, ...]:
    """What callers may mean, from a flow's own and its language's intents and from its questions."""
    return tuple(
        Meaning(name=str(name), kind=kind, phrases=phrases, examples=examples(phrases))
        for kind, named in ((Kind.INTENT, intents), (Kind.ANSWER, answers))
        for name, phrases in named.items()
    )


def examples(phrases: Phrases) -> tuple[str, ...]:
    """The patterns as examples, each once. An opening says too little by itself."""
    return tuple(dict.fromkeys((*phrases.phrases, *phrases.whole, *phrases.words)))
