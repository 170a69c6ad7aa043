"""`callcenter bench turns`: how soon callers are answered the more of them call, and how well the agent gives way.

Callers ring over SIP, and all is measured on their side of the line, from the recorded sound.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from callcenter.bench import drawing, plot
from callcenter.bench.calling import CallCentre, Progress, opened, personas
from callcenter.bench.loads import Load, breaks_at
from callcenter.bench.politeness import BargeIns, FalseStops, false_stops, undisturbed
from callcenter.config import Settings
from callcenter.simulation.persona import Echo, Noise, Persona
from callcenter.simulation.report import CallResult

NOISE_DB = 10.0
"""The caller's speech over the noise."""
ECHO = Echo(db=-20.0, delay_ms=120.0)

DISTURBANCES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "white noise at 10 dB": {"noise": Noise(snr_db=NOISE_DB, kind="white")},
    "babble at 10 dB": {"noise": Noise(snr_db=NOISE_DB, kind="babble")},
    "its own echo, 20 dB down": {"echo": ECHO},
}
"""What is heard under patient callers, by its name."""
COUGHS = "coughs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, and where."""

    settings: Settings
    running: bool = False
    """Ring the daemon that runs already, not one of the benchmark's own."""
    callers: tuple[Persona, ...] = ()
    """Who calls at each level, instead of those that are shipped: they know the shipped flow alone."""
    at_once: tuple[int, ...] = (1, 2, 4, 8)
    """The levels: so many calls at the same time. None for no levels at all."""
    rounds: int = 2
    """At a level, so many calls one after another in each of its places, or more until everybody has called equally
    often; and so many of every other caller."""
    manners: bool = True
    """Measure false stops and true interruptions too."""
    manners_at_once: int = 2
    """So many of these calls at the same time."""
    record: Path | None = None
    """A folder for each call's sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured."""

    loads: tuple[Load, ...]
    """In rising order of calls at once."""
    false_stops: tuple[FalseStops, ...]
    barge_ins: BargeIns | None
    parts: str
    """The recogniser, the voice and the flow."""
    began: datetime
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    @property
    def breaks_at(self) -> int | None:
        """The first level at which callers wait too long; None when none does."""
        broken = breaks_at(self.loads)
        return broken.at_once if broken else None

    @property
    def ok(self) -> bool:
        """Whether one caller at a time, or as few as were tried, is served within every budget."""
        served = not self.loads or breaks_at(self.loads) is not self.loads[0]
        verdicts = [stops.ok for stops in self.false_stops] + ([self.barge_ins.ok] if self.barge_ins else [])
        return served and all(verdict is not False for verdict in verdicts)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "began": self.began.isoformat(timespec="seconds"),
            "cores": self.cores,
            "parts": self.parts,
            "levels": [load.as_json() for load in self.loads],
            "breaks_at": self.breaks_at,
            "false_stops": [stops.as_json() for stops in self.false_stops],
            "barge_in": self.barge_ins.as_json() if self.barge_ins else None,
        }

    def drawn(self) -> RenderableType:
        """For a terminal or a file."""
        return drawing.turns(self.loads, self.false_stops, self.barge_ins, self.parts)

    def picture(self, command: str) -> str:
        """The levels as an SVG document, with the `command` that measured them."""
        notes = [command, f"{self.began:%Y-%m-%d}, {self.cores} cores, {self.parts}"]
        return plot.picture(
            plot.panels(self.loads), "How soon callers are answered, and heard, by calls at once", notes
        )


async def measure(plan: Plan, progress: Progress) -> Report:
    """Let everybody call. Calls that fail are in the report.

    Raises CallCenterError when there is no daemon to call, or a part of the phone is not there.
    """
    began = datetime.now(UTC)
    async with opened(plan.settings, progress, running=plan.running) as centre:
        centre.record = plan.record
        loads = [await _load(centre, plan, at_once) for at_once in sorted(set(plan.at_once))]
        manners = await _manners(centre, plan) if plan.manners else {}
        barge_ins = await _interrupted(centre, plan) if plan.manners else None
    settings = plan.settings
    return Report(
        loads=tuple(loads),
        false_stops=_false_stops(manners, [call for load in loads for call in load.calls]),
        barge_ins=barge_ins,
        parts=f"{settings.hearing.model}, {settings.talking.voice}, flow {settings.dialogue.flow}",
        began=began,
    )


async def _load(centre: CallCentre, plan: Plan, at_once: int) -> Load:
    callers = plan.callers or personas("plain")
    # The same mixture of callers at every level, or the levels could not be compared.
    calls = math.ceil(at_once * plan.rounds / len(callers)) * len(callers)
    ringing = await centre.ring(f"{at_once} at once", callers, calls=calls, at_once=at_once)
    return Load(at_once=at_once, ringing=ringing)


async def _manners(centre: CallCentre, plan: Plan) -> dict[str, Sequence[CallResult]]:
    """The calls under each disturbance."""
    crowds = {
        name: [patient.model_copy(update=changes) for patient in personas("listen")]
        for name, changes in DISTURBANCES.items()
    }
    crowds[COUGHS] = list(personas("cough"))
    return {name: await _crowd(centre, name, crowd, plan) for name, crowd in crowds.items()}


async def _interrupted(centre: CallCentre, plan: Plan) -> BargeIns:
    return BargeIns.of(await _crowd(centre, "interruptions", personas("interrupt"), plan))


async def _crowd(centre: CallCentre, name: str, crowd: Sequence[Persona], plan: Plan) -> Sequence[CallResult]:
    calls = len(crowd) * plan.rounds
    return (await centre.ring(name, crowd, calls=calls, at_once=plan.manners_at_once)).calls


def _false_stops(manners: dict[str, Sequence[CallResult]], others: Sequence[CallResult]) -> tuple[FalseStops, ...]:
    """What a turn sounds like undisturbed is known from all calls of the run."""
    natural = undisturbed([*others, *(call for calls in manners.values() for call in calls)])
    return tuple(false_stops(name, calls, natural, coughs=name == COUGHS) for name, calls in manners.items())
