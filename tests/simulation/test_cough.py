"""Coughs that are made: that they have a cough's shape, and no two are the same."""

import numpy as np
import pytest

from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, sounding
from callcenter.simulation.cough import cough

SEEDS = range(30)


def level(samples: Samples, start_s: float, end_s: float) -> float:
    return rms_dbfs(samples[int(start_s * NARROWBAND) : int(end_s * NARROWBAND)])


@pytest.mark.parametrize("seed", SEEDS)
def test_bursts_and_dies_away(seed: int) -> None:
    samples = cough(seed)
    start, end = sounding(samples, NARROWBAND)
    assert start <= NARROWBAND // 100
    assert 0.15 < (end - start) / NARROWBAND < 0.55
    assert level(samples, 0, 0.03) > level(samples, 0.07, 0.17) + 2
    assert -26 < level(samples, 0, 0.1) < -8
    assert np.abs(samples).max() < 1


def test_most_are_without_voice() -> None:
    """The end of a voiced one repeats itself at its pitch."""
    voiced = [seed for seed in SEEDS if periodicity(cough(seed)[-NARROWBAND // 16 :]) > 0.3]
    assert 4 <= len(voiced) <= 20


def periodicity(samples: Samples) -> float:
    """The largest correlation with itself 4 to 14 ms later."""
    lags = range(NARROWBAND * 4 // 1000, NARROWBAND * 14 // 1000)
    return max(float(np.corrcoef(samples[:-lag], samples[lag:])[0, 1]) for lag in lags)


def test_seed_decides() -> None:
    assert np.array_equal(cough(1), cough(1))
    sounds = [cough(seed) for seed in SEEDS]
    assert len({sound.tobytes() for sound in sounds}) == len(SEEDS)
    assert len({sound.size for sound in sounds}) > 10
