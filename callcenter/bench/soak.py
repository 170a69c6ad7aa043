"""`callcenter bench soak`: callers ring one after another for as long as you like, and the daemon is watched."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from rich.console import RenderableType

from callcenter.bench import drawing
from callcenter.bench.calling import CallCentre, Progress, opened, personas
from callcenter.bench.endurance import Endurance, Sample, endurance
from callcenter.bench.politeness import percentile
from callcenter.config import Settings
from callcenter.errors import CallCenterError
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult

SAMPLE_EVERY_S = 10.0
TELL_EVERY_S = 60.0
BREATH_S = 1.0
"""After a call that failed; without it a daemon that is gone would be rung without end."""
SETTLE_S = 3.0
"""After the last call, before the last sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """For how long, and how many calls at the same time."""

    settings: Settings
    running: bool = False
    """Ring the daemon that runs already, not one of the benchmark's own."""
    callers: tuple[Persona, ...] = ()
    """Who calls, instead of those that are shipped: they know the shipped flow alone."""
    minutes: float = 60.0
    at_once: int = 2
    sample_every_s: float = SAMPLE_EVERY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it."""

    began: datetime
    seconds: float
    asked_s: float
    """How long it should have run; it may have been ended sooner."""
    at_once: int
    samples: tuple[Sample, ...]
    """The first before the first call, the last after the last."""
    results: tuple[CallResult, ...]
    """Of the calls that came to their end."""

    @property
    def endurance(self) -> Endurance:
        """Whether the daemon stays what it was."""
        return endurance(self.samples)

    @property
    def failed(self) -> int:
        """Calls that did not come about, or did not end as they should."""
        return sum(not call.ok for call in self.results)

    @property
    def latency_p95(self) -> float | None:
        """Milliseconds, from the recordings."""
        return percentile([latency for call in self.results for latency in call.latencies], 95)

    @property
    def ok(self) -> bool:
        """Nothing grew, as far as can be told, and there was a daemon to look at to the end."""
        served = any(call.error is None for call in self.results)
        seen = bool(self.samples) and self.samples[-1].calls == len(self.results)
        return self.endurance.flat is not False and served and seen

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "began": self.began.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "asked_s": self.asked_s,
            "at_once": self.at_once,
            "calls": len(self.results),
            "calls_not_as_expected": self.failed,
            "errors": sorted({call.error for call in self.results if call.error}),
            "latency_p95_ms": self.latency_p95,
            **self.endurance.as_json(),
            "first": asdict(self.samples[0]) if self.samples else None,
            "last": asdict(self.samples[-1]) if self.samples else None,
            "timeline": [asdict(sample) for sample in self.samples],
        }

    def drawn(self) -> RenderableType:
        """For a terminal or a file."""
        return drawing.soak(self.samples, self.results, self.endurance, self.seconds, self.asked_s)


@dataclass(slots=True, kw_only=True)
class _Log:
    """What has been seen up to now."""

    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    results: list[CallResult] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def measure(plan: Plan, progress: Progress) -> Report:
    """Let callers ring, one after another in each of `at_once` places, until the time is over or Ctrl-C is pressed.

    Raises CallCenterError when there is no daemon to call, or a part of the phone is not there.
    """
    began = datetime.now(UTC)
    async with opened(plan.settings, progress, running=plan.running) as centre:
        centre.progress = _unheard
        log = _Log()
        log.samples.append(Sample.of(await centre.status(), at=0.0, calls=0))
        async with _interrupted() as stop:
            await _ring(centre, plan, log, stop, progress)
        await asyncio.sleep(SETTLE_S)
        await _sample(centre, log)
    return Report(
        began=began,
        seconds=log.seconds,
        asked_s=plan.minutes * 60,
        at_once=plan.at_once,
        samples=tuple(log.samples),
        results=tuple(log.results),
    )


@asynccontextmanager
async def _interrupted() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C sets, in place of ending the program."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


async def _ring(centre: CallCentre, plan: Plan, log: _Log, stop: asyncio.Event, progress: Progress) -> None:
    """Until the time is over, when the calls in progress may end, or `stop` is set, when they are hung up."""
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(_call(centre, plan, log))
        others: list[asyncio.Task[Any]] = [
            group.create_task(stop.wait()),
            group.create_task(_watch(centre, plan, log, progress)),
        ]
        await asyncio.wait([calling, *others], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            progress("stopped: hanging up")
        for task in (calling, *others):
            task.cancel()


async def _call(centre: CallCentre, plan: Plan, log: _Log) -> None:
    """In every place one call after another, until the time is over."""
    callers = cycle(plan.callers or personas("plain"))

    async def place() -> None:
        while log.seconds < plan.minutes * 60:
            (result,) = (await centre.ring("", [next(callers)], calls=1, at_once=1)).calls
            log.results.append(result)
            if result.error:
                await asyncio.sleep(BREATH_S)

    async with asyncio.TaskGroup() as group:
        for _ in range(plan.at_once):
            group.create_task(place())


async def _watch(centre: CallCentre, plan: Plan, log: _Log, progress: Progress) -> None:
    """Take samples, and tell how it stands once a minute."""
    told = 0.0
    while True:
        await asyncio.sleep(plan.sample_every_s)
        await _sample(centre, log)
        if log.seconds - told >= TELL_EVERY_S:
            told = log.seconds
            progress(_standing(log, plan))


async def _sample(centre: CallCentre, log: _Log) -> None:
    """A daemon that does not answer leaves no sample; its calls fail, and say so."""
    with suppress(CallCenterError):
        log.samples.append(Sample.of(await centre.status(), at=log.seconds, calls=len(log.results)))


def _unheard(line: str) -> None:
    """Each call's end is not told: there are too many."""


def _standing(log: _Log, plan: Plan) -> str:
    last = log.samples[-1]
    faults = sum(not call.ok for call in log.results)
    over = log.seconds > plan.minutes * 60
    stage = "the last calls end" if over else f"{log.seconds / 60:.1f} of {plan.minutes:g} min"
    return (
        f"{stage}: {len(log.results)} calls, {faults} not as expected, "
        f"memory {last.memory_mb:.0f} MB, {last.files} files, {last.tasks} tasks, lag p99 {last.lag_p99_ms:.1f} ms"
    )
