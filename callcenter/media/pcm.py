"""Linear PCM: 16-bit signed little-endian mono, in 20 ms frames on a line and in clips from a voice.

`bytes` hold 16-bit samples, `Samples` float32 ones between -1 and 1. Levels are in dBFS: 0 is a full-scale square wave.
"""

import math
from collections import deque
from dataclasses import dataclass
from itertools import islice

import numpy as np
import soxr
from numpy.typing import NDArray

FRAME_MS = 20
NARROWBAND = 8000
"""Samples per second of an ordinary telephone line."""
DIGITAL_SILENCE = 8
"""The smallest step of G.711: samples up to this are no sound, not even of a line."""
SILENCE_DBFS = -50.0
"""Quieter than this is silence: a voice's pauses and a line's noise are below, soft consonants above."""

Samples = NDArray[np.float32]

_FULL_SCALE = 32768
_WINDOW_MS = 10
_SURE_PAUSE_WINDOWS = 14
_OVER_NOISE_DB = 2.0
"""A pause's steady noise stays within this of its loudest 10 ms; more would hide too much of the end of a word."""


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
    by: str = ""
    """Who is paid for it, by characters; nobody for what was kept, or is spoken here."""
    ordered: str | None = None
    """What they are paid for, where that is not the text: of a text that comes in several clips all with the first one,
    whether the others are waited for or not."""

    @property
    def seconds(self) -> float:
        """How long it takes to play."""
        return len(self.pcm) / 2 / self.rate

    @property
    def characters_paid(self) -> int:
        """How many characters `by` is paid for."""
        if not self.by:
            return 0
        return len(self.text if self.ordered is None else self.ordered)


class FrameQueue:
    """The bounded queue between a line and the ear that listens to it; a full one drops its oldest frame."""

    def __init__(self, rate: int = NARROWBAND, limit: int = 100) -> None:
        self.rate = rate
        self.dropped = 0
        self._last = b""
        self._frames: deque[tuple[float, bytes]] = deque(maxlen=limit)

    def put(self, pcm: bytes, at: float) -> None:
        """Add a 20 ms frame of 16-bit PCM that arrived at loop time `at`."""
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._last = pcm
        self._frames.append((at, pcm))

    def drain(self) -> list[tuple[float, bytes]]:
        """Take all frames, oldest first, each with the loop time of its arrival."""
        frames = list(self._frames)
        self._frames.clear()
        return frames

    @property
    def silent(self) -> bool:
        """Whether the last frame, taken or not, is digital silence."""
        return not self._last or int(np.abs(np.frombuffer(self._last, "<i2").astype(np.int32)).max()) <= DIGITAL_SILENCE


class Trail:
    """What a line has sent lately, silence included: an echo is a copy of it.

    It counts samples as the line does; the ticks that the line missed were silence.
    """

    def __init__(self, rate: int, seconds: float = 1.0) -> None:
        self.rate = rate
        self.sounded_at = -math.inf
        """Loop time of the last frame that was not silence."""
        self._silence = bytes(frame_bytes(rate))
        self._frames: deque[bytes] = deque(maxlen=math.ceil(seconds * 1000 / FRAME_MS))
        self._count = 0
        self._last_at = 0.0

    def put(self, pcm: bytes | None, at: float, missed: int = 0) -> None:
        """Add the 20 ms that are sent at loop time `at`, after `missed` ticks without; None is silence."""
        self._frames.extend([self._silence] * min(missed, self._frames.maxlen or 0))
        self._frames.append(pcm or self._silence)
        self._count += missed + 1
        self._last_at = at
        if pcm:
            self.sounded_at = at

    def position(self, at: float) -> int:
        """How many samples the line had sent by loop time `at`, as if it sent sample by sample."""
        end = self._count * self.rate * FRAME_MS // 1000
        return min(end, end - round((self._last_at + FRAME_MS / 1000 - at) * self.rate))

    def samples(self, start: int, stop: int) -> Samples:
        """The samples from position `start` up to `stop`; silence where they are not known."""
        size = len(self._silence) // 2
        first = self._count - len(self._frames)
        begin, end = start // size - first, -(-stop // size) - first
        frames = list(islice(self._frames, max(0, begin), max(0, end)))
        before = self._silence * min(max(0, -begin), end - begin)
        known = (before + b"".join(frames)).ljust((end - begin) * size * 2, b"\0")
        offset = start - (begin + first) * size
        return to_samples(known)[offset : offset + stop - start]


