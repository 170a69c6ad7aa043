"""Levels of load: what was measured at each, whether it held, and which one to try next."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

from callcenter.bench.arrivals import Timekeeping

FULL = 0.98
"""Of a core. A process that is kept to one core gets no more than this of it in practice."""
LOAD_LATE_MS = 20.0
MOST = 3200
"""Calls beyond which there is no search; no load fits on one core there."""
FINENESS = 16
"""The search ends when a failed level is this fraction of it above a held one, or one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of a measured time, in milliseconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """What a media plane says of itself at a level. None where a plane has no such thing."""

    cpu: float
    """CPU seconds of the whole process a second; 1 is a core."""
    memory: int
    """Bytes: what the process grew by with the calls, a call."""
    heard: int
    """How often the start of a caller's speech was noticed."""
    late_ticks: int | None = None
    """Of the clock: more than 20 ms after their time."""
    lag_p99_ms: float | None = None
    """How late the clock's ticks come."""
    dropped: int | None = None
    """Frames that came in and were not listened to in time."""
    vad_ms: Spread | None = None
    """From when a datagram with the last sample of a window was due to be sent to the window being judged."""
    say_ms: Spread | None = None
    """From a clip's being said to its first frame being sent."""

    @classmethod
    def of(cls, figures: dict[str, Any]) -> Self:
        """From what a plane's process writes."""
        spreads = {name: Spread(**figures[name]) for name in ("vad_ms", "say_ms") if figures.get(name)}
        return cls(**{**figures, **spreads})


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How well the far end itself did at a level."""

    cpu: float
    p99_ms: float
    max_ms: float
    """How late it sent what it sent."""
    unsent: int
    """Packets that the kernel refused."""

    @property
    def kept(self) -> bool:
        """It sent everything, and nothing more than 20 ms late."""
        return self.max_ms <= LOAD_LATE_MS and not self.unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One attempt at so many calls."""

    calls: int
    plane: Plane
    sent: Timekeeping
    """What the plane sent, as the far end received it."""
    load: Load
    others: float
    """How much of the plane's core others had, or the host took from it."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What the plane did not hold."""
        sent, plane = self.sent, self.plane
        counted = (
            (sent.late, "late frames"),
            (sent.left_out, "frames left out"),
            (sent.missing, "frames missing"),
            (plane.late_ticks, "late ticks"),
            (plane.dropped, "frames dropped unheard"),
        )
        full = (f"CPU at {plane.cpu:.0%}",) if plane.cpu >= FULL else ()
        deaf = () if plane.heard else ("nobody heard",)
        return (*(f"{count} {what}" for count, what in counted if count), *full, *deaf)

    @property
    def held(self) -> bool:
        """All calls got and sent all of their sound in time."""
        return not self.faults

    @property
    def verdict(self) -> str:
        """In words. A level that failed while the load itself was late says nothing of the plane."""
        if self.held:
            return "held"
        return ", ".join(self.faults if self.load.kept else ("the load was late", *self.faults))

    @property
    def cpu_per_call(self) -> float:
        """Of one core."""
        return self.plane.cpu / self.calls

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        judged = {"held": self.held, "faults": list(self.faults), "load_was_late": not self.load.kept}
        return {**asdict(self), **judged}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All attempts with one plane, in order."""

    levels: tuple[Level, ...]

    @property
    def best(self) -> Level | None:
        """The attempt with the most calls that held."""
        return max((level for level in self.levels if level.held), key=lambda level: level.calls, default=None)

    @property
    def held(self) -> int:
        """Calls."""
        return self.best.calls if self.best else 0

    @property
    def load_was_the_limit(self) -> bool:
        """The search ended at a level at which the far end itself was late: the plane may hold more."""
        beyond = [level for level in self.levels if level.calls > self.held]
        first = min((level.calls for level in beyond), default=0)
        return bool(beyond) and not any(level.load.kept for level in beyond if level.calls == first)

    def at(self, calls: int) -> Level | None:
        """The attempt at `calls`; one that held, if there was one."""
        there = [level for level in self.levels if level.calls == calls]
        return next((level for level in there if level.held), there[-1] if there else None)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        levels = [level.as_json() for level in self.levels]
        return {"held": self.held, "load_was_the_limit": self.load_was_the_limit, "levels": levels}


def next_level(held: int, failed: int | None, first: int) -> int | None:
    """How many calls to try when `held` were held and `failed` were not; None when that is known finely enough.

    Doubles from `first` until a level fails, then halves what is between.
    """
    if failed is None:
        doubled = held * 2 or first
        return doubled if doubled <= MOST else None
    if failed - held <= max(1, failed // FINENESS):
        return None
    return (held + failed) // 2


async def tried(attempt: Callable[[int], Awaitable[Level]], calls: int) -> list[Level]:
    """A level that fails is tried once more: on a shared machine one stall of the host fails it."""
    once = await attempt(calls)
    return [once] if once.held else [once, await attempt(calls)]


async def climb(attempt: Callable[[int], Awaitable[Level]], first: int) -> Ladder:
    """Find the most calls that hold."""
    levels: list[Level] = []
    held, failed = 0, None
    while calls := next_level(held, failed, first):
        levels += await tried(attempt, calls)
        if levels[-1].held:
            held = calls
        else:
            failed = calls
    return Ladder(levels=tuple(levels))
