"""`callcenter bench interruptions`: how soon the agent gives way to callers, on each way of a call's sound.

Callers ring over SIP and talk over the agent again and again; when it falls silent is taken from the sound that is
recorded on their side of the line. All ways have the same callers, in turns, so that whatever else the machine does
hits all of them alike.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from callcenter.bench import drawing
from callcenter.bench.calling import CallCentre, Progress, opened, personas
from callcenter.bench.line_ways import WAYS, Way
from callcenter.bench.politeness import MOST_STOP_MS, BargeIns
from callcenter.config import LineOfNumber, Settings
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult

BY_DIALPLAN = "777"
"""Where the dialplan runs AudioSocket()."""
FIRST = 9000
"""The first of the ten numbers that the dialplan leads to the daemon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    settings: Settings
    ways: tuple[str, ...] = tuple(WAYS)
    rounds: int = 3
    """So many callers ring each way, and interrupt seven times each."""
    at_once: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way."""

    name: str
    calls: tuple[CallResult, ...]

    @property
    def barge_ins(self) -> BargeIns:
        """Those of all its calls."""
        return BargeIns.of(self.calls)

    @property
    def errors(self) -> tuple[str, ...]:
        """Why calls did not come about."""
        return tuple(call.error for call in self.calls if call.error)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "way": self.name,
            "calls": len(self.calls),
            "errors": list(self.errors),
            **self.barge_ins.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured."""

    rows: tuple[Row, ...]
    at_once: int
    load: float
    """Of the machine, before."""
    began: datetime
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    @property
    def ok(self) -> bool:
        """Whether the agent gives way soon enough on each."""
        return all(row.barge_ins.ok and not row.errors for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "began": self.began.isoformat(timespec="seconds"),
            "at_once": self.at_once,
            "cores": self.cores,
            "load": round(self.load, 1),
            "ways": [row.as_json() for row in self.rows],
        }

    def drawn(self) -> RenderableType:
        """For a terminal."""
        about = f"{self.at_once} calls at once, {self.cores} cores, load {self.load:.1f} before"
        errors = [Text(f"{row.name}: {error}", style="red") for row in self.rows for error in row.errors]
        return Group(Text(about, style="dim"), Text(), table(self.rows), *errors)


def table(rows: Sequence[Row]) -> RenderableType:
    """How soon it was silent, by way."""
    made = drawing.table(
        f"silent after words over it (p95 at most {MOST_STOP_MS:.0f} ms)",
        *("way", "p50", "p95", "worst", "n", "missed", "not counted"),
    )
    for row in rows:
        found = row.barge_ins
        made.add_row(
            row.name,
            drawing.ms(found.p50),
            drawing.verdict(found.ok, drawing.ms(found.p95)),
            drawing.ms(max(found.stop_ms, default=None)),
            str(len(found.stop_ms) + found.missed),
            str(found.missed),
            str(found.over),
        )
    return made


async def measure(plan: Plan, progress: Progress) -> Report:
    """Let them call. Calls that fail are in the report.

    Raises CallCenterError when Asterisk or the daemon cannot be brought up, or a part of the phone is not there.
    """
    began, load = datetime.now(UTC), os.getloadavg()[0]
    calls: dict[str, list[CallResult]] = {name: [] for name in plan.ways}
    for house in houses(plan.ways):
        async with opened(house.led(plan.settings), progress, running=False) as centre:
            for name, result in await _rung(centre, house.extensions, plan):
                calls[name].append(result)
    rows = tuple(Row(name=name, calls=tuple(of_way)) for name, of_way in calls.items())
    return Report(rows=rows, at_once=plan.at_once, load=load, began=began)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOfHouse:
    """The ways that one daemon can have at a time: it dials WebSockets, or listens for them."""

    listens: bool
    extensions: Mapping[str, str]
    """What to dial, by the name of the way."""

    def led(self, settings: Settings) -> Settings:
        """`settings` with which each of the extensions goes its way."""
        ways = {extension: WAYS[name] for name, extension in self.extensions.items()}
        numbers = {extension: _line(way) for extension, way in ways.items() if not way.by_dialplan}
        changes = {"by_did": numbers, "websocket": "listen" if self.listens else "dial"}
        return settings.model_copy(update={"media": settings.media.model_copy(update=changes)})


def houses(names: Sequence[str]) -> Iterator[WaysOfHouse]:
    """As few as have all those ways."""
    for listens in (False, True):
        own = [name for name in names if WAYS[name].listens is listens]
        if own:
            extensions = {
                name: BY_DIALPLAN if WAYS[name].by_dialplan else str(FIRST + place) for place, name in enumerate(own)
            }
            yield WaysOfHouse(listens=listens, extensions=extensions)


def _line(way: Way) -> LineOfNumber:
    choice = way.choice
    return LineOfNumber.model_validate({"line": choice.kind, "rate": choice.rate, "codec": choice.codec})


async def _rung(centre: CallCentre, extensions: Mapping[str, str], plan: Plan) -> list[tuple[str, CallResult]]:
    """One caller after the other rings every way, `at_once` ways at a time."""
    callers = personas("insistent")
    free = asyncio.Semaphore(plan.at_once)

    async def ring(name: str, caller: Persona) -> tuple[str, CallResult]:
        async with free:
            ringing = await centre.ring(name, [caller], calls=1, at_once=1, extension=extensions[name])
        return name, ringing.calls[0]

    rings = [ring(name, callers[turn % len(callers)]) for turn in range(plan.rounds) for name in extensions]
    return list(await asyncio.gather(*rings))
