"""What each way of a call's sound takes in time and in CPU, beside what Asterisk takes by itself. Pure."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.bench import drawing
from callcenter.bench.line_moments import Trip
from callcenter.bench.politeness import percentile

MOST_OVER_MS = 20.0
"""More than Asterisk's own round trip."""
MOST_STOP_P95_MS = 150.0


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
class Own:
    """Asterisk's own round trips on one way: there and back through the same legs over a bare line."""

    ms: tuple[float, ...] = ()
    lost: int = 0
    error: str = ""
    """Why this is not known."""

    @property
    def p50(self) -> float | None:
        """Of them; None where it is not known."""
        return None if self.error else percentile(self.ms, 50)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"tones": len(self.ms) + self.lost, "lost": self.lost, "error": self.error or None, **_spread(self.ms)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way."""

    name: str
    own: Own | None = None
    """None where there is nothing to compare with."""
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

    @property
    def over(self) -> float | None:
        """How much longer than Asterisk's own the median round trip is."""
        own = self.own.p50 if self.own else None
        return None if self.p50 is None or own is None else round(self.p50 - own, 1)

    def part(self, name: str) -> list[float]:
        """The milliseconds of one part of all trips: `to_us`, `ours` or `back`."""
        return [value for trip in self.trips if (value := getattr(trip, name)) is not None]

    @property
    def ok(self) -> bool | None:
        """Whether it is within the budgets; None where that is not known, for Asterisk's own is not."""
        if self.missing:
            return True
        if self.error or self.stops is None or not self.stops.ok:
            return False
        return None if self.over is None else self.over <= MOST_OVER_MS

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "way": self.name,
            "ok": self.ok,
            "error": self.error or None,
            "tones": len(self.trips) + self.lost,
            "lost": self.lost,
            "round_trip_ms": _spread([trip.whole for trip in self.trips]),
            "asterisk_own_ms": self.own and self.own.as_json(),
            "over_asterisk_ms": self.over,
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
        return all(row.ok for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
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
            "echo": self.echo.as_json(),
            "ways": [row.as_json() for row in self.rows],
        }

    def drawn(self) -> RenderableType:
        """For a terminal."""
        about = f"Asterisk {self.asterisk}, {self.calls} calls at once, {self.cores} cores, load {self.load:.1f} before"
        notes = (
            "Asterisk's own: the same way to lines that send back at once what comes, at the same time",
            "ours: the wait for the clock's tick, of up to 20 ms, is in it",
            "CPU: of one core, for one call; Asterisk's with the caller's leg, which is all that Echo() has",
        )
        errors = [Text(text, style="red") for row in (self.echo, *self.rows) for text in _errors(row)]
        return Group(Text(about, style="dim"), Text(), self._table(), Text(), *errors, *map(_note, notes))

    def _table(self) -> Table:
        made = drawing.table(
            f"there and back (at most {MOST_OVER_MS:.0f} ms over Asterisk's own), and silent after a pause (p95 at "
            f"most {MOST_STOP_P95_MS:.0f} ms)",
            "\nway",
            "Asterisk's\nown p50",
            "with us\np50",
            "\np95",
            "\nover",
            "to us\np50",
            "ours\np50",
            "back\np50",
            "\nlost",
            "silent\np95",
            "CPU a call\nours",
            "\nAsterisk's",
        )
        for row in (self.echo, *self.rows):
            made.add_row(*self._cells(row))
        return made

    def _cells(self, row: Row) -> list[str | Text]:
        own, over = row.own.p50 if row.own else None, row.over
        return [
            row.name,
            drawing.ms(own),
            drawing.ms(row.p50),
            drawing.ms(row.p95),
            drawing.verdict(None if over is None else over <= MOST_OVER_MS, drawing.ms(over)),
            *(drawing.ms(percentile(row.part(part), 50)) for part in ("to_us", "ours", "back")),
            f"{row.lost} of {row.lost + len(row.trips)}",
            drawing.verdict(row.stops.ok, drawing.ms(row.stops.p95)) if row.stops else drawing.NOTHING,
            *([_share(row.costs.ours), _share(row.costs.asterisk)] if row.costs else [drawing.NOTHING] * 2),
        ]


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {f"p{share}": percentile(values, share) for share in (50, 95)} | {"worst": percentile(values, 100)}


def _errors(row: Row) -> list[str]:
    found = {row.name: row.error, f"{row.name}, Asterisk's own": row.own.error if row.own else ""}
    return [f"{what}: {error}" for what, error in found.items() if error]


def _share(cpu: float) -> str:
    return f"{cpu:.2%}"


def _note(text: str) -> Text:
    return Text(text, style="dim")
