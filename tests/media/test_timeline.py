"""Frames with times in, both sides on one timeline out."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcenter.media.timeline import HOLD_S, LATEST_S, SLIP_S, Frame, Timeline

RATE = 8000
ORIGIN = 1000.0
SIZE = 160
PERIOD = 0.02
ROUND_S = 1.0


def frame(number: int) -> bytes:
    """Every sample of it is `number`."""
    return np.full(SIZE, number, "<i2").tobytes()


def numbered(*times: float) -> list[Frame]:
    """Frames 1, 2, 3 and so on, at these times after the origin."""
    return [(ORIGIN + at, frame(number)) for number, at in enumerate(times, start=1)]


def recorded(caller: list[Frame], agent: list[Frame]) -> NDArray[np.int16]:
    """Taken once a second as the frames come; a row for each sample, the caller in the first column."""
    timeline, sound, now = Timeline(ORIGIN, RATE), [], ORIGIN
    sides = deque(caller), deque(agent)
    while any(sides):
        now += ROUND_S
        sound.append(timeline.take(_until(now, sides[0]), _until(now, sides[1]), now))
    return np.frombuffer(b"".join([*sound, timeline.rest()]), "<i2").reshape(-1, 2)


def _until(now: float, side: deque[Frame]) -> list[Frame]:
    return [side.popleft() for _ in range(len(side)) if side[0][0] <= now]


def starts(side: NDArray[np.int16]) -> dict[int, float]:
    """Where each numbered frame begins, in seconds; each must be there in full, once."""
    found = {}
    for number in np.unique(side[side > 0]):
        places = np.flatnonzero(side == number)
        assert places.size == SIZE
        assert places[-1] - places[0] == SIZE - 1
        found[int(number)] = float(places[0] / RATE)
    return found


def caller_starts(*times: float) -> dict[int, float]:
    return starts(recorded(numbered(*times), [])[:, 0])


def agent_starts(*frames: Frame) -> dict[int, float]:
    return starts(recorded([], list(frames))[:, 1])


def steady(count: int, first: float = PERIOD) -> list[float]:
    return [first + index * PERIOD for index in range(count)]


def test_a_caller_frame_ends_when_it_arrived_and_an_agent_frame_begins_when_it_was_sent() -> None:
    sound = recorded(numbered(0.1), numbered(0.1))
    assert starts(sound[:, 0]) == {1: pytest.approx(0.08)}
    assert starts(sound[:, 1]) == {1: pytest.approx(0.1)}


def test_a_long_call_has_every_frame_in_its_place() -> None:
    found = caller_starts(*steady(600))
    assert found == {number: pytest.approx((number - 1) * PERIOD) for number in range(1, 601)}


def test_jitter_leaves_no_gap() -> None:
    """Only at the very end of a call may a late frame be taken for a gap: nothing that follows says better."""
    jitter = np.random.default_rng(1).uniform(0, 0.06, 500)
    jitter[-25:] = 0
    times = np.maximum.accumulate(np.array(steady(500)) + jitter)
    found = caller_starts(*map(float, times))
    assert found == {number: pytest.approx((number - 1) * PERIOD, abs=SLIP_S) for number in range(1, 501)}
    assert np.allclose(np.diff([found[number] for number in range(1, 501)]), PERIOD)


@pytest.mark.parametrize("stall_s", [0.04, 0.3, 0.9])
def test_what_a_stall_held_up_is_put_where_it_was_said(stall_s: float) -> None:
    """The frames of the stall arrive together at its end."""
    began = 1.5
    times = [max(at, began + stall_s) if began < at else at for at in steady(200)]
    found = caller_starts(*times)
    assert found == {number: pytest.approx((number - 1) * PERIOD, abs=SLIP_S) for number in range(1, 201)}


@pytest.mark.parametrize("gap_s", [0.1, 1.0, 2.5, 30.0])
def test_a_gap_is_silence(gap_s: float) -> None:
    times = [*steady(50), *steady(50, first=50 * PERIOD + PERIOD + gap_s)]
    found = caller_starts(*times)
    assert found[50] == pytest.approx(49 * PERIOD)
    assert found[51] == pytest.approx(50 * PERIOD + gap_s)
    assert len(found) == 100


def test_a_jump_while_nobody_keeps_the_time() -> None:
    timeline = Timeline(ORIGIN, RATE)
    sound = timeline.take(numbered(*steady(10), *steady(10, first=300.0)), [], ORIGIN) + timeline.rest()
    found = starts(np.frombuffer(sound, "<i2").reshape(-1, 2)[:, 0])
    assert [found[number] for number in (10, 11, 20)] == pytest.approx([0.18, 299.98, 300.16])


@pytest.mark.parametrize("drift", [300e-6, -300e-6], ids=["slow", "fast"])
def test_the_drift_of_a_clock_does_not_add_up(drift: float) -> None:
    """Far worse than any telephone's: 90 ms in five minutes."""
    count = 15_000
    times = np.array(steady(count)) * (1 + drift)
    sound = recorded([(ORIGIN + at, frame(1 + number % 30_000)) for number, at in enumerate(times)], [])[:, 0]
    places = np.flatnonzero(np.diff(sound.astype(int), prepend=0) > 0)
    numbers = sound[places].astype(int) - 1
    assert np.abs(places / RATE - (times[numbers] - PERIOD)).max() <= SLIP_S + 0.001
    assert count - 5 <= numbers.size <= count
    assert np.all(np.diff(numbers) >= 1)


