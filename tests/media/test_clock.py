import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcenter.media.clock import GIVEN, PERIOD, PHASES, Clock
from tests.virtual_time import VirtualTimeLoop


class Recorder:
    """A line that notes its ticks."""

    def __init__(self, does: Callable[[], None] | None = None) -> None:
        self.ticks: list[tuple[float, int]] = []
        self.failed: list[str] = []
        self._does = does

    def fail(self, reason: str) -> None:
        self.failed.append(reason)

    def tick(self, now: float, skipped: int) -> None:
        self.ticks.append((round(now, 6), skipped))
        if self._does:
            self._does()

    def __repr__(self) -> str:
        return "Recorder()"

    @property
    def times(self) -> list[float]:
        return [now for now, _ in self.ticks]


class StallingLoop(VirtualTimeLoop):
    """A loop that something can hold up."""

    def stall(self, seconds: float) -> None:
        self._advance(seconds)


@pytest.fixture
def loop() -> Iterator[StallingLoop]:
    loop = StallingLoop()
    yield loop
    loop.close()


def run(loop: StallingLoop, clock: Clock, work: Coroutine[Any, Any, None]) -> None:
    """Run `clock` until `work` is done."""

    async def both() -> None:
        ticking = asyncio.ensure_future(clock.run())
        await work
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking

    loop.run_until_complete(both())


async def stalled_at(loop: StallingLoop, *stalls: tuple[float, float], until: float) -> None:
    for start, seconds in stalls:
        await asyncio.sleep(start - loop.time())
        loop.stall(seconds)
    await asyncio.sleep(until - loop.time())


def test_a_line_is_ticked_every_20_ms(loop: StallingLoop) -> None:
    clock, line = Clock(), Recorder()
    clock.add(line)
    run(loop, clock, asyncio.sleep(0.99))
    assert line.ticks == [(round(number * PERIOD, 6), 0) for number in range(50)]
    assert clock.timing.late == 0


def test_deadlines_do_not_drift(loop: StallingLoop) -> None:
    clock, line = Clock(), Recorder(does=lambda: loop.stall(0.003))
    clock.add(line)
    run(loop, clock, asyncio.sleep(599.99))
    assert len(line.ticks) == 30000
    assert line.ticks[-1] == (599.98, 0)


def test_lines_are_spread_over_the_period(loop: StallingLoop) -> None:
    clock, lines = Clock(), [Recorder() for _ in range(2 * PHASES)]
    for line in lines:
        clock.add(line)
    run(loop, clock, asyncio.sleep(0.0199))
    assert sorted(line.times[0] for line in lines) == pytest.approx(
        sorted(2 * [phase * PERIOD / PHASES for phase in range(PHASES)])
    )
    assert clock.lines == 2 * PHASES


@pytest.mark.parametrize(
    ("stall", "ticks"),
    [  # from 0.101 on; the tick at 0.1 has been given
        (0.010, [(0.1, 0), (0.12, 0), (0.14, 0)]),
        (0.025, [(0.1, 0), (0.126, 0), (0.14, 0)]),
        (0.033, [(0.1, 0), (0.134, 0), (0.14, 0)]),
        (0.036, [(0.1, 0), (0.14, 1), (0.16, 0)]),
        (0.045, [(0.1, 0), (0.16, 2), (0.18, 0)]),
        (0.300, [(0.1, 0), (0.42, 15), (0.44, 0)]),
        (0.310, [(0.1, 0), (0.42, 15), (0.44, 0)]),
    ],
)
def test_after_a_stall_it_goes_on_without_a_burst(
    loop: StallingLoop, stall: float, ticks: list[tuple[float, int]]
) -> None:
    clock, line = Clock(), Recorder()
    clock.add(line)
    run(loop, clock, stalled_at(loop, (0.101, stall), until=0.6))
    assert [tick for tick in line.ticks if tick[0] > 0.099][:3] == ticks
    gaps = [after - before for before, after in pairwise(line.times)]
    assert min(gaps) >= PERIOD - GIVEN - 1e-6
    last, _ = line.ticks[-1]
    assert len(line.ticks) + sum(skipped for _, skipped in line.ticks) == round(last / PERIOD) + 1


def test_an_overloaded_loop_goes_on_ticking(loop: StallingLoop) -> None:
    clock, line = Clock(), Recorder()
    clock.add(line)
    run(loop, clock, stalled_at(loop, *((number * 0.03, 0.03) for number in range(100)), until=3.1))
    assert max(after - before for before, after in pairwise(line.times)) < 0.25
    last, _ = line.ticks[-1]
    assert len(line.ticks) + sum(skipped for _, skipped in line.ticks) == round(last / PERIOD) + 1


def test_every_phase_is_told_of_a_stall(loop: StallingLoop) -> None:
    clock, lines = Clock(), [Recorder() for _ in range(PHASES)]
    for line in lines:
        clock.add(line)
    run(loop, clock, stalled_at(loop, (0.101, 0.3), until=0.5))
    assert {sum(skipped for _, skipped in line.ticks) for line in lines} <= {14, 15}


def test_timing_tells_of_stalls(loop: StallingLoop) -> None:
    clock = Clock()
    run(loop, clock, stalled_at(loop, (0.501, 0.05), until=2.0))
    timing = clock.timing
    assert timing.late == PHASES
    assert timing.max_ms == pytest.approx(46)
    assert timing.p50_ms == pytest.approx(0)
    assert 30 < timing.p99_ms <= 46


def test_a_mistake_in_one_line_ends_that_one_alone(loop: StallingLoop) -> None:
    def fail() -> None:
        raise RuntimeError("the handler is closed")

    clock, lines = Clock(), [Recorder(), Recorder(fail), *(Recorder() for _ in range(PHASES))]
    for line in lines:
        clock.add(line)
    with capture_logs() as logs:
        run(loop, clock, asyncio.sleep(0.0999))
    assert [len(line.ticks) for line in lines] == [5, 1, *[5] * PHASES]
    assert [line.failed for line in lines] == [[], ["RuntimeError: the handler is closed"], *[[]] * PHASES]
    assert (clock.timing.failures, clock.lines) == (1, len(lines) - 1)
    assert [entry["event"] for entry in logs] == ["! tick"]


def test_a_failing_line_does_not_stop_the_others(loop: StallingLoop) -> None:
    def fail() -> None:
        raise OSError("network is unreachable")

    clock, lines = Clock(), [Recorder(), Recorder(fail), *(Recorder() for _ in range(PHASES * 2))]
    for line in lines:
        clock.add(line)
    with capture_logs() as logs:
        run(loop, clock, asyncio.sleep(0.0999))
    assert {len(line.ticks) for line in lines} == {5}
    assert clock.timing.failures == 5
    assert logs[0] == {
        "event": "! tick",
        "line": "Recorder()",
        "error": "network is unreachable",
        "log_level": "warning",
    }


def test_lines_come_and_go_during_a_tick(loop: StallingLoop) -> None:
    clock = Clock()
    others = [Recorder() for _ in range(PHASES)]
    gone, added = Recorder(), Recorder()

    def change() -> None:
        clock.remove(gone)
        clock.remove(changing)
        clock.remove(changing)
        clock.add(added)

    changing = Recorder(change)
    for line in (changing, *others, gone):
        clock.add(line)
    run(loop, clock, asyncio.sleep(0.0999))
    assert len(changing.ticks) == 1
    assert len(gone.ticks) <= 1
    assert 4 <= len(added.ticks) <= 5
    assert {len(line.ticks) for line in others} == {5}
    assert clock.lines == PHASES + 1
