"""Stand-ins for a recogniser that know all that callers may say, and tell which of it a sound is."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from callcenter import config
from callcenter.media.pcm import NARROWBAND, Samples, resample, sounding, to_samples
from callcenter.simulation.persona import Persona
from callcenter.simulation.voices import Voices
from callcenter.speech.wav import Wav

LIKE = 0.4
"""Sound that is less like a line than this is none."""


async def lines_of(callers: Iterable[Persona]) -> dict[str, Samples]:
    """The sound of all that they may say, by text."""
    voices = Voices(config.load().paths.cache)
    sounds = [await voices.rehearse(who) for who in callers]
    return {text: samples for said in sounds for text, samples in said.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByLikeness:
    """Knows which line a sound is most like, and when it is like none. Takes a while where there are many."""

    lines: Mapping[str, Samples]

    @classmethod
    async def of(cls, callers: Iterable[Persona]) -> Self:
        """For what they say."""
        return cls(lines=await lines_of(callers))

    async def transcribe(self, sound: bytes, language: str) -> str:
        """The line; nothing if it is like none."""
        wav = Wav.parse(sound)
        heard = resample(to_samples(wav.mono()), wav.rate, NARROWBAND)
        return await asyncio.to_thread(self._nearest, heard)

    def _nearest(self, heard: Samples) -> str:
        likeness = {text: _likeness(heard, line) for text, line in self.lines.items()}
        best = max(likeness, key=likeness.__getitem__)
        return best if likeness[best] > LIKE else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByLength:
    """Knows by how long it sounds which line was said: all must sound for times of their own."""

    lasts: Mapping[str, float]
    """Seconds."""

    @classmethod
    async def of(cls, callers: Iterable[Persona]) -> Self:
        """For what they say."""
        return cls(lasts={text: _lasts(line, NARROWBAND) for text, line in (await lines_of(callers)).items()})

    async def transcribe(self, sound: bytes, language: str) -> str:
        """What is nearest."""
        wav = Wav.parse(sound)
        lasted = _lasts(to_samples(wav.mono()), wav.rate)
        return min(self.lasts, key=lambda text: abs(self.lasts[text] - lasted))


def _likeness(one: Samples, other: Samples) -> float:
    """From 0 to 1: the two laid over each other as they fit best."""
    size = 1 << (one.size + other.size).bit_length()
    product_of_spectra = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.fft.irfft(product_of_spectra, size).max()) / norms if norms else 0.0


def _lasts(samples: Samples, rate: int) -> float:
    begins, ends = sounding(samples, rate)
    return (ends - begins) / rate
