"""The echo of the agent in what a line receives: found by correlation with what was played, then taken away.

Where in what was played the sound comes from is found by the normalised cross-correlation of both, whitened by the
linear prediction of what was received: speech resembles itself at every pitch period, its prediction error does not.
From there on the way of the echo is a short filter, fitted by least squares to all echo so far (the normal equations
of a Wiener filter, with older sound fading). What the filter does not explain is no echo: a caller is heard over it.

On a wideband line all this is done with the lower half of the band, where nearly all of a voice is: the filter is then
as short as on a narrow line, and what was found out there holds.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, Samples, Trail, to_samples
from callcenter.speech.utterances import WINDOW_MS

LONGEST_MS = 500
"""An echo comes back within this: two networks, their jitter buffers and a loudspeaker. Most come within 300."""
LISTEN_MS = 256
"""So much sound is searched for. With 32 ms an echo 20 dB down through a filter of 3 ms was found in 25 of 100 windows,
with 64 in 43, with 128 in 82, at thresholds that 2 of 100 windows of another voice passed."""
ALIKE = 0.25
"""Such a threshold: the correlation by chance falls with the root of the length, from .49 at 32 ms to .33 at 128."""
ORDER = 10
"""Of the linear prediction: usual for speech at 8 kHz."""
TAPS_BEFORE = 16
TAPS = 64
"""The filter, 8 ms at 8 kHz, and how much of it lies before the strongest tap."""
ROWS = 64
"""Sums of products are formed over so many samples at a time: 64 x 64 x 64 is the largest matrix product, and
9,216 elements the largest matrix times vector, that OpenBLAS does on the calling thread. Over a whole window its
threads take ten times as long on busy cores."""
REGULAR = 1e-3
"""Of the mean power, added to the diagonal so that what was not excited stays out of the filter."""
FADE = 0.9
"""What a window's weight is multiplied by with each newer one."""
SHARE = 0.5
"""A window of which less than this is explained teaches the filter nothing: somebody talks."""
MOSTLY = 0.85
"""A window of which so much is explained is an echo however loud the rest: 8 ms of filter leave some of a loud one."""
CERTAIN = 6
"""So many windows must have been explained: by chance, or by another voice of the same pitch, a few may be."""
HALF_BAND = 31
"""Taps of the low-pass before every second sample is left out: 1.9 ms at 16 kHz."""

Floats = NDArray[np.float64]


