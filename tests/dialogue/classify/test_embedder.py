"""The queue before a sentence model."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from callcenter.dialogue.classify.embedder import AT_ONCE, Embedder
from callcenter.dialogue.classify.nearest import Floats
from callcenter.errors import Busy, EmbeddingError


class Model:
    """Tells the length of a sentence, once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.encoded: list[str] = []

    def encode(self, sentence: str) -> Floats:
        self.may.wait(5)
        self.encoded.append(sentence)
        if sentence == "fail":
            raise RuntimeError("out of order")
        return np.array([float("nan") if sentence == "nan" else len(sentence)], np.float32)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


async def test_sentences_become_vectors(threads: ThreadPoolExecutor) -> None:
    embedder = Embedder(Model(), threads, most=1)
    assert (await embedder.embed("four")).tolist() == [4]
    many = ["x" * size for size in range(AT_ONCE * 2 + 1)]
    assert [vector.tolist() for vector in await embedder.embed_all(many)] == [[size] for size in range(len(many))]
    assert await embedder.embed_all([]) == []


async def test_one_too_many_is_refused_and_the_waiting_can_leave(threads: ThreadPoolExecutor) -> None:
    model = Model()
    embedder = Embedder(model, threads, most=2)
    model.may.clear()
    async with asyncio.TaskGroup() as group:
        first, second = (group.create_task(embedder.embed(text)) for text in ("first", "second"))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="2 sentences already wait"):
            await embedder.embed("third")
        second.cancel()
        await asyncio.sleep(0)
        model.may.set()
    assert first.result().tolist() == [5]
    assert (await embedder.embed("fourth")).tolist() == [6]
    assert model.encoded == ["first", "fourth"]


@pytest.mark.parametrize("text", ["fail", "nan"])
async def test_a_model_that_fails_does_so_by_one_name(threads: ThreadPoolExecutor, text: str) -> None:
    embedder = Embedder(Model(), threads, most=1)
    with pytest.raises(EmbeddingError, match="the sentence model failed"):
        await embedder.embed(text)
    with pytest.raises(EmbeddingError, match="the sentence model failed"):
        await embedder.embed_all(["fine", text])
    assert (await embedder.embed("fine")).tolist() == [4]
