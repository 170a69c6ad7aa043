"""A cough, made: a burst as the throat opens, a noisy breath that dies away, and sometimes a little voice at its end.

The three phases and their lengths are those that acoustic studies of cough describe (explosive 30 to 60 ms,
intermediate 150 to 300 ms, voiced where there is one); the resonances are those of an open vocal tract.
"""

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, Samples, normalise_loudness, trim_silence
from callcenter.simulation.noise import SPEECH_DBFS

BURST_S = (0.03, 0.06)
BREATH_S = (0.15, 0.3)
VOICE_S = (0.05, 0.12)
VOICED = 0.4
"""The share of coughs that end with some voice."""
RESONANCES = ((550.0, 900.0), (1300.0, 1800.0), (2400.0, 2900.0))
"""Hz, the range of each formant."""
BANDWIDTHS = (150.0, 220.0, 300.0)
"""Hz at half the power, of the same."""
PITCH_HZ = (110.0, 200.0)
BREATH_DB = (-9.0, -5.0)
VOICE_DB = (-16.0, -10.0)
"""Against the burst."""

Sound = NDArray[np.float64]


def cough(seed: int) -> Samples:
    """One cough at 8 kHz and the level of a caller's speech; another for each seed."""
    random = np.random.default_rng(seed)
    burst = _lasting(random, BURST_S)
    breath = _lasting(random, BREATH_S)
    phases = [_noise(random, burst, attack_s=0.003, decay=1.0), _noise(random, breath, attack_s=0.01, decay=3.0)]
    levels = [0.0, random.uniform(*BREATH_DB)]
    if random.random() < VOICED:
        phases.append(_voice(random, _lasting(random, VOICE_S)))
        levels.append(random.uniform(*VOICE_DB))
    source = np.concatenate([_at(phase, level) for phase, level in zip(phases, levels, strict=True)])
    shaped = _resonant(source, [random.uniform(*bounds) for bounds in RESONANCES])
    loud = normalise_loudness(shaped.astype(np.float32), NARROWBAND, SPEECH_DBFS)
    return trim_silence(loud, NARROWBAND, keep_ms=0)


def _lasting(random: np.random.Generator, bounds: tuple[float, float]) -> int:
    return round(random.uniform(*bounds) * NARROWBAND)


def _noise(random: np.random.Generator, size: int, *, attack_s: float, decay: float) -> Sound:
    """Noise that sets in within `attack_s` and falls by a factor of e `decay` times."""
    moments = np.arange(size) / NARROWBAND
    envelope = np.minimum(moments / attack_s, 1.0) * np.exp(-decay * np.arange(size) / size)
    return np.asarray(random.standard_normal(size) * envelope)


def _voice(random: np.random.Generator, size: int) -> Sound:
    """Glottal pulses of a falling pitch, with breath in them, that swell and fade."""
    pitch = np.linspace(1.0, 0.9, size) * random.uniform(*PITCH_HZ)
    phase = np.cumsum(pitch) / NARROWBAND
    pulses = np.diff(np.floor(phase), prepend=0.0) + 0.02 * random.standard_normal(size)
    return np.asarray(pulses * np.sin(np.pi * np.arange(size) / size))


def _at(sound: Sound, db: float) -> Sound:
    return np.asarray(sound * (10 ** (db / 20) / np.sqrt(np.mean(np.square(sound)))))


def _resonant(source: Sound, formants: list[float]) -> Sound:
    """`source` through the formants, in parallel, with a little of itself.

    The response of a resonance at f Hz with bandwidth b is that of a damped oscillator:
    f^2 / (f^2 - x^2 + i b x) at x Hz. Applied over the whole sound at once, with room for it to ring.
    """
    size = source.size + NARROWBAND // 20
    x = np.fft.rfftfreq(size, 1 / NARROWBAND)
    response = np.full(x.size, 0.3, np.complex128)
    for number, (f, b) in enumerate(zip(formants, BANDWIDTHS, strict=True)):
        response += (-1) ** number * f * b / (f * f - x * x + 1j * b * x)
    response *= np.clip((x - 100) / 200, 0, 1)
    return np.fft.irfft(np.fft.rfft(source, size) * response, size)