class Echo:
    """The echo on one line."""

    def __init__(self, played: Trail) -> None:
        self._played = Played(played)
        self._narrow = Narrow(played.rate)
        self._heard: deque[Samples] = deque(maxlen=LISTEN_MS // WINDOW_MS)
        self._count = 0
        """Samples received."""
        self._way: _Way | None = None
        self._explained = 0

    @property
    def known(self) -> bool:
        """There is an echo, and it is certain how it sounds."""
        return self._explained >= CERTAIN

    def hear(self, pcm: bytes) -> None:
        """Take the next window received; every one, so that positions are right."""
        self._heard.append(self._narrow.next(to_samples(pcm)))
        self._count += self._heard[-1].size

    def leaves(self, dbfs: float, ended: float) -> bool:
        """Whether the window heard last, which ended at loop time `ended`, is as loud as `dbfs` without the echo.

        Takes 130 µs of one core while the echo is known, 190 while there is none, 1,000 when it is found.
        """
        window = self._heard[-1]
        energy, least = float(window @ window), window.size * 10 ** (dbfs / 10)
        if energy < least:
            return False
        left = self._left(self._way, window) if self._way else energy
        if left >= least and left > (1 - SHARE) * energy and (found := self._search(ended)):
            left_by_found = self._left(found, window)
            if left_by_found <= (1 - SHARE) * energy:
                self._way, self._explained, left = found, 0, left_by_found
        if self._way and left <= (1 - SHARE) * energy:
            self._explained += 1
            self._way.learn(self._sources(self._way, window.size), window)
            self._way.fit()
        return left >= least and left > (1 - MOSTLY) * energy

    def _left(self, way: "_Way", window: Samples) -> float:
        rest = window - way.echo(self._sources(way, window.size))
        return float(rest @ rest)

    def _sources(self, way: "_Way", size: int, age: int = 0) -> Floats:
        """What was played, as the filter takes it in, for each of `size` samples heard `age` ago; [size, TAPS]."""
        start = self._count - age - size + way.ahead + TAPS_BEFORE - TAPS + 1
        played = self._played.samples(start, start + size + TAPS - 1)
        return np.lib.stride_tricks.sliding_window_view(played, TAPS).astype(np.float64)

    def _search(self, ended: float) -> "_Way | None":
        received = np.concatenate(self._heard)
        span = NARROWBAND * LONGEST_MS // 1000
        start = self._played.position(ended) - received.size - span
        played = self._played.samples(start, start + span + received.size)
        whitening = _prediction_error(received)
        alike = _alike(np.convolve(received, whitening)[: received.size], np.convolve(played, whitening)[: played.size])
        best = int(np.argmax(np.abs(alike)))
        if abs(alike[best]) < ALIKE:
            return None
        way = _Way(ahead=start + best - (self._count - received.size))
        age = received.size
        for window in self._heard:
            age -= window.size
            way.learn(self._sources(way, window.size, age), window)
        way.fit()
        return way


class Narrow:
    """Sound that comes in pieces, at 8 kHz; positions are halved where it comes at 16."""

    def __init__(self, rate: int) -> None:
        self.factor = rate // NARROWBAND
        self._before: Samples = np.zeros(HALF_BAND - 1, np.float32)

    def next(self, samples: Samples) -> Samples:
        """The next piece, an even number of samples."""
        if self.factor == 1:
            return samples
        known = np.concatenate([self._before, samples])
        self._before = known[-HALF_BAND + 1 :]
        return halved(known)


class Played:
    """What a line has played, at 8 kHz."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._factor = trail.rate // NARROWBAND

    def position(self, at: float) -> int:
        """As that of the trail."""
        return self._trail.position(at) // self._factor

    def samples(self, start: int, stop: int) -> Samples:
        """As those of the trail."""
        if self._factor == 1:
            return self._trail.samples(start, stop)
        return halved(self._trail.samples(2 * start - HALF_BAND + 1, 2 * stop))


def halved(known: Samples) -> Samples:
    """Every second sample of what is under 3.6 kHz; the first HALF_BAND - 1 of the `known` ones come before it."""
    return np.convolve(known, _LOW_PASS, "valid")[::2].astype(np.float32)


_LOW_PASS = (0.45 * np.sinc(0.45 * (np.arange(HALF_BAND) - HALF_BAND // 2)) * np.hamming(HALF_BAND)).astype(np.float32)


class _Way:
    """How the echo comes about."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        """Position of the echo's source in what was played, less that in what was received."""
        self._filter: Floats = np.zeros(TAPS)
        self._squares: Floats = np.zeros((TAPS, TAPS))
        self._products: Floats = np.zeros(TAPS)

    def echo(self, sources: Floats) -> Floats:
        """What comes back of `sources`."""
        return np.concatenate([sources[row : row + ROWS] @ self._filter for row in range(0, len(sources), ROWS)])

    def learn(self, sources: Floats, window: Samples) -> None:
        """What came back of `sources` was `window`."""
        self._squares *= FADE
        self._products *= FADE
        for row in range(0, len(sources), ROWS):
            some = sources[row : row + ROWS]
            self._squares += some.T @ some
            self._products += some.T @ window[row : row + ROWS]

    def fit(self) -> None:
        """Use what was learnt."""
        regular = REGULAR * np.trace(self._squares) / TAPS + 1e-12
        self._filter = np.linalg.solve(self._squares + regular * np.eye(TAPS), self._products)


def _prediction_error(samples: Samples) -> Samples:
    """The filter that whitens `samples`: 1, and less the coefficients of linear prediction (autocorrelation method)."""
    lags = np.array([float(np.dot(samples[lag:], samples[: samples.size - lag])) for lag in range(ORDER + 1)])
    lags[0] = lags[0] * 1.001 + 1e-9
    matrix = lags[np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))]
    return np.append(1.0, -np.linalg.solve(matrix, lags[1:])).astype(np.float32)


def _alike(wanted: Samples, played: Samples) -> Samples:
    """The normalised cross-correlation of `wanted` with `played` from each of its samples on, as far as it reaches."""
    size = -(-played.size // 1024) * 1024  # what wraps around is behind what is asked for
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(wanted, size))
    products = np.fft.irfft(spectrum, size)[: played.size - wanted.size + 1]
    energy = np.cumsum(np.append(0.0, np.square(played, dtype=np.float64)))
    energies = energy[wanted.size :] - energy[: -wanted.size]
    # Where hardly anything was played nothing can resemble it.
    least = max(1e-3 * float(energies.max()), 1e-12)
    return np.asarray(products / np.sqrt(np.maximum(energies, least) * max(float(wanted @ wanted), 1e-12)), np.float32)
