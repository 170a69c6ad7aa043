"""Sentences made fit for a line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.mastering import CEILING, LEAD_MS, LEVEL, TAIL_MS, Floats, master


def sentence(rate: int, before: float, speech: float, after: float, level: float) -> Floats:
    tone = level * np.sin(2 * np.pi * 300 * np.arange(int(rate * speech)) / rate)
    return np.pad(tone, (int(rate * before), int(rate * after))).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("level", [0.01, 0.1, 0.9])
def test_silence_is_trimmed_and_speech_levelled(rate: int, level: float) -> None:
    mastered = master(sentence(rate, 0.5, 1.0, 0.7, level), rate)
    assert len(mastered) / rate == pytest.approx(1.0 + (LEAD_MS + TAIL_MS) / 1000, abs=0.011)
    middle = mastered[rate // 4 : rate * 3 // 4]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(LEVEL, rel=0.05)


def test_ends_are_silent() -> None:
    mastered = master(sentence(8000, 0, 1.0, 0, 0.5), 8000)
    assert mastered[0] == mastered[-1] == 0


def test_a_peak_does_not_clip() -> None:
    samples = sentence(8000, 0.1, 1.0, 0.1, 0.01)
    samples[4000] = 1.0
    assert np.abs(master(samples, 8000)).max() <= CEILING + 1e-6


@given(st.lists(st.floats(-1, 1, width=32), max_size=2000))
def test_any_samples(samples: list[float]) -> None:
    mastered = master(np.array(samples, np.float32), 8000)
    assert np.isfinite(mastered).all()
    assert np.abs(mastered).max(initial=0) <= CEILING + 1e-6
    assert len(mastered) <= len(samples)
