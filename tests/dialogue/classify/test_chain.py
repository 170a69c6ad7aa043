"""Classifiers one after another."""

from collections import Counter
from collections.abc import Sequence

import pytest

from callcenter.dialogue.classify.chain import Chain
from callcenter.dialogue.classify.classifier import Guess, Source
from tests.dialogue.classify.known import guess


class Always:
    """Makes one guess of everything."""

    def __init__(self, guess: Guess | None) -> None:
        self.guess = guess
        self.asked = 0
        self.failures: Counter[str] = Counter()

    async def classify(self, text: str) -> Guess | None:
        self.asked += 1
        if self.guess is None:
            self.failures["timeout"] += 1
        return self.guess


SURE, VAGUE, VAGUER = (
    guess(name, confidence) for name, confidence in (("sure", 0.5), ("vague", 0.49), ("vaguer", 0.2))
)


@pytest.mark.parametrize(
    ("guesses", "expected", "asked"),
    [
        ([SURE, VAGUE], SURE, 1),
        ([None, SURE], SURE, 2),
        ([VAGUE, SURE], SURE, 2),
        ([VAGUER, VAGUE, None], guess("vague", 0.49, sure=False), 3),
        ([VAGUE, VAGUER], guess("vague", 0.49, sure=False), 2),
        ([None, None], None, 2),
        ([], None, 0),
    ],
    ids=["first", "second", "vague-then-sure", "vaguer-then-vague", "vague-then-vaguer", "nothing", "nobody"],
)
async def test_the_first_that_is_sure_decides(
    guesses: Sequence[Guess | None], expected: Guess | None, asked: int
) -> None:
    steps = [Always(each) for each in guesses]
    assert await Chain(steps, least_confidence=0.5).classify("anything") == expected
    assert sum(step.asked for step in steps) == asked


async def test_the_report_counts_who_understood_and_what_failed() -> None:
    service = Always(SURE)
    chain = Chain([service, Always(None)], least_confidence=0.5)
    await chain.classify("one")
    service.guess = guess("vague", 0.3, Source.EMBEDDINGS)
    await chain.classify("two")
    service.guess = None
    await chain.classify("three")
    assert chain.report() == {
        "understood": {"http": 1, "unsure": 1, "nobody": 1},
        "failures": {"timeout": 3},
    }
