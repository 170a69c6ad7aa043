"""What is put in place of lost sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.concealment import FADE_MS, concealed, reach
from callcenter.media.pcm import NARROWBAND, Samples, resample, rms_dbfs

EMPTY = np.zeros(0, np.float32)
REACH = reach(NARROWBAND)
FADE = NARROWBAND * FADE_MS // 1000


def voice(hz: float, size: int, start: int = 0) -> Samples:
    """A vowel of that pitch."""
    moments = np.arange(start, start + size) / NARROWBAND
    return sum(
        ((0.2 / number) * np.sin(2 * np.pi * hz * number * moments) for number in range(1, 6)), np.zeros(size)
    ).astype(np.float32)


@pytest.mark.parametrize("hz", [70, 100, 125, 180, 320])
@pytest.mark.parametrize("size", [160, 320, 480])
def test_a_voice_goes_on(hz: int, size: int) -> None:
    whole = voice(hz, 2 * REACH + size)
    filling = concealed(whole[:REACH], whole[REACH + size :], size)
    assert filling.size == size
    assert rms_dbfs(filling - whole[REACH : REACH + size]) < rms_dbfs(whole) - 9
    assert filling[0] == pytest.approx(whole[REACH], abs=0.1)
    assert filling[-1] == pytest.approx(whole[REACH + size - 1], abs=0.1)


@pytest.mark.parametrize("hz", [100, 125, 180])
def test_a_voice_goes_on_at_16_khz_too(hz: int) -> None:
    reach_of, size = reach(16_000), 320
    whole = resample(voice(hz, 4 * REACH + size), NARROWBAND, 16_000)
    filling = concealed(whole[:reach_of], whole[reach_of + size :], size, 16_000)
    assert filling.size == size
    assert rms_dbfs(filling - whole[reach_of : reach_of + size]) < rms_dbfs(whole) - 9


def test_one_voice_turns_into_the_other() -> None:
    filling = concealed(voice(100, REACH), 0.1 * voice(150, REACH), 320)
    assert rms_dbfs(filling[:80]) > rms_dbfs(filling[-80:]) + 10


def test_the_middle_of_a_long_gap_is_silent() -> None:
    filling = concealed(voice(100, REACH), voice(100, REACH), NARROWBAND)
    assert filling[:80].any()
    assert filling[-80:].any()
    assert not filling[FADE:-FADE].any()


def test_without_sound_around_it_there_is_silence() -> None:
    assert not concealed(EMPTY, EMPTY, 160).any()
    assert not concealed(EMPTY, voice(100, 100), 160).any()
    assert not concealed(np.zeros(REACH, np.float32), np.zeros(REACH, np.float32), 160).any()


def test_one_side_is_enough() -> None:
    """The packet after a gap may be the only one."""
    for filling in (concealed(voice(100, REACH), EMPTY, 160), concealed(EMPTY, voice(100, 160), 160)[::-1]):
        assert rms_dbfs(filling[:40]) == pytest.approx(rms_dbfs(voice(100, REACH)), abs=4)
        assert rms_dbfs(filling[-20:]) < rms_dbfs(filling[:40]) - 10


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 9000), st.integers(0, 9))
def test_never_louder_than_what_is_around(before: int, after: int, size: int, seed: int) -> None:
    noise = np.random.default_rng(seed).uniform(-1, 1, before + after).astype(np.float32)
    filling = concealed(noise[:before][-REACH:], noise[before:][:REACH], size)
    assert filling.size == size
    assert filling.dtype == np.float32
    assert np.abs(filling).max() <= 1.01
