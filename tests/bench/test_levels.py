"""Judging a level, and the search for the most calls."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.bench.levels import FINENESS, MOST, Ladder, Level, Plane, Spread, climb, next_level
from tests.bench.samples import level

HELD = level()


@pytest.mark.parametrize(
    ("judged", "verdict"),
    [
        pytest.param(HELD, "held", id="all-well"),
        pytest.param(level(late=2), "2 late frames", id="late"),
        pytest.param(replace(HELD, sent=replace(HELD.sent, left_out=3)), "3 frames left out", id="left-out"),
        pytest.param(replace(HELD, sent=replace(HELD.sent, missing=4)), "4 frames missing", id="missing"),
        pytest.param(replace(HELD, plane=replace(HELD.plane, late_ticks=1)), "1 late ticks", id="tick"),
        pytest.param(replace(HELD, plane=replace(HELD.plane, dropped=7)), "7 frames dropped unheard", id="dropped"),
        pytest.param(level(cpu=0.985), "CPU at 98%", id="full"),
        pytest.param(level(heard=0), "nobody heard", id="deaf"),
        pytest.param(level(late=1, cpu=1.0), "1 late frames, CPU at 100%", id="both"),
        pytest.param(level(late=1, load_ms=20.5), "the load was late, 1 late frames", id="load"),
        pytest.param(level(load_ms=20.5), "held", id="held-in-spite-of-the-load"),
        pytest.param(
            replace(level(late=1), load=replace(HELD.load, unsent=1)), "the load was late, 1 late frames", id="unsent"
        ),
    ],
)
def test_verdict(judged: Level, verdict: str) -> None:
    assert judged.verdict == verdict
    assert judged.held is (verdict == "held")


def test_a_plane_without_a_clock_is_judged_without_one() -> None:
    plane = Plane.of({"cpu": 0.5, "memory": 10, "heard": 3})
    assert replace(HELD, plane=plane).held
    assert plane.vad_ms is None


def test_figures_are_read_as_they_are_written() -> None:
    figures = HELD.as_json()["plane"]
    assert Plane.of(figures) == HELD.plane
    assert Plane.of(figures).say_ms == Spread(p50=10, p99=20)


@pytest.mark.parametrize(
    ("held", "failed", "then"),
    [
        (0, None, 25),
        (25, None, 50),
        (1600, None, 3200),
        (3200, None, None),
        (200, 400, 300),
        (350, 400, 375),
        (375, 400, None),
        (0, 25, 12),
        (0, 1, None),
        (5, 7, 6),
        (6, 7, None),
    ],
)
def test_next_level(held: int, failed: int | None, then: int | None) -> None:
    assert next_level(held, failed, 25) == then


@given(capacity=st.integers(0, 5000), first=st.integers(1, 100))
async def test_the_search_ends_close_below_the_capacity(capacity: int, first: int) -> None:
    async def attempt(calls: int) -> Level:
        return level(calls, late=int(calls > capacity))

    ladder = await climb(attempt, first)
    failed = min((each.calls for each in ladder.levels if not each.held), default=None)
    assert ladder.held <= capacity
    if failed is None:
        assert ladder.held * 2 > MOST
    else:
        assert capacity < failed <= ladder.held + max(1, failed // FINENESS)
    assert len(ladder.levels) < 30


async def test_a_level_that_fails_once_is_tried_again() -> None:
    tried: list[int] = []

    async def attempt(calls: int) -> Level:
        tried.append(calls)
        return level(calls, late=int(calls > 60 or tried.count(calls) == 1))

    ladder = await climb(attempt, 25)
    assert tried[:6] == [25, 25, 50, 50, 100, 100]
    assert 50 <= ladder.held <= 60


@pytest.mark.parametrize(
    ("levels", "held", "limit"),
    [
        pytest.param([level(25), level(50, late=1), level(50, late=1)], 25, False, id="the-plane"),
        pytest.param(
            [level(25), level(50, late=1, load_ms=30), level(50, late=1, load_ms=30)], 25, True, id="the-load"
        ),
        pytest.param(
            [level(25), level(50, late=1, load_ms=30), level(50, late=1)], 25, False, id="the-plane-after-all"
        ),
        pytest.param([level(25)], 25, False, id="nothing-failed"),
        pytest.param([level(25, late=1)], 0, False, id="nothing-held"),
    ],
)
def test_what_the_limit_was(levels: list[Level], held: int, limit: bool) -> None:
    ladder = Ladder(levels=tuple(levels))
    assert (ladder.held, ladder.load_was_the_limit) == (held, limit)


def test_a_level_is_found_again_by_its_calls_the_one_that_held_first() -> None:
    failed, held = level(50, late=1), level(50)
    ladder = Ladder(levels=(level(25), failed, held))
    assert ladder.at(50) is held
    assert ladder.at(75) is None
    assert Ladder(levels=(failed,)).at(50) is failed
