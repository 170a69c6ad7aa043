"""What each way of a call's sound takes in time and in CPU, beside what Asterisk takes by itself. Pure."""

import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.bench import drawing
from callcenter.bench.politeness import percentile

MOST_OVER_MS = 20.0
"""More than Asterisk's own round trip."""
MOST_STOP_P95_MS = 150.0
LOST_S = 0.45
"""A tone that is not back after this never comes."""
STOPPED_S = 0.35
"""An agent that is heard for longer has not paused."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A tone there and back, in milliseconds."""

    whole: float
    """From the caller's first packet of it to the first sample that they hear of it."""
    to_us: float | None = None
    """From that packet until we have it; None where no line of ours carried it, as in the rest."""
    ours: float | None = None
    """From there to our sending it."""
    back: float | None = None
    """From there to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """How soon the caller hears silence once the playout is paused."""

    ms: tuple[float, ...]
    missed: int
    """The agent was heard on."""

    @property
    def p95(self) -> float | None:
        """Of them."""
        return percentile(self.ms, 95)

    @property
    def ok(self) -> bool:
        """Whether all are heard, and soon enough."""
        return self.p95 is not None and self.p95 <= MOST_STOP_P95_MS and not self.missed

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"pauses": len(self.ms) + self.missed, "missed": self.missed, **_spread(self.ms)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU seconds a second and call."""

    ours: float
    asterisk: float
    """With the caller's own leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way."""

    name: str
    trips: tuple[Trip, ...] = ()
    lost: int = 0
    """Tones that did not come back."""
    stops: Stops | None = None
    costs: Costs | None = None
    lag_p99_ms: float | None = None
    """How late the ticks of our clock came."""
    error: str = ""
    """Why it was not measured."""
    missing: bool = False
    """For Asterisk does not have it."""

    @property
    def p50(self) -> float | None:
        """Of the round trips."""
        return percentile([trip.whole for trip in self.trips], 50)

    @property
    def p95(self) -> float | None:
        """Of the round trips."""
        return percentile([trip.whole for trip in self.trips], 95)

    def over(self, own: float | None) -> float | None:
        """How much longer than `own` the median round trip is."""
        return None if self.p50 is None or own is None else round(self.p50 - own, 1)

    def part(self, name: str) -> list[float]:
        """The milliseconds of one part of all trips: `to_us`, `ours` or `back`."""
        return [value for trip in self.trips if (value := getattr(trip, name)) is not None]

    def ok(self, own: float | None) -> bool:
        """Whether it is within the budgets."""
        if self.missing:
            return True
        over = self.over(own)
        quick = over is not None and over <= MOST_OVER_MS
        return not self.error and quick and self.stops is not None and self.stops.ok

    def as_json(self, own: float | None) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "way": self.name,
            "ok": self.ok(own),
            "error": self.error or None,
            "tones": len(self.trips) + self.lost,
            "lost": self.lost,
            "round_trip_ms": _spread([trip.whole for trip in self.trips]),
            "over_asterisk_ms": self.over(own),
            "to_us_ms": _spread(self.part("to_us")),
            "ours_ms": _spread(self.part("ours")),
            "back_ms": _spread(self.part("back")),
            "stop_ms": self.stops and self.stops.as_json(),
            "cpu_per_call": self.costs and round(self.costs.ours, 5),
            "asterisk_cpu_per_call": self.costs and round(self.costs.asterisk, 5),
            "lag_p99_ms": self.lag_p99_ms and round(self.lag_p99_ms, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured."""

    echo: Row
    """Asterisk's Echo(), to which nothing but the caller's own leg belongs."""
    bare: Row
    """The legs of every call, with packets that are sent back as they come: Asterisk's own round trip."""
    rows: tuple[Row, ...]
    calls: int
    """At once."""
    seconds: float
    """The CPU was measured for so long, each way."""
    asterisk: str
    """Its version."""
    load: float
    """Of the machine when it began, in processes that want to run."""
    began: datetime
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    @property
    def ok(self) -> bool:
        """Whether each way that Asterisk has is within the budgets."""
        return all(row.ok(self.bare.p50) for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        own = self.bare.p50
        return {
            "ok": self.ok,
            "began": self.began.isoformat(timespec="seconds"),
            "cores": self.cores,
            "load": round(self.load, 1),
            "asterisk": self.asterisk,
            "calls": self.calls,
            "seconds": self.seconds,
            "budget_over_asterisk_ms": MOST_OVER_MS,
            "budget_stop_p95_ms": MOST_STOP_P95_MS,
            "echo": self.echo.as_json(None),
            "asterisk_own": self.bare.as_json(own),
            "ways": [row.as_json(own) for row in self.rows],
        }

    def drawn(self) -> RenderableType:
        """For a terminal."""
        about = f"Asterisk {self.asterisk}, {self.calls} calls at once, {self.cores} cores, load {self.load:.1f} before"
        notes = (
            "asterisk's own: the same legs, each packet sent back as it comes; ours: the wait for the clock's tick, of "
            "up to 20 ms, is in it",
            "CPU: of one core, for one call; Asterisk's with the caller's leg, which is all that Echo() has",
        )
        errors = [Text(f"{row.name}: {row.error}", style="red") for row in self._all if row.error]
        return Group(Text(about, style="dim"), Text(), self._table(), Text(), *errors, *map(_note, notes))

    @property
    def _all(self) -> tuple[Row, ...]:
        return (self.echo, self.bare, *self.rows)

    def _table(self) -> Table:
        made = drawing.table(
            f"there and back (at most {MOST_OVER_MS:.0f} ms over Asterisk's own), and silent after a pause (p95 at "
            f"most {MOST_STOP_P95_MS:.0f} ms)",
            "\nway",
            "round trip\np50",
            "\np95",
            "over\nAsterisk's",
            "to us\np50",
            "ours\np50",
            "back\np50",
            "\nlost",
            "silent\np50",
            "\np95",
            "CPU a call\nours",
            "\nAsterisk's",
        )
        for row in self._all:
            made.add_row(*self._cells(row))
        return made

    def _cells(self, row: Row) -> list[str | Text]:
        over = None if row in (self.echo, self.bare) else row.over(self.bare.p50)
        return [
            row.name,
            drawing.ms(row.p50),
            drawing.ms(row.p95),
            drawing.verdict(None if over is None else over <= MOST_OVER_MS, drawing.ms(over)),
            *(drawing.ms(percentile(row.part(part), 50)) for part in ("to_us", "ours", "back")),
            f"{row.lost} of {row.lost + len(row.trips)}",
            drawing.ms(percentile(row.stops.ms, 50) if row.stops else None),
            drawing.verdict(row.stops.ok, drawing.ms(row.stops.p95)) if row.stops else drawing.NOTHING,
            *([_share(row.costs.ours), _share(row.costs.asterisk)] if row.costs else [drawing.NOTHING] * 2),
        ]


def trips(sent: Sequence[float], heard: Sequence[Span], echoed: Mapping[str, Sequence[float]]) -> list[Trip | None]:
    """What became of the tones of one caller; None for each that did not come back.

    `sent` and `heard` are the caller's, `echoed` holds when the agent `heard` sound set in and `said` it; all in
    seconds of the monotonic clock, in rising order. Tones are further apart than LOST_S.
    """
    return [_trip(at, [first for first, _ in heard], echoed) for at in sent]


def stops(paused: Sequence[float], heard: Sequence[Span]) -> Stops:
    """How soon one caller, who `heard` frames with sound, heard none after each pause."""
    found = [_stop(at, heard) for at in paused]
    return Stops(ms=tuple(ms for ms in found if ms is not None), missed=found.count(None))


def _trip(sent: float, heard: Sequence[float], echoed: Mapping[str, Sequence[float]]) -> Trip | None:
    back = _next(heard, sent)
    if back is None:
        return None
    came = _next(echoed.get("heard", ()), sent - 0.001)  # an event loop's time is cut to milliseconds
    said = None if came is None else _next(echoed["said"], came)
    moments = (sent, came, said, back)
    parts = [None if a is None or b is None else (b - a) * 1000 for a, b in pairwise(moments)]
    return Trip(whole=(back - sent) * 1000, to_us=parts[0], ours=parts[1], back=parts[2])


def _stop(paused: float, heard: Sequence[Span]) -> float | None:
    ends = [end for first, end in heard if paused - STOPPED_S < first < paused + STOPPED_S]
    if not ends or ends[-1] >= paused + STOPPED_S:
        return None
    return max(0.0, ends[-1] - paused) * 1000


def _next(moments: Sequence[float], after: float) -> float | None:
    """The first that is not before `after`, if it is soon enough."""
    place = bisect_left(moments, after)
    return moments[place] if place < len(moments) and moments[place] < after + LOST_S else None


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {f"p{share}": percentile(values, share) for share in (50, 95)} | {"worst": percentile(values, 100)}


def _share(cpu: float) -> str:
    return f"{cpu:.2%}"


def _note(text: str) -> Text:
    return Text(text, style="dim")