def test_the_agents_pauses_are_to_the_millisecond() -> None:
    """A clause, one tick of silence, the next clause: nothing may slip together."""
    frames = [*numbered(0.1, 0.12), (ORIGIN + 0.14, None), (ORIGIN + 0.163, frame(3)), (ORIGIN + 0.183, frame(4))]
    assert agent_starts(*frames) == pytest.approx({1: 0.1, 2: 0.12, 3: 0.163, 4: 0.183}, abs=0.0002)


def test_a_tick_that_was_skipped_is_seen() -> None:
    found = agent_starts(*numbered(*steady(30), *steady(30, first=31 * PERIOD + PERIOD)))
    assert [found[30], found[31]] == pytest.approx([30 * PERIOD, 32 * PERIOD])


def test_ticks_a_little_late_go_on_without_a_gap() -> None:
    late = np.random.default_rng(2).uniform(0, 0.009, 100)
    found = agent_starts(*numbered(*map(float, np.array(steady(100)) + late)))
    assert np.allclose(np.diff([found[number] for number in range(1, 101)]), PERIOD)


def test_what_comes_far_too_late_is_left_out_and_the_rest_is_in_step() -> None:
    """While the agent is heard the caller's frames of two seconds are held up, longer than anything is kept open."""
    times = [max(at, 4.0) if at > 2.0 else at for at in steady(400)]
    agent: list[Frame] = [(ORIGIN + at, frame(1000 + number)) for number, at in enumerate(steady(400))]
    sound = recorded(numbered(*times), agent)
    caller = starts(sound[:, 0])
    assert len(starts(sound[:, 1])) == 400
    assert caller[100] == pytest.approx(99 * PERIOD, abs=SLIP_S)
    assert caller[400] == pytest.approx(399 * PERIOD, abs=SLIP_S)
    assert 400 - 2.0 / PERIOD <= len(caller) < 400


def test_silence_is_taken_as_time_goes_by() -> None:
    timeline = Timeline(ORIGIN, RATE)
    taken = [len(timeline.take([], [], ORIGIN + second)) / 4 / RATE for second in range(1, 10)]
    assert taken == [max(0.0, 1 - LATEST_S), *[1.0] * 8]
    assert timeline.rest() == b""


def test_little_is_kept_open() -> None:
    timeline = Timeline(ORIGIN, RATE)
    for second in range(300):
        frames = numbered(*steady(50, first=second + PERIOD))
        timeline.take(frames, frames, ORIGIN + second + 1)
    assert len(timeline.rest()) <= (LATEST_S + PERIOD) * RATE * 4


def test_nothing_came() -> None:
    assert Timeline(ORIGIN, RATE).rest() == b""


@settings(deadline=None, max_examples=50)
@given(
    late=st.lists(st.floats(min_value=0, max_value=HOLD_S - 0.05), min_size=1, max_size=150),
    cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=20),
)
def test_however_late_and_however_it_is_taken_nothing_is_lost(late: list[float], cuts: list[int]) -> None:
    """Frames late by less than the hold, of which the last is on time, come out whole, in order and in step."""
    times = list(np.maximum.accumulate(np.array(steady(len(late))) + late))
    times += steady(30, first=max(times[-1], len(late) * PERIOD) + PERIOD)
    frames = numbered(*map(float, times))
    timeline, sound = Timeline(ORIGIN, RATE), b""
    while frames:
        size = cuts[len(frames) % len(cuts)]
        batch, frames = frames[:size], frames[size:]
        sound += timeline.take(batch, [], batch[-1][0])
    whole = np.frombuffer(sound + timeline.rest(), "<i2").reshape(-1, 2)[:, 0]
    found = starts(whole)
    assert list(found) == sorted(found)
    assert len(found) == len(times)
    assert all(start <= times[number - 1] - PERIOD + SLIP_S + 0.001 for number, start in found.items())
