"""Sentences turned into vectors that are near each other when they mean the same, off the event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol

import numpy as np

from callcenter.dialogue.classify.nearest import Floats
from callcenter.errors import Busy, EmbeddingError

AT_ONCE = 16
"""Examples embedded in one go when a flow is loaded; a caller's sentence may come in between."""


class SentenceModel(Protocol):
    """Turns a sentence into a vector."""

    def encode(self, sentence: str) -> Floats:
        """[size], of length 1. Blocks."""


class Embedder:
    """One model for the callers of all flows, in threads that are somebody else's."""

    def __init__(self, model: SentenceModel, threads: Executor, *, most: int) -> None:
        """At most `most` sentences are taken at once, those at work among them."""
        self._model = model
        self._threads = threads
        self._most = most
        self._pending = 0

    async def embed(self, sentence: str) -> Floats:
        """The vector of a sentence, [size]. What is cancelled while it waits is dropped.

        Raises EmbeddingError, or Busy.
        """
        if self._pending >= self._most:
            raise Busy(f"{self._pending} sentences already wait for the sentence model")
        return (await self._submit([sentence]))[0]

    async def embed_all(self, sentences: Sequence[str]) -> list[Floats]:
        """The vectors of `sentences`, however many wait. Raises EmbeddingError."""
        groups = (sentences[first : first + AT_ONCE] for first in range(0, len(sentences), AT_ONCE))
        return [vector for group in groups for vector in await self._submit(group)]

    async def _submit(self, sentences: Sequence[str]) -> list[Floats]:
        self._pending += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._encode, sentences)
        work.add_done_callback(self._leave)
        return await work

    def _leave(self, work: asyncio.Future[list[Floats]]) -> None:
        self._pending -= 1

    def _encode(self, sentences: Sequence[str]) -> list[Floats]:
        try:
            vectors = [self._model.encode(sentence) for sentence in sentences]
        except Exception as error:  # what tokenizers and onnxruntime raise has no root but this
            raise EmbeddingError(f"the sentence model failed: {error}") from error
        if not all(np.isfinite(vector).all() for vector in vectors):
            raise EmbeddingError("the sentence model failed: not a number")
        return vectors
