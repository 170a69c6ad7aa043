"""So many calls at once: what callers heard then, and where it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from callcenter.bench.calling import Ringing
from callcenter.bench.politeness import BargeIns, percentile
from callcenter.simulation.report import CallResult, Report
from callcenter.simulation.words import WordErrors
from callcenter.stages import STAGES

MOST_P95_MS = 1500.0
"""From the end of the caller's speech to the first sound of the answer."""
MOST_TIMES_ONE = 2.0
"""A level whose p95 is more than so many times that of the lowest level is broken too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One level."""

    at_once: int
    ringing: Ringing

    @property
    def calls(self) -> tuple[CallResult, ...]:
        """Its calls."""
        return self.ringing.calls

    @property
    def report(self) -> Report:
        """The calls, summed up; what they left behind is not looked for."""
        return Report(calls=self.calls, left={})

    @property
    def latencies(self) -> list[float]:
        """Milliseconds, from the recordings."""
        return self.report.latencies

    @property
    def p50(self) -> float | None:
        """Of the latencies."""
        return percentile(self.latencies, 50)

    @property
    def p95(self) -> float | None:
        """Of the latencies."""
        return percentile(self.latencies, 95)

    @property
    def greeting_p95(self) -> float | None:
        """Milliseconds from the answer of the call to its first sound."""
        return percentile([call.greeting_ms for call in self.calls if call.greeting_ms is not None], 95)

    @property
    def barge_ins(self) -> BargeIns:
        """The callers' words over the agent's."""
        return BargeIns.of(self.calls)

    @property
    def right(self) -> int:
        """Calls that ended as they should."""
        return sum(call.ok for call in self.calls)

    @property
    def slots(self) -> tuple[int, int]:
        """Right, and expected."""
        return self.report.slots_right, self.report.slots_total

    @property
    def words(self) -> WordErrors:
        """Of all calls."""
        return self.report.words

    @property
    def cut_off(self) -> int:
        """Callers' turns that were answered before they were over."""
        return sum(turn.cut_off for call in self.calls for turn in call.turns)

    @property
    def fillers(self) -> int:
        """Callers' turns after which the caller was told to wait."""
        return sum("filler" in turn.timings for call in self.calls for turn in call.turns)

    @property
    def stages(self) -> dict[str, float]:
        """The median milliseconds of each stage of an answer, as the daemon measured them."""
        found: dict[str, list[float]] = {}
        for turn in (turn for call in self.calls for turn in call.turns if "total" in turn.timings):
            for stage, ms in turn.timings.items():
                found.setdefault(stage, []).append(ms)
        return {stage: round(median(values), 1) for stage, values in found.items() if stage in STAGES}

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        right, expected = self.slots
        wer = self.words.rate
        return {
            "at_once": self.at_once,
            "calls": len(self.calls),
            "turns": len(self.latencies),
            "latency_p50_ms": self.p50,
            "latency_p95_ms": self.p95,
            "greeting_p95_ms": self.greeting_p95,
            "barge_in": self.barge_ins.as_json(),
            "outcomes_right": self.right,
            "slots_right": right,
            "slots_expected": expected,
            "words_wrong": None if wer is None else round(wer, 3),
            "cut_off": self.cut_off,
            "fillers": self.fillers,
            "cpu_cores": None if self.ringing.cpu is None else round(self.ringing.cpu, 2),
            "seconds": round(self.ringing.seconds, 1),
            "stages_ms": self.stages,
            "latencies_ms": self.latencies,
            "errors": [f"{call.name}: {call.error}" for call in self.calls if call.error],
        }


def breaks_at(loads: Sequence[Load]) -> Load | None:
    """The first level at which callers wait too long or fail; the levels are in rising order. None when none does."""
    measured = [load for load in loads if load.p95 is not None]
    if not measured:
        return loads[0] if loads else None
    most = min(MOST_P95_MS, MOST_TIMES_ONE * (measured[0].p95 or 0.0))
    return next((load for load in loads if _fails(load, MOST_P95_MS if load is measured[0] else most)), None)


def _fails(load: Load, most_ms: float) -> bool:
    return load.p95 is None or load.p95 > most_ms or any(call.error for call in load.calls)
