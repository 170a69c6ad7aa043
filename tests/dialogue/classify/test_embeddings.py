"""Understanding by examples, with vectors that a reader can follow: how often each letter is in a sentence."""

from collections.abc import Sequence

import numpy as np
import pytest

from callcenter.dialogue.classify.calibration import Calibration
from callcenter.dialogue.classify.classifier import Kind, Meaning, Source
from callcenter.dialogue.classify.embeddings import Embeddings
from callcenter.dialogue.classify.nearest import Floats
from callcenter.errors import Busy, EmbeddingError
from tests.dialogue.classify.known import MEANINGS

CALIBRATION = Calibration(likeness=10, margin=10, bias=-6)


class Letters:
    """Anagrams mean the same."""

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.fault: Exception | None = None

    async def embed(self, sentence: str) -> Floats:
        if self.fault:
            raise self.fault
        counts = np.array([sentence.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"], np.float32)
        vector: Floats = counts / np.maximum(np.linalg.norm(counts), 1e-9)
        return vector

    async def embed_all(self, sentences: Sequence[str]) -> list[Floats]:
        self.embedded += sentences
        return [await self.embed(sentence) for sentence in sentences]


async def prepared(letters: Letters, meanings: Sequence[Meaning] = MEANINGS) -> Embeddings:
    return await Embeddings.prepare(letters, CALIBRATION, meanings)


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("no time", "busy", Kind.INTENT),
        ("emit on", "busy", Kind.INTENT),
        ("Rotor, a pe!", "human", Kind.INTENT),
        ("does it cost what", "cost", Kind.ANSWER),
        ("buzy are your lines", "busy", Kind.ANSWER),
    ],
)
async def test_the_nearest_example_tells_the_meaning(text: str, name: str, kind: Kind) -> None:
    found = await (await prepared(Letters())).classify(text)
    assert found
    assert (found.name, found.kind, found.source) == (name, kind, Source.EMBEDDINGS)
    assert found.confidence > 0.5


async def test_what_is_like_nothing_is_not_sure() -> None:
    found = await (await prepared(Letters())).classify("xyz")
    assert found
    assert found.confidence < 0.1


async def test_yes_and_no_are_left_to_the_patterns_and_examples_are_embedded_once() -> None:
    letters = Letters()
    embeddings = await prepared(letters)
    await embeddings.classify("yes")
    assert letters.embedded == [
        *("i am busy", "no time", "busy", "speak to someone", "operator", "what does it cost", "is it safe"),
        "are your lines busy",
    ]


async def test_a_flow_without_examples_is_never_understood() -> None:
    letters = Letters()
    embeddings = await prepared(letters, [meaning for meaning in MEANINGS if meaning.name in {"yes", "no"}])
    letters.fault = EmbeddingError("nobody should ask")
    assert await embeddings.classify("no time") is None
    assert not embeddings.failures


@pytest.mark.parametrize(("fault", "code"), [(Busy("full"), "busy"), (EmbeddingError("broken"), "model_error")])
async def test_a_model_that_cannot_answer_is_counted(fault: Exception, code: str) -> None:
    letters = Letters()
    embeddings = await prepared(letters)
    letters.fault = fault
    assert await embeddings.classify("no time") is None
    assert embeddings.failures == {code: 1}
