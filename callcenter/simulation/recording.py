"""Both sides of a call on one timeline, as a phone would have heard them."""

import wave
from pathlib import Path

import numpy as np

from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, rms_dbfs, to_pcm, to_samples

LONGEST_SLIP_S = 0.06
"""A frame this far from where its predecessor ended is placed where it arrived, even in the middle of a word."""


class Track:
    """One side: frames placed by time, so that what did not come is silence."""

    def __init__(self, origin: float) -> None:
        self._origin = origin
        self._placed: list[tuple[int, Samples]] = []
        self._end = 0
        self._sounding = False

    def add(self, at: float, pcm: bytes) -> bool:
        """Place a frame that arrived, or was sent, at loop time `at`; whether it sounds.

        A frame that goes on from a sounding one follows it without a gap, so that jitter does not cut up words.
        """
        samples = to_samples(pcm)
        position = round((at - self._origin) * NARROWBAND)
        if self._sounding and abs(position - self._end) <= LONGEST_SLIP_S * NARROWBAND:
            position = self._end
        if position >= 0:
            self._placed.append((position, samples))
            self._end = position + samples.size
        self._sounding = rms_dbfs(samples) > SILENCE_DBFS
        return self._sounding

    def samples(self, length: int | None = None) -> Samples:
        """The whole side at 8 kHz, cut or filled up to `length` samples if given."""
        size = max((position + samples.size for position, samples in self._placed), default=0)
        whole = np.zeros(max(size, length or 0), np.float32)
        for position, samples in self._placed:
            whole[position : position + samples.size] = samples
        return whole[:length]


class Recording:
    """The caller's and the agent's side, in seconds from `origin`, a loop time."""

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.caller = Track(origin)
        self.agent = Track(origin)

    def seconds(self, at: float) -> float:
        """A loop time on the recording's timeline."""
        return at - self.origin

    def save(self, path: Path) -> None:
        """Write a stereo WAV file: the caller on the left, the agent on the right."""
        caller, agent = self.caller.samples(), self.agent.samples()
        length = max(caller.size, agent.size)
        both = np.stack([self.caller.samples(length), self.agent.samples(length)], axis=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(NARROWBAND)
            file.writeframes(to_pcm(both.reshape(-1)))
