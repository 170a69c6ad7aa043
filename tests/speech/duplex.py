"""Two voices on one line, made of pulses and noise, so that what is echo and what is caller is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from callcenter.media.pcm import Samples, Trail, resample, to_pcm
from callcenter.speech.utterances import Window

RATE = 8000
FRAME = 160
WINDOW = 256
"""Samples."""
LINE_NOISE_DBFS = -55.0


def voice(seed: int, seconds: float, *, pitch: float = 120.0, dbfs: float = -20.0) -> Samples:
    """Syllables of a fifth of a second: pulses and some breath, through three resonances that move each time."""
    random = np.random.default_rng(seed)
    size = RATE // 5
    syllables = [_syllable(random, size, pitch) for _ in range(round(seconds * 5))]
    samples = np.concatenate(syllables)
    return np.asarray(samples * (10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(samples)))), np.float32)


def _syllable(random: np.random.Generator, size: int, pitch: float) -> Samples:
    phase = np.cumsum(np.linspace(1, random.uniform(0.8, 1.2), size) * pitch * random.uniform(0.9, 1.1)) / RATE
    source = np.diff(np.floor(phase), prepend=0.0) + 0.05 * random.standard_normal(size)
    x = np.fft.rfftfreq(2 * size, 1 / RATE)
    response = np.full(x.size, 0.05, np.complex128)
    for low, high in ((300, 800), (900, 2200), (2300, 3200)):
        f = random.uniform(low, high)
        response += f * 120 / (f * f - x * x + 120j * x)
    shaped = np.fft.irfft(np.fft.rfft(source, 2 * size) * response)[:size]
    return np.asarray(shaped * np.sin(np.pi * np.arange(size) / size) ** 0.5, np.float32)


def noise(seed: int, size: int, dbfs: float) -> Samples:
    """White noise."""
    return np.asarray(np.random.default_rng(seed).standard_normal(size) * 10 ** (dbfs / 20), np.float32)


def echo_of(samples: Samples, *, delay_ms: float, down_db: float, filtered: bool = False) -> Samples:
    """`samples` later and softer, and with `filtered` through some reflections within 3 ms."""
    path = np.zeros(25)
    path[0] = 1.0
    if filtered:
        path[[3, 7, 12, 24]] = 0.5, -0.4, 0.3, -0.2
    came = np.convolve(samples, path)[: samples.size]
    came *= np.sqrt(np.mean(np.square(samples)) / np.mean(np.square(came))) * 10 ** (-down_db / 20)
    late = round(delay_ms * RATE / 1000)
    return np.asarray(np.concatenate([np.zeros(late), came])[: samples.size], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplex:
    """A line in time: the agent's frames go into `trail` as they are sent, the windows come out as they arrive."""

    trail: Trail
    sent: Samples
    received: Samples
    rate: int = RATE

    def windows(self) -> Iterator[Window]:
        """Each window once its last frame has arrived, to loop times from 0 on."""
        pcm = to_pcm(self.received)
        frame_size, size = FRAME * self.rate // RATE, WINDOW * self.rate // RATE
        ticks = 0
        for end in range(size, self.received.size + 1, size):
            arrived = -(-end // frame_size) * 0.02
            while ticks * 0.02 <= arrived:
                frame = to_pcm(self.sent[ticks * frame_size :][:frame_size])
                self.trail.put(frame if any(frame) else None, ticks * 0.02)
                ticks += 1
            began = (end - size) // frame_size * 0.02 + 0.02
            yield Window(pcm=pcm[(end - size) * 2 : end * 2], began=began, ended=arrived)


def duplex(sent: Samples, received: Samples, seed: int = 0, rate: int = RATE) -> Duplex:
    """`sent` by the agent, `received` from the caller, echo included; the line's own noise is added."""
    said, came = resample(sent, RATE, rate), resample(received, RATE, rate)
    return Duplex(trail=Trail(rate), sent=said, received=came + noise(seed, came.size, LINE_NOISE_DBFS), rate=rate)
