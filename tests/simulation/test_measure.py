"""Figures from synthetic sound: tones of 300 Hz for speech."""

import numpy as np
import pytest

from callcenter.media.pcm import NARROWBAND, Samples
from callcenter.simulation.measure import Activity, Span, cut_off, greeting_ms, latency_ms, longest_silence_s, stop_ms


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
        ([(1.0, 2.508)], 2.506, None),
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


def speech(seconds: float, *stretches: tuple[float, float]) -> Samples:
    """Like speech: noise in syllables, 4 a second, that sounds in each stretch and is digitally silent between."""
    moments = np.arange(round(seconds * NARROWBAND)) / NARROWBAND
    voice = np.random.default_rng(2).standard_normal(moments.size)
    swell = 0.2 + 0.8 * np.square(np.sin(np.pi * 4 * moments))
    inside = np.zeros(moments.size, np.bool_)
    for start, end in stretches:
        inside |= (moments >= start) & (moments < end)
    return (0.1 * voice * swell * inside).astype(np.float32)


EDGES = [1.0, 1.0001, 1.0049, 1.005, 1.0051, 1.0099, 1.31, 1.4375, 1.6666]


@pytest.mark.parametrize("edge", EDGES)
def test_the_beginning_of_a_sound_is_told_without_a_bias(edge: float) -> None:
    """From where within a window it begins does not matter: nothing is rounded to the window."""
    side = Activity.of(speech(4, (edge, 3.0)))
    assert side.first_sound(0.0) == pytest.approx(edge, abs=0.002)
    assert side.onset(Span(start=0.5, end=2.0)) == pytest.approx(edge, abs=0.002)
    assert side.stretches()[0].start == pytest.approx(edge, abs=0.002)


@pytest.mark.parametrize("edge", EDGES)
def test_the_end_of_a_sound_is_told_without_a_bias(edge: float) -> None:
    side = Activity.of(speech(4, (0.2, edge)))
    assert side.silent_from(0.6) == pytest.approx(edge, abs=0.002)
    assert side.silent_from(0.6, 0.4) == pytest.approx(edge, abs=0.002)
    assert side.stretches()[-1].end == pytest.approx(edge, abs=0.002)


@pytest.mark.parametrize("faded_ms", [5, 20])
def test_what_is_faded_out_sounds_until_it_is_quieter_than_silence(faded_ms: int) -> None:
    samples = speech(4, (0.2, 1.5))
    begin, length = round(1.5 * NARROWBAND), faded_ms * NARROWBAND // 1000
    samples[begin : begin + length] = speech(4, (0.2, 2.0))[begin : begin + length] * np.linspace(1, 0, length)
    assert Activity.of(samples).silent_from(1.0) == pytest.approx(1.5 + faded_ms / 1000, abs=0.004)


def test_a_short_last_consonant_is_no_silence() -> None:
    """The t of `right` sounds 20 ms, after 60 ms without a sound; who still says it has not fallen silent."""
    side = Activity.of(speech(4, (0.5, 1.5), (1.56, 1.58)))
    assert side.silent_from(1.2) == pytest.approx(1.58, abs=0.002)
    assert side.first_sound(1.9) is None


@pytest.mark.parametrize(("caller", "silent"), [(1.0, 1.13), (1.0031, 1.1502), (1.2345, 1.3456), (1.0, 1.02)])
def test_a_stop_is_measured_to_a_few_milliseconds(caller: float, silent: float) -> None:
    """Both edges together: what 150 ms are asked of must not be read as 140 or 160."""
    agent, own = Activity.of(speech(4, (0.2, silent))), Activity.of(speech(4, (caller, 2.0)))
    began = own.onset(Span(start=caller - 0.005, end=2.0))
    assert began is not None
    assert stop_ms(agent, began) == pytest.approx((silent - caller) * 1000, abs=3)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ([(0.0, 0.8), (3.5, 5.0)], False),
        ([(0.0, 0.8), (2.0, 5.0)], True),
        ([(0.0, 0.8), (2.95, 5.0)], False),
        ([(0.0, 0.8), (1.2, 5.0)], False),
        ([(0.0, 2.0), (2.2, 2.8)], False),
        ([(0.0, 1.2), (2.0, 2.8)], True),
    ],
)
def test_cut_off(agent: list[tuple[float, float]], expected: bool) -> None:
    """The caller talks from 1 to 3 s. Who begins within 0.3 s of that could not know; a gap between words is no end."""
    assert cut_off(Activity.of(sound(6, *agent)), Span(start=1.0, end=3.0)) is expected


def test_stretches() -> None:
    side = Activity.of(sound(6, (1.0, 2.0), (2.2, 2.5), (4.0, 5.0)))
    assert len(side.stretches()) == 3
    assert [round(stretch.seconds, 1) for stretch in side.stretches(0.3)] == [1.5, 1.0]
    assert Activity.of(sound(2)).stretches() == ()
