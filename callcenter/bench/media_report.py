"""What came of `callcenter bench media`."""

from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.bench.cores import Cores
from callcenter.bench.levels import Ladder, Level, Spread
from callcenter.bench.pipecat_room import PIPECAT

TOO_MANY_OTHERS = 0.03
LEGEND = (
    "Times in ms, heard and said as p50/p99; memory in KiB a call; "
    "worst: the latest frame that the plane sent; load: the latest that the far end sent"
)
OURS, THEIRS = "callcenter", "pipecat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both planes at the same number of calls. Ratios are how many times more the other one takes."""

    ours: Level
    theirs: Level

    @property
    def cpu_ratio(self) -> float:
        """Of the CPU a call."""
        return self.theirs.cpu_per_call / self.ours.cpu_per_call

    @property
    def memory_ratio(self) -> float | None:
        """Of the memory a call; None when ours is too little to be seen."""
        return self.theirs.plane.memory / self.ours.plane.memory if self.ours.plane.memory > 0 else None

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "calls": self.ours.calls,
            "cpu_per_call": {OURS: round(self.ours.cpu_per_call, 5), THEIRS: round(self.theirs.cpu_per_call, 5)},
            "memory_per_call": {OURS: self.ours.plane.memory, THEIRS: self.theirs.plane.memory},
            "cpu_ratio": round(self.cpu_ratio, 1),
            "memory_ratio": None if self.memory_ratio is None else round(self.memory_ratio, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """All levels of one run."""

    ours: Ladder
    theirs: Ladder | None = None
    """pipecat's."""
    seconds: float
    """How long each level was measured."""
    cores: Cores
    searched: bool
    """The most calls were looked for; else one number was given."""

    @property
    def ok(self) -> bool:
        """Something held, and with a number given, that."""
        return self.ours.held > 0

    @property
    def held_ratio(self) -> float | None:
        """How many times as many calls the daemon's plane held; None without pipecat, or where it held none."""
        if not self.searched or self.theirs is None or not self.theirs.held:
            return None
        return self.ours.held / self.theirs.held

    @property
    def comparison(self) -> Comparison | None:
        """At the most calls that pipecat held, or the fewest that it was tried with."""
        if self.theirs is None:
            return None
        calls = common(self.theirs)
        ours, theirs = self.ours.at(calls), self.theirs.at(calls)
        return Comparison(ours=ours, theirs=theirs) if ours and theirs else None

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        comparison = self.comparison
        return {
            "ok": self.ok,
            "seconds": self.seconds,
            "cores": {"plane": self.cores[0], "load": self.cores[1]},
            "held": self.ours.held,
            OURS: self.ours.as_json(),
            THEIRS: self.theirs.as_json() if self.theirs else None,
            "against": PIPECAT if self.theirs else None,
            "held_ratio": None if self.held_ratio is None else round(self.held_ratio, 1),
            "comparison": comparison.as_json() if comparison else None,
        }

    def drawn(self) -> RenderableType:
        """As a terminal shows it."""
        parts: list[RenderableType] = [_table(OURS, self.ours)]
        if self.theirs:
            parts += [Text(), _table(THEIRS, self.theirs)]
        return Group(*parts, Text(LEGEND, style="dim"), Text(), *(Text(line) for line in self.sentences()))

    def sentences(self) -> list[str]:
        """What the figures say."""
        lines = [self._held(OURS, self.ours)]
        if self.theirs:
            lines.append(self._held(THEIRS, self.theirs))
        if self.held_ratio is not None:
            lines.append(f"That is {self.held_ratio:.1f} times as many calls.")
        if comparison := self.comparison:
            lines.append(_compared(comparison))
        if self.cores[0] is None:
            # Without cores of their own others cannot be told from the load.
            lines.append("There is one core only: the load ran on it too, so the plane holds more than this says.")
        elif self._others > TOO_MANY_OTHERS:
            lines.append(f"Others used up to {self._others:.0%} of the core: on a quiet machine it may hold more.")
        return lines

    @property
    def _others(self) -> float:
        return max(level.others for level in self.ours.levels)

    def _held(self, name: str, ladder: Ladder) -> str:
        if not ladder.best:
            return f"{name} held none of these levels."
        most = "at most " if self.searched else ""
        limit = "; beyond that the load was late, so it may hold more" if ladder.load_was_the_limit else ""
        measured = f"measured for {self.seconds:g} s{limit}"
        return f"{name} held {most}{ladder.held} calls with no frame over 20 ms late, {measured}."


def common(theirs: Ladder) -> int:
    """The number of calls at which two planes are compared."""
    return theirs.held or min(level.calls for level in theirs.levels)


def _compared(comparison: Comparison) -> str:
    ours, theirs = comparison.ours, comparison.theirs
    memory = "" if comparison.memory_ratio is None else f", {comparison.memory_ratio:.0f} times"
    return (
        f"At {ours.calls} calls: CPU a call {ours.cpu_per_call:.2%} of a core against {theirs.cpu_per_call:.2%}, "
        f"{comparison.cpu_ratio:.1f} times; memory a call {_kb(ours)} against {_kb(theirs)}{memory}."
    )


def _table(name: str, ladder: Ladder) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, title=name, title_justify="left")
    columns = ("calls", "CPU", "a call", "worst", "jitter", "gap p99", "heard", "said", "memory", "load")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict")
    for level in ladder.levels:
        table.add_row(
            str(level.calls),
            f"{level.plane.cpu:.0%}",
            f"{level.cpu_per_call:.2%}",
            f"{level.sent.worst_ms:.1f}",
            f"{level.sent.jitter_ms:.2f}",
            f"{level.sent.gap_p99_ms:.1f}",
            _spread(level.plane.vad_ms),
            _spread(level.plane.say_ms),
            f"{level.plane.memory / 1024:,.0f}",
            f"{level.load.max_ms:.1f}",
            Text(level.verdict, style="green" if level.held else "yellow"),
        )
    return table


def _spread(spread: Spread | None) -> str:
    return f"{spread.p50:.0f}/{spread.p99:.0f}" if spread else ""


def _kb(level: Level) -> str:
    return f"{level.plane.memory / 1024:,.0f} KiB"
