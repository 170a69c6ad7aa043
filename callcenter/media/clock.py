"""One clock for the sound of all calls: every line gets one tick each 20 ms, and never two for one.

What has come for any line is read four times as often.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from callcenter.media.pcm import FRAME_MS
from callcenter.media.udp import Arrivals

PERIOD = FRAME_MS / 1000
PHASES = 4
"""Lines take turns within a period, so that those of one phase hold the loop up for a quarter of the time."""
GIVEN = 0.015
"""A tick that is no later than this is given, and the next one on time: two frames are then still 5 ms apart."""
TIMER = 0.001
"""uvloop's timers count whole milliseconds, so one can fire this much early."""

log = structlog.get_logger()


class Ticking(Protocol):
    """A line, as the clock sees it."""

    def tick(self, now: float, skipped: int) -> None:
        """Send what is due at loop time `now`; `skipped` ticks before it will never come."""

    def fail(self, reason: str) -> None:
        """It is ticked no more: its tick has raised what no line should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How well the clock keeps time, in milliseconds over the last seconds; `late` and `max_ms` since its start."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    late: int
    """Ticks that came more than a period after their time."""
    left_out: int
    """Frames that were never sent because of such ticks, over all lines."""
    failures: int
    """Ticks in which a line raised an error."""


@dataclass(slots=True, kw_only=True)
class _Phase:
    """Lines that are ticked together."""

    due: float = 0.0
    """Loop time of their next tick."""
    skipped: int = 0
    """Ticks missed since the last one given."""
    lines: dict[Ticking, None] = field(default_factory=dict)


class Clock:
    """Calls the lines at absolute deadlines, of which each phase has its own.

    A tick up to 15 ms late is given, and the next one is on time. After a longer stall the ticks missed are
    skipped and the next is given when it is due, neither at once nor twice: Asterisk takes frames at its own steady
    pace, queues what comes early and never drains it, so it would delay all later sound of the call.
    """

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        """Read before each tick of a phase."""
        self._phases = [_Phase() for _ in range(PHASES)]
        self._lags: deque[float] = deque([0.0], maxlen=4096)
        self._max_lag = 0.0
        self._late = 0
        self._left_out = 0
        self._failures = 0

    @property
    def lines(self) -> int:
        """How many it ticks for."""
        return sum(len(phase.lines) for phase in self._phases)

    @property
    def timing(self) -> Timing:
        """How late ticks come, which is how late everything on the event loop comes."""
        lags = sorted(self._lags)
        return Timing(
            p50_ms=lags[len(lags) // 2] * 1000,
            p99_ms=lags[len(lags) * 99 // 100] * 1000,
            max_ms=self._max_lag * 1000,
            late=self._late,
            left_out=self._left_out,
            failures=self._failures,
        )

    def add(self, line: Ticking) -> None:
        """Tick for `line` from here on."""
        min(self._phases, key=lambda phase: len(phase.lines)).lines[line] = None

    def remove(self, line: Ticking) -> None:
        """Do not tick for `line` any more. Does nothing for one that is not there."""
        for phase in self._phases:
            phase.lines.pop(line, None)

    async def run(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, phase in enumerate(self._phases):
            phase.due = start + number * PERIOD / PHASES
        while True:
            await asyncio.sleep(min(phase.due for phase in self._phases) - loop.time())
            now = loop.time()
            self.arrivals.read(now)
            for phase in self._phases:
                if phase.due < now + TIMER:
                    self._tick(phase, now)

    def _tick(self, phase: _Phase, now: float) -> None:
        lag = max(0.0, now - phase.due)
        self._lags.append(lag)
        self._max_lag = max(self._max_lag, lag)
        self._late += lag > PERIOD
        if lag > GIVEN and not phase.skipped:
            phase.skipped = math.ceil(lag / PERIOD)
            phase.due += phase.skipped * PERIOD
            return
        # A tick that is late once more is given all the same, so that an overloaded loop does not fall silent.
        missed = max(0, math.ceil((lag - GIVEN) / PERIOD))
        skipped, phase.skipped = phase.skipped + missed, 0
        phase.due += (missed + 1) * PERIOD
        self._left_out += skipped * len(phase.lines)
        for line in list(phase.lines):
            if line in phase.lines:
                self._tick_line(line, now, skipped)

    def _tick_line(self, line: Ticking, now: float, skipped: int) -> None:
        try:
            line.tick(now, skipped)
        except OSError as error:
            self._failures += 1
            log.warning("! tick", line=repr(line), error=str(error))
        except Exception as error:  # a mistake of ours in the sound of one call must not end all
            self._failures += 1
            log.exception("! tick", line=repr(line))
            self.remove(line)
            line.fail(f"{type(error).__name__}: {error}")
