"""Hears the beep of a voicemail, after which it records. Pure: frames in, a verdict out.

A beep is one pure tone of 350 to 2,100 Hz that keeps its pitch for at least 140 ms and at most 3 s. A vowel has many
harmonics, or moves; the tones of the network (ringing, busy) last longer or are two.
"""

from enum import Enum

import numpy as np

from callcenter.media.pcm import FRAME_MS, SILENCE_DBFS, Samples, rms_dbfs, to_samples

SHORTEST_MS = 140
LONGEST_MS = 3000
LOWEST_HZ, HIGHEST_HZ = 350.0, 2100.0
QUIET_MS = 3000
"""A machine that is silent for so long has beeped unheard, or does not beep."""

_PURE = 0.95
"""The share of a frame's power within 75 Hz of its peak; a sine in a Hann window of 20 ms has more than 0.98."""
_WIDTH_HZ = 75.0
_DRIFT_HZ = 20.0
_POINTS = 1024
_LOUD_DBFS = -40.0


class Verdict(Enum):
    """What a machine does."""

    TALKS = "talks"
    """Or is about to."""
    BEEPED = "beeped"
    """Its beep is over: it records."""
    QUIET = "quiet"


class BeepListener:
    """Listens to one machine, frame by frame of 20 ms."""

    def __init__(self, rate: int) -> None:
        size = rate * FRAME_MS // 1000
        self._window = np.hanning(size).astype(np.float32)
        self._hz = np.fft.rfftfreq(_POINTS, 1 / rate).astype(np.float32)
        self._pitch = 0.0
        self._tone_ms = 0
        self._quiet_ms = 0

    def hear(self, pcm: bytes) -> Verdict:
        """What the machine does, with this frame of 16-bit PCM."""
        samples = to_samples(pcm)
        level = rms_dbfs(samples)
        pitch = self._pure_pitch(samples) if level > _LOUD_DBFS else None
        tone_ms = self._tone_ms
        self._follow(pitch)
        self._quiet_ms = self._quiet_ms + FRAME_MS if level < SILENCE_DBFS else 0
        if SHORTEST_MS <= tone_ms <= LONGEST_MS and self._tone_ms < tone_ms:
            return Verdict.BEEPED
        return Verdict.QUIET if self._quiet_ms >= QUIET_MS else Verdict.TALKS

    def _follow(self, pitch: float | None) -> None:
        if pitch is None:
            self._tone_ms = 0
            return
        same = self._tone_ms and abs(pitch - self._pitch) <= _DRIFT_HZ
        self._tone_ms = self._tone_ms + FRAME_MS if same else FRAME_MS
        self._pitch = pitch

    def _pure_pitch(self, samples: Samples) -> float | None:
        """The frequency of a frame that is a tone, else None."""
        power = np.abs(np.fft.rfft(samples * self._window, _POINTS)) ** 2
        pitch = float(self._hz[int(np.argmax(power))])
        near = float(power[np.abs(self._hz - pitch) <= _WIDTH_HZ].sum())
        pure = near >= _PURE * float(power.sum()) and LOWEST_HZ <= pitch <= HIGHEST_HZ
        return pitch if pure else None
