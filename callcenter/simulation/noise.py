"""What is heard under a caller: white noise, or babble made of noise shaped and modulated like several voices."""

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, Samples
from callcenter.simulation.persona import Noise

LOOP_S = 10
SPEECH_DBFS = -20.0
"""The level that every clip of a caller is brought to, over its sounding parts."""

TALKERS = 6
SYLLABLES_HZ = 4.0
"""Speech is modulated most strongly at 3 to 5 Hz."""


def loop(noise: Noise, seed: int) -> Samples:
    """Ten seconds of `noise` at 8 kHz that can be repeated without a click, `snr_db` below the caller's speech."""
    random = np.random.default_rng(seed)
    shaped = _white(random) if noise.kind == "white" else _babble(random)
    level = 10 ** ((SPEECH_DBFS - noise.snr_db) / 20)
    return np.asarray(shaped * (level / np.sqrt(np.mean(np.square(shaped)))), np.float32)


def _white(random: np.random.Generator) -> NDArray[np.float64]:
    return random.standard_normal(LOOP_S * NARROWBAND)


def _babble(random: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.sum([_talker(random) for _ in range(TALKERS)], axis=0))


def _talker(random: np.random.Generator) -> NDArray[np.float64]:
    """Noise with the long-term spectrum of speech (flat to 500 Hz, then 9 dB less per octave), in syllables."""
    frequency = np.fft.rfftfreq(LOOP_S * NARROWBAND, 1 / NARROWBAND)
    slope = (np.maximum(frequency, 500) / 500) ** (-9 / 6.02)
    slope[frequency < 100] = 0
    voice = np.fft.irfft(np.fft.rfft(_white(random)) * slope)
    envelope = np.fft.rfft(_white(random))
    envelope[frequency > SYLLABLES_HZ] = 0
    return np.asarray(voice * np.abs(np.fft.irfft(envelope)))