def to_samples(pcm: bytes) -> Samples:
    """16-bit PCM as float32."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """float32 as 16-bit PCM; what is beyond full scale is clipped."""
    scaled = np.rint(samples * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """A whole utterance or sentence at another rate; not for single frames, whose edges it would smear."""
    if from_rate == to_rate or not samples.size:
        return samples
    return np.asarray(soxr.resample(samples, from_rate, to_rate, quality="HQ"), np.float32)


def peak_dbfs(samples: Samples) -> float:
    """The level of the largest sample; minus infinity for silence."""
    return _dbfs(float(np.max(np.abs(samples), initial=0.0)))


def rms_dbfs(samples: Samples) -> float:
    """The mean level; minus infinity for silence."""
    return _dbfs(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))) if samples.size else -math.inf


def sounding(samples: Samples, rate: int, silence_dbfs: float = SILENCE_DBFS) -> tuple[int, int]:
    """Where the sound begins and ends, as a slice of `samples`, to 10 ms; (0, 0) when all is silence."""
    loud = np.flatnonzero(_window_power(samples, rate) > _power(silence_dbfs))
    if not loud.size:
        return 0, 0
    window = rate * _WINDOW_MS // 1000
    return int(loud[0]) * window, min((int(loud[-1]) + 1) * window, samples.size)


def trim_silence(samples: Samples, rate: int, keep_ms: int = 30, silence_dbfs: float = SILENCE_DBFS) -> Samples:
    """Without the silence before and after the sound, but for `keep_ms` of each; empty when all is silence."""
    start, end = sounding(samples, rate, silence_dbfs)
    keep = rate * keep_ms // 1000 if end else 0
    return samples[max(0, start - keep) : end + keep]


def pause_after_sound(samples: Samples, rate: int) -> int | None:
    """How many milliseconds of pause are at the end of an utterance, to 10 ms, steady noise counting as pause.

    The last 140 ms must be pause, and are the measure of it: sound is what is louder than they ever are. Of what noise
    covers nothing can be said, so in steady noise the pause is found to begin up to a syllable's fading early, never
    late; in babble it may be either. None when nothing is louder, or there is too little of it.
    """
    power = _window_power(samples[samples.size % (rate * _WINDOW_MS // 1000) :], rate)[::-1]
    pause, before = power[:_SURE_PAUSE_WINDOWS], power[_SURE_PAUSE_WINDOWS:]
    if before.size < 3:
        return None
    loud = before > max(float(pause.max()) * _power(_OVER_NOISE_DB), _power(SILENCE_DBFS))
    # A single window is a click of the line: two of three make a sound.
    sound = np.flatnonzero(loud[:-2] & (loud[1:-1] | loud[2:]))
    return (_SURE_PAUSE_WINDOWS + int(sound[0])) * _WINDOW_MS if sound.size else None


def normalise_loudness(
    samples: Samples, rate: int, target_dbfs: float = -20.0, peak_limit_dbfs: float = -1.0
) -> Samples:
    """With the mean level of its sounding parts at `target_dbfs`, or lower where peaks would pass the limit."""
    power = _window_power(samples, rate)
    active = power[power > _power(SILENCE_DBFS)]
    if not active.size:
        return samples
    gain_db = target_dbfs - 10 * math.log10(float(active.mean()))
    gain_db = min(gain_db, peak_limit_dbfs - peak_dbfs(samples))
    return samples * np.float32(10 ** (gain_db / 20))


def _window_power(samples: Samples, rate: int) -> NDArray[np.float64]:
    """The mean square of each 10 ms; the last window is filled up with silence."""
    window = rate * _WINDOW_MS // 1000
    windows = np.append(samples, np.zeros(-samples.size % window, np.float32)).reshape(-1, window)
    power: NDArray[np.float64] = np.einsum("ij,ij->i", windows, windows).astype(np.float64) / window
    return power


def _power(dbfs: float) -> float:
    return float(10 ** (dbfs / 10))


def _dbfs(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
