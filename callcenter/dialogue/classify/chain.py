"""Classifiers one after another: the first that is sure decides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from callcenter.dialogue.classify.classifier import Classifier, Guess

log = structlog.get_logger()


class Chain:
    """The understanding of one flow."""

    def __init__(self, steps: Sequence[Classifier], *, least_confidence: float) -> None:
        self._steps = steps
        self._least = least_confidence
        self._understood: Counter[str] = Counter()

    async def classify(self, text: str) -> Guess | None:
        """What the first of the classifiers means that is sure; else the surest guess, marked as not sure."""
        best: Guess | None = None
        for step in self._steps:
            guess = await step.classify(text)
            if guess and guess.confidence >= self._least:
                return self._counted(text, guess)
            if guess and (best is None or guess.confidence > best.confidence):
                best = guess
        return self._counted(text, replace(best, sure=False) if best else None)

    @property
    def failures(self) -> Counter[str]:
        """Of all classifiers together."""
        return sum((step.failures for step in self._steps), Counter[str]())

    def report(self) -> dict[str, Any]:
        """For `callcenter status`: how many sentences were understood by whom, and how often something failed."""
        return {"understood": dict(self._understood), "failures": dict(self.failures)}

    def _counted(self, text: str, guess: Guess | None) -> Guess | None:
        self._understood["nobody" if guess is None else guess.source if guess.sure else "unsure"] += 1
        if guess:
            log.debug(
                "= meant", text=text, name=guess.name, confidence=round(guess.confidence, 2), by=guess.source.value
            )
        return guess
