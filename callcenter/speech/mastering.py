"""Makes a rendered sentence fit for a telephone line: trimmed, levelled, faded."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK_MS = 10
FLOOR = 0.02
"""Below this part of the loudest block (-34 dB) is silence."""
NOTHING = 1e-4
"""-80 dBFS."""
LEAD_MS = 20
TAIL_MS = 120
"""A short natural margin: clauses are rendered one by one and follow each other."""
LEVEL = 0.1
"""-20 dBFS, what telephone networks expect of speech."""
CEILING = 0.9
FADE_MS = 5


def master(samples: Floats, rate: int) -> Floats:
    """Mono samples in -1..1 with short margins, speech at -20 dBFS RMS unless that would clip, no click at the ends."""
    block = rate * BLOCK_MS // 1000
    loudness = _loudness(samples, block)
    loudest = loudness.max(initial=0.0)
    if loudest < NOTHING:
        return np.zeros(0, np.float32)
    loud = np.flatnonzero(loudness > FLOOR * loudest)
    first = max(0, int(loud[0]) * block - rate * LEAD_MS // 1000)
    last = (int(loud[-1]) + 1) * block + rate * TAIL_MS // 1000
    speech = np.sqrt(np.mean(loudness[loud] ** 2))
    gain = min(LEVEL / speech, CEILING / np.abs(samples).max())
    return _fade((samples[first:last] * gain).astype(np.float32), rate * FADE_MS // 1000)


def _loudness(samples: Floats, block: int) -> Floats:
    """RMS of each block."""
    whole = np.pad(samples, (0, -len(samples) % block)).reshape(-1, block)
    rms: Floats = np.sqrt(np.mean(whole.astype(np.float64) ** 2, axis=1)).astype(np.float32)
    return rms


def _fade(samples: Floats, length: int) -> Floats:
    ramp = np.linspace(0, 1, min(length, len(samples)), dtype=np.float32)
    samples[: len(ramp)] *= ramp
    samples[len(samples) - len(ramp) :] *= ramp[::-1]
    return samples
