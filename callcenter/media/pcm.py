"""Linear PCM: 16-bit signed little-endian mono, in 20 ms frames on a line and in clips from a voice."""

from collections import deque
from dataclasses import dataclass

FRAME_MS = 20
NARROWBAND = 8000
"""Samples per second of an ordinary telephone line."""


def frame_bytes(rate: int) -> int:
    """The size of one 20 ms frame at `rate` samples per second."""
    return rate * FRAME_MS // 1000 * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A spoken text."""

    text: str
    pcm: bytes
    """16-bit signed little-endian mono samples."""
    rate: int
    """Samples per second."""

    @property
    def seconds(self) -> float:
        """How long it takes to play."""
        return len(self.pcm) / 2 / self.rate


class FrameQueue:
    """The bounded queue between a line and the ear that listens to it; a full one drops its oldest frame."""

    def __init__(self, rate: int = NARROWBAND, limit: int = 100) -> None:
        self.rate = rate
        self.dropped = 0
        self._frames: deque[tuple[float, bytes]] = deque(maxlen=limit)

    def put(self, pcm: bytes, at: float) -> None:
        """Add a 20 ms frame of 16-bit PCM that arrived at loop time `at`."""
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append((at, pcm))

    def drain(self) -> list[tuple[float, bytes]]:
        """Take all frames, oldest first, each with the loop time of its arrival."""
        frames = list(self._frames)
        self._frames.clear()
        return frames
