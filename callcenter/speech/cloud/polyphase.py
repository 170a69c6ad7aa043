"""Sound at another rate while it is still coming: pieces that fit together as if they had been one.

A polyphase FIR low-pass (Crochiere and Rabiner, "Multirate Digital Signal Processing", chapter 3) with a Kaiser window.
It looks 2 ms ahead from 24 to 8 kHz, where soxr's streaming mode holds back 60 ms and more.
"""

from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from callcenter.media.pcm import Samples

STOP_DB = 70.0
"""What would be mirrored into the telephone band is quieter by this."""
TRANSITION = 0.3
"""Of the lower Nyquist frequency, half on either side of it: for 8 kHz all is kept up to 3.4 kHz, and what is mirrored
from above lands above that."""


class Resampler:
    """Of one sound."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        common = gcd(from_rate, to_rate)
        self._up, self._down = to_rate // common, from_rate // common
        self._bank = _bank(self._up, self._down)
        self._reach = self._bank.shape[1] // 2
        """Samples that are looked at on either side of one."""
        self._held: Samples = np.zeros(self._reach, np.float32)
        self._first = -self._reach
        """The position of the first one held."""
        self._next = 0
        """How many came out."""

    def feed(self, samples: Samples) -> Samples:
        """What can be said of the sound up to now."""
        if self._up == self._down:
            return samples
        self._held = np.concatenate((self._held, samples))
        end = ceil((self._first + self._held.size - self._reach) * self._up / self._down)
        if end <= self._next:
            return samples[:0]
        positions = np.arange(self._next, end) * self._down
        windows = sliding_window_view(self._held, self._bank.shape[1])
        seen = windows[positions // self._up - self._reach - self._first]
        fresh = np.einsum("ij,ij->i", seen, self._bank[positions % self._up])
        self._next = end
        keep = end * self._down // self._up - self._reach - self._first
        self._held, self._first = self._held[keep:], self._first + keep
        return np.asarray(fresh, np.float32)

    def finish(self) -> Samples:
        """The rest, now that nothing more comes."""
        return self.feed(np.zeros(0 if self._up == self._down else self._reach, np.float32))


@lru_cache(maxsize=8)
def _bank(up: int, down: int) -> Samples:
    """Of each phase, the weights of the samples around it, `[phase, sample]`."""
    widest = max(
        up, down
    )  # the lower Nyquist frequency is 1 / (2 * widest) of the rate at which all phases are samples
    half = ceil((STOP_DB - 7.95) / (14.36 * TRANSITION / (2 * widest)) / 2)  # Kaiser's estimate of the length
    reach = half // up + 1
    places = np.arange(up)[:, None] - np.arange(-reach, reach + 1)[None, :] * up
    inside = np.clip(1 - (places / half) ** 2, 0, None)
    beta = 0.1102 * (STOP_DB - 8.7)
    window = np.where(np.abs(places) <= half, np.i0(beta * np.sqrt(inside)) / np.i0(beta), 0)
    weights = np.sinc(places / widest) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
