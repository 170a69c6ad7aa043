"""Sound at another rate, in pieces."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.media.pcm import Samples, resample
from callcenter.speech.cloud.polyphase import Resampler

RATES = [(24_000, 8000), (24_000, 16_000), (22_050, 8000), (8000, 16_000)]


def resampled(samples: Samples, rates: tuple[int, int], cuts: list[int] | None = None) -> Samples:
    resampler = Resampler(*rates)
    pieces = np.split(samples, sorted(cuts or []))
    return np.concatenate([*map(resampler.feed, pieces), resampler.finish()])


def tone(hertz: float, rate: int, seconds: float = 0.5) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def gain_db(hertz: float, rates: tuple[int, int]) -> float:
    sound = resampled(tone(hertz, rates[0]), rates)[400:-400]
    return 20 * math.log10(float(np.sqrt(np.mean(sound**2))) / (0.5 / math.sqrt(2)) + 1e-9)


@pytest.mark.parametrize("hertz", [50, 300, 1000, 3000, 3400])
def test_the_telephone_band_is_kept(hertz: float) -> None:
    assert gain_db(hertz, (24_000, 8000)) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("hertz", [4600, 5000, 7000, 8500, 11_500])
def test_what_would_be_mirrored_into_it_is_not_heard(hertz: float) -> None:
    assert gain_db(hertz, (24_000, 8000)) < -65


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_it_is_as_long_and_in_time(rates: tuple[int, int]) -> None:
    sound = tone(440, rates[0]) + tone(1234.5, rates[0])
    ours, whole = resampled(sound, rates), resample(sound, *rates)
    assert abs(ours.size - whole.size) <= 1
    middle = slice(200, -200)
    assert np.abs(ours[: whole.size][middle] - whole[: ours.size][middle]).max() < 1e-3


@settings(max_examples=40, deadline=None)
@given(
    rates=st.sampled_from(RATES),
    size=st.integers(0, 600),
    cuts=st.lists(st.integers(0, 600), max_size=8),
)
def test_pieces_are_as_one(rates: tuple[int, int], size: int, cuts: list[int]) -> None:
    sound = np.random.default_rng(7).uniform(-1, 1, size).astype(np.float32)
    whole = resampled(sound, rates)
    assert whole.size == math.ceil(size * rates[1] / rates[0])
    np.testing.assert_allclose(resampled(sound, rates, cuts), whole, atol=1e-6)


def test_it_looks_ahead_for_2_ms_only() -> None:
    resampler = Resampler(24_000, 8000)
    assert resampler.feed(tone(440, 24_000)).size >= 4000 - 16


def test_the_same_rate_is_the_same_sound() -> None:
    sound = tone(440, 8000)
    assert resampled(sound, (8000, 8000)) is not sound
    np.testing.assert_array_equal(resampled(sound, (8000, 8000), [3, 1000]), sound)
