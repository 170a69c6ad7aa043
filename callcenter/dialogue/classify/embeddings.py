"""Understanding by the examples that a sentence is like, as sentence embeddings see it."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, Self

import structlog

from callcenter.dialogue.classify.calibration import Calibration
from callcenter.dialogue.classify.classifier import Guess, Meaning, Source
from callcenter.dialogue.classify.nearest import Examples, Floats
from callcenter.dialogue.classify.patterns import CERTAIN
from callcenter.errors import Busy, EmbeddingError

log = structlog.get_logger()


class Vectors(Protocol):
    """Turns sentences into vectors of length 1."""

    async def embed(self, sentence: str) -> Floats:
        """[size]. Raises EmbeddingError, or Busy."""

    async def embed_all(self, sentences: Sequence[str]) -> list[Floats]:
        """Of each. Raises EmbeddingError."""


class Embeddings:
    """The examples of one flow, as vectors."""

    def __init__(
        self, vectors: Vectors, calibration: Calibration, meanings: Sequence[Meaning], examples: Examples
    ) -> None:
        """`examples` are those of `meanings`, in their order; `prepare` makes them."""
        self.failures: Counter[str] = Counter()
        self._vectors = vectors
        self._calibration = calibration
        self._meanings = meanings
        self._examples = examples

    @classmethod
    async def prepare(cls, vectors: Vectors, calibration: Calibration, meanings: Sequence[Meaning]) -> Self:
        """Embed the examples, once. Raises EmbeddingError when the model fails.

        What only patterns may know is left out, as is a meaning without examples.
        """
        known = [meaning for meaning in meanings if meaning.examples and meaning.name not in CERTAIN]
        groups = [await vectors.embed_all(meaning.examples) for meaning in known]
        return cls(vectors, calibration, known, Examples.of(groups))

    async def classify(self, text: str) -> Guess | None:
        """The meaning of the nearest example; None when the model has too much to do, or fails."""
        if not self._meanings:
            return None
        try:
            sentence = await self._vectors.embed(text)
        except Busy:
            self.failures["busy"] += 1
            log.warning("x embedding", reason="too many sentences wait for the model")
            return None
        except EmbeddingError as error:
            self.failures["model_error"] += 1
            log.error("! embedding", error=str(error))
            return None
        found = self._examples.nearest(sentence)
        meaning = self._meanings[found.meaning]
        return Guess(
            name=meaning.name,
            kind=meaning.kind,
            confidence=self._calibration.confidence(found),
            source=Source.EMBEDDINGS,
        )
