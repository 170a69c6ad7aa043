"""Figures from synthetic sound: tones of 300 Hz for speech."""

import numpy as np
import pytest

from callcenter.media.pcm import NARROWBAND, Samples
from callcenter.simulation.measure import Activity, Span, greeting_ms, latency_ms, longest_silence_s, stop_ms


def sound(seconds: float, *stretches: tuple[float, float], level: float = 0.2, floor: float = 0.0) -> Samples:
    """`seconds` of white noise at `floor`, with a tone in each stretch."""
    moments = np.arange(round(seconds * NARROWBAND)) / NARROWBAND
    samples = np.random.default_rng(1).standard_normal(moments.size) * floor
    for start, end in stretches:
        inside = (moments >= start) & (moments < end)
        samples[inside] += level * np.sin(2 * np.pi * 300 * moments[inside])
    return samples.astype(np.float32)


@pytest.mark.parametrize(
    ("stretches", "speech_end", "expected"),
    [
        ([(1.0, 2.0), (3.25, 4.0)], 2.5, 750),
        ([(1.0, 2.0), (3.25, 4.0)], 2.25, 1000),
        ([(3.0, 3.02), (3.5, 4.0)], 2.0, 1500),
        ([(1.0, 2.0)], 2.5, None),
        ([(1.0, 4.0)], 2.5, None),
        ([(1.0, 2.4), (2.6, 4.0)], 2.5, None),
        ([(2.5, 4.0)], 2.5, 0),
        ([], 2.5, None),
    ],
)
@pytest.mark.parametrize("floor", [0.0, 0.002, 0.01])
def test_latency(stretches: list[tuple[float, float]], speech_end: float, floor: float, expected: float | None) -> None:
    """The second 20 ms sound is a click; a tone over the caller's end is no answer."""
    measured = latency_ms(Activity.of(sound(5, *stretches, floor=floor)), speech_end)
    assert measured == (None if expected is None else pytest.approx(expected, abs=11))


@pytest.mark.parametrize("level", [0.02, 0.2, 0.9])
def test_latency_whatever_the_level(level: float) -> None:
    assert latency_ms(Activity.of(sound(5, (3.0, 4.5), level=level)), 2.0) == pytest.approx(1000, abs=11)


def test_sound_that_never_pauses() -> None:
    assert Activity.of(sound(5, (0, 5))).sounds.all()


def test_greeting() -> None:
    assert greeting_ms(Activity.of(sound(3, (0.4, 2))), 0.15) == pytest.approx(250, abs=11)
    assert greeting_ms(Activity.of(sound(3)), 0.15) is None


@pytest.mark.parametrize(
    ("stretches", "speech_start", "expected"),
    [
        ([(1.0, 2.12)], 2.0, 120),
        ([(1.0, 2.12), (2.3, 2.5)], 2.0, 500),
        ([(1.0, 2.12), (2.6, 3.0)], 2.0, 120),
        ([(1.0, 5.0)], 2.0, None),
        ([(1.0, 1.5)], 2.0, None),
    ],
)
def test_stop(stretches: list[tuple[float, float]], speech_start: float, expected: float | None) -> None:
    """A pause of less than 300 ms is one between words."""
    measured = stop_ms(Activity.of(sound(5, *stretches)), speech_start)
    assert measured == (None if expected is None else pytest.approx(expected, abs=11))


def test_longest_silence() -> None:
    agent = Activity.of(sound(10, (1.0, 2.0), (6.0, 7.0)))
    assert longest_silence_s(agent, [Span(start=3.0, end=4.0)], Span(start=0.5, end=10.0)) == pytest.approx(3, abs=0.03)
    assert longest_silence_s(agent, [], Span(start=0.5, end=9.0)) == pytest.approx(4, abs=0.03)
    assert longest_silence_s(agent, [], Span(start=1.2, end=1.8)) == 0
    assert longest_silence_s(Activity.of(sound(0)), [], Span(start=0.0, end=2.0)) == pytest.approx(2)


def test_nothing_recorded() -> None:
    silent = Activity.of(np.zeros(0, np.float32))
    assert (silent.first_sound(1.0), silent.silent_from(1.0), silent.sounding_at(1.0)) == (None, None, False)
