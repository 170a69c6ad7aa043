"""What Deepgram's peer takes for words in sound, without a model."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from callcenter.media.pcm import to_samples

LOUD = 0.01
"""Of full scale: what is louder is speech."""
BLOCK_S = 0.02
GAP_S = 0.1
"""Loud stretches that are this far apart are two words."""
LEAST_S = 0.2
"""Less loud sound is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Of what is said, in seconds of the sound."""

    text: str
    start: float
    end: float


Recognise = Callable[[bytes, int, str], Awaitable[Sequence[Word]]]
"""From 16-bit PCM, its rate and a language to the words in it."""


async def by_length(pcm: bytes, rate: int, language: str) -> list[Word]:
    """The length in ms of each loud stretch."""
    loud = np.flatnonzero(blocks(pcm, rate) > LOUD)
    stretches = np.split(loud, np.flatnonzero(np.diff(loud) * BLOCK_S > GAP_S) + 1) if loud.size else []
    spans = [(float(each[0]) * BLOCK_S, float(each[-1] + 1) * BLOCK_S) for each in stretches]
    return [Word(text=f"{(end - start) * 1000:.0f}", start=start, end=end) for start, end in spans]


def saying(text: Callable[[], str]) -> Recognise:
    """Whatever is said is `text()`."""

    async def recognise(pcm: bytes, rate: int, language: str) -> list[Word]:
        loud = np.flatnonzero(blocks(pcm, rate) > LOUD)
        if loud.size * BLOCK_S < LEAST_S:
            return []
        words = text().split()
        start, length = float(loud[0]) * BLOCK_S, float(loud[-1] + 1 - loud[0]) * BLOCK_S / len(words)
        return [
            Word(text=word, start=start + place * length, end=start + (place + 1) * length)
            for place, word in enumerate(words)
        ]

    return recognise


def blocks(pcm: bytes, rate: int) -> Any:
    """The peak of each 20 ms, of full scale."""
    size = round(rate * BLOCK_S)
    samples = np.abs(to_samples(pcm[: len(pcm) // (2 * size) * 2 * size]))
    return samples.reshape(-1, size).max(axis=1) if samples.size else samples
