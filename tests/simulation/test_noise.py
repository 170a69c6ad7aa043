"""Noise under a caller."""

import numpy as np
import pytest

from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs
from callcenter.simulation.noise import LOOP_S, SPEECH_DBFS, loop
from callcenter.simulation.persona import Noise


def unevenness(samples: Samples) -> float:
    """How much the level of 50 ms stretches varies, as a share of their mean."""
    levels = np.sqrt(np.mean(np.square(samples.reshape(-1, NARROWBAND // 20)), axis=1))
    return float(levels.std() / levels.mean())


@pytest.mark.parametrize("kind", ["white", "babble"])
@pytest.mark.parametrize("snr_db", [0, 15, 30])
def test_level(kind: str, snr_db: float) -> None:
    samples = loop(Noise.model_validate({"kind": kind, "snr_db": snr_db}), seed=1)
    assert samples.size == LOOP_S * NARROWBAND
    assert samples.dtype == np.float32
    assert rms_dbfs(samples) == pytest.approx(SPEECH_DBFS - snr_db, abs=0.1)


def test_babble_sounds_like_talkers() -> None:
    white, babble = (loop(Noise(snr_db=0, kind=kind), seed=1) for kind in ("white", "babble"))
    low = [np.square(np.abs(np.fft.rfft(sound)))[: 1000 * LOOP_S].sum() for sound in (white, babble)]
    whole = [np.square(np.abs(np.fft.rfft(sound))).sum() for sound in (white, babble)]
    assert low[0] / whole[0] < 0.3
    assert low[1] / whole[1] > 0.8
    assert unevenness(babble) > 3 * unevenness(white)


def test_seed_decides() -> None:
    noise = Noise(snr_db=10)
    assert np.array_equal(loop(noise, seed=1), loop(noise, seed=1))
    assert not np.array_equal(loop(noise, seed=1), loop(noise, seed=2))
