"""What tests of lines share: a clock that ticks, and something to say."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from callcenter.media.clock import Clock
from callcenter.media.pcm import Clip
from callcenter.media.tape import Tape


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """`work` while the block runs."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def ticking() -> AsyncIterator[Clock]:
    """A clock whose lines must all be gone at the end."""
    clock = Clock()
    async with running(clock.run()):
        yield clock
    assert clock.lines == 0


def tone(seconds: float, rate: int = 8000) -> Clip:
    """Without a sample of silence at its ends."""
    times = np.arange(round(seconds * rate)) / rate
    return Clip(text="a tone", pcm=(10000 * np.sin(2500 * times) + 1).astype("<i2").tobytes(), rate=rate)


class TornTape(Tape):
    """Raises what nobody expects, in the middle of a tick or of reading."""

    def __init__(self, rate: int) -> None:
        super().__init__(uuid4(), Path(os.devnull), 0.0, rate)

    def agent(self, at: float, pcm: bytes | None) -> None:
        raise RuntimeError("torn")

    def caller(self, at: float, pcm: bytes) -> None:
        raise RuntimeError("torn")
