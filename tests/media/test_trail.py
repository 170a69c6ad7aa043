"""What a line has sent, by position."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.pcm import Trail

RATE = 8000
FRAME = 160
"""Samples."""


def numbered(number: int) -> bytes:
    """A frame whose samples all are `number`, which is not silence."""
    return np.full(FRAME, number, "<i2").tobytes()


def sent(*frames: int | None, start: float = 100.0) -> Trail:
    """A trail of such frames, None for silence, one each 20 ms."""
    trail = Trail(RATE)
    for number, frame in enumerate(frames):
        trail.put(None if frame is None else numbered(frame), start + number * 0.02)
    return trail


def values(trail: Trail, start: int, stop: int) -> list[int]:
    return [round(float(sample) * 32768) for sample in trail.samples(start, stop)]


def test_nothing_was_sent() -> None:
    trail = Trail(RATE)
    assert values(trail, -3, 3) == [0] * 6
    assert trail.sounded_at == -math.inf


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0, 2, [1, 1]),
        (158, 163, [1, 1, 2, 2, 2]),
        (319, 322, [2, 0, 0]),
        (480, 482, [4, 4]),
        (-2, 2, [0, 0, 1, 1]),
        (638, 643, [4, 4, 0, 0, 0]),
        (5000, 5002, [0, 0]),
        (-5000, -4998, [0, 0]),
    ],
)
def test_samples(start: int, stop: int, expected: list[int]) -> None:
    assert values(sent(1, 2, None, 4), start, stop) == expected


@pytest.mark.parametrize(
    ("at", "position"),
    [(100.0, 0), (100.01, 80), (100.02, 160), (100.06, 480), (100.08, 640), (103.0, 640)],
)
def test_position(at: float, position: int) -> None:
    assert sent(1, 2, 3, 4).position(at) == position


def test_ticks_that_the_line_missed_were_silence() -> None:
    trail = sent(1, 2)
    trail.put(numbered(3), 100.08, missed=2)
    assert values(trail, 319, 321) == [2, 0]
    assert values(trail, 639, 642) == [0, 3, 3]
    assert trail.position(100.08) == 640


def test_a_late_tick_is_not_a_missed_one() -> None:
    trail = sent(1, 2)
    trail.put(numbered(3), 100.054)
    trail.put(numbered(4), 100.06)
    assert values(trail, 319, 321) == [2, 3]
    assert values(trail, 479, 481) == [3, 4]


def test_when_it_sounded_last() -> None:
    assert sent(1, 2, None, None).sounded_at == pytest.approx(100.02)


@given(frames=st.lists(st.one_of(st.none(), st.integers(1, 99)), max_size=130), data=st.data())
def test_the_last_second_is_known(frames: list[int | None], data: st.DataObject) -> None:
    whole = [sample for frame in frames for sample in [frame or 0] * FRAME]
    known = max(0, len(whole) - RATE)
    start = data.draw(st.integers(known, len(whole)))
    stop = data.draw(st.integers(start, min(start + 1000, len(whole))))
    trail = sent(*frames)
    assert values(trail, start, stop) == whole[start:stop]
    assert values(trail, known - 10, known) == [0] * 10
