"""Where the caller's sound ends, found in the sound alone. The truth is known, for the sound is made here."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.media.g711 import CODECS
from callcenter.media.pcm import Samples, pause_after_sound, to_pcm, to_samples

LEVEL_DBFS = -20.0
SPEECH_S = 0.8
HISS_MS = 150


def tone(rate: int) -> Samples:
    moments = np.arange(round(SPEECH_S * rate)) / rate
    return _levelled(np.sin(2 * np.pi * 300 * moments))


def voice(rate: int) -> Samples:
    """Like a vowel: a pitch of 120 Hz with its harmonics under two formants, in syllables of 200 ms."""
    moments = np.arange(round(SPEECH_S * rate)) / rate
    harmonics = [120 * number for number in range(1, 28)]
    weight = {hertz: max(np.exp(-(((hertz - peak) / 250) ** 2)) for peak in (600, 1700)) for hertz in harmonics}
    sound = sum(weight[hertz] * np.sin(2 * np.pi * hertz * moments + hertz) for hertz in harmonics)
    return _levelled(sound * np.abs(np.cos(2 * np.pi * 2.5 * moments)))


def consonant(rate: int) -> Samples:
    """A vowel and then an s: noise without its low frequencies, 10 dB quieter."""
    hiss = np.diff(np.random.default_rng(7).standard_normal(rate * HISS_MS // 1000 + 1)).astype(np.float32)
    return np.concatenate([voice(rate), _levelled(hiss) * np.float32(10 ** (-10 / 20))])


def _levelled(sound: Samples) -> Samples:
    return np.asarray(sound * (10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(np.square(sound)))), np.float32)


def noise(size: int, snr_db: float, seed: int = 1) -> Samples:
    white = np.random.default_rng(seed).standard_normal(size)
    return np.asarray(white * 10 ** ((LEVEL_DBFS - snr_db) / 20), np.float32)


def paused(speech: Samples, rate: int, pause_ms: int, snr_db: float | None = None) -> Samples:
    whole = np.concatenate([speech, np.zeros(rate * pause_ms // 1000, np.float32)])
    return whole if snr_db is None else whole + noise(whole.size, snr_db)


@pytest.mark.parametrize("pause_ms", [150, 200, 230, 600, 1100])
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize(
    ("speech", "snr_db", "hidden_ms"),
    [
        *((speech, snr_db, 0) for speech in (tone, voice) for snr_db in (None, 20.0, 10.0, 6.0)),
        (consonant, None, 0),
        (consonant, 20.0, 0),
        (consonant, 6.0, HISS_MS),
    ],
)
def test_the_end_is_found(
    speech: Callable[[int], Samples], snr_db: float | None, hidden_ms: int, rate: int, pause_ms: int
) -> None:
    """The last syllable of `voice` ends in full swing, so noise hides nothing of it; an s it can hide."""
    found = pause_after_sound(paused(speech(rate), rate, pause_ms, snr_db), rate)
    assert found == pytest.approx(pause_ms + hidden_ms, abs=10)


@pytest.mark.parametrize("pause_ms", [200, 205, 209, 214, 333])
def test_to_10_ms_wherever_the_windows_fall(pause_ms: int) -> None:
    found = pause_after_sound(paused(tone(8000), 8000, pause_ms), 8000)
    assert found is not None
    assert 0 <= pause_ms - found < 10


@pytest.mark.parametrize("codec", ["ulaw", "alaw"])
def test_after_a_telephone_line(codec: str) -> None:
    line = CODECS[codec]
    heard = to_samples(line.decode(line.encode(to_pcm(paused(voice(8000), 8000, 230, 20.0)))))
    assert pause_after_sound(heard, 8000) == pytest.approx(230, abs=10)


@pytest.mark.parametrize("snr_db", [10.0, 20.0])
def test_a_voice_that_fades_is_followed_down_to_the_noise(snr_db: float) -> None:
    """60 dB in 300 ms: in noise it ends where it meets it, but for a few decibels of margin."""
    fading = voice(8000)
    fading[-2400:] *= np.float32(10) ** (-60 / 20 * np.arange(2400, dtype=np.float32) / 2400)
    found = pause_after_sound(paused(fading, 8000, 200, snr_db), 8000)
    met = 200 + 300 * (1 - snr_db / 60)
    assert found is not None
    assert met - 20 <= found <= met + 60


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(8000, np.float32),
        np.full(1280, 0.1, np.float32),
        noise(8000, 10.0),
        noise(8000, 0.0),
        paused(tone(8000) * np.float32(0.001), 8000, 300),
    ],
    ids=["nothing", "silence", "too short", "noise", "loud noise", "too quiet"],
)
def test_no_sound(samples: Samples) -> None:
    assert pause_after_sound(samples, 8000) is None


def test_a_click_in_the_pause_is_no_sound() -> None:
    sound = paused(voice(8000), 8000, 400, 20.0)
    sound[-1680:-1640] += np.float32(0.5)
    assert pause_after_sound(sound, 8000) == pytest.approx(400, abs=10)


@settings(deadline=None)
@given(
    pause_ms=st.integers(min_value=150, max_value=1500),
    snr_db=st.one_of(st.none(), st.floats(min_value=10, max_value=40)),
    seed=st.integers(min_value=0, max_value=2**32 - 1),
    gain_db=st.floats(min_value=-12, max_value=6),
)
def test_whatever_pause_noise_and_level(pause_ms: int, snr_db: float | None, seed: int, gain_db: float) -> None:
    sound = paused(voice(8000), 8000, pause_ms)
    if snr_db is not None:
        sound = sound + noise(sound.size, snr_db, seed)
    found = pause_after_sound(sound * np.float32(10 ** (gain_db / 20)), 8000)
    assert found is not None
    assert -20 <= found - pause_ms <= 20
