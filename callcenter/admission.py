"""Which caller is one too many: decided from how many calls there are and how well they are served. No I/O."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any

from callcenter.config import Admission

CLEARLY = 0.75
"""A figure at or under this share of its bound is clearly below it."""
CALM_S = 3.0
"""It must stay there for so long before callers come in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the calls weigh on this machine."""

    calls: int
    lag_ms: float = 0.0
    """How late their sound is: the clock's 99th percentile of the last seconds."""
    waiting: int = 0
    """Utterances that wait for the recogniser."""
    latency_ms: float | None = None
    """How long answers take: the 95th percentile of the last minute; None when there were too few to tell."""


class Reason(Enum):
    """Why a caller is not taken in."""

    FULL = "full"
    LATE = "sound is late"
    BEHIND = "the recogniser is behind"
    SLOW = "answers are slow"


@dataclass(slots=True, kw_only=True)
class _Gauge:
    """A figure that closes the door at its bound, and opens it only after some time clearly below."""

    bound: float
    closed: bool = False
    calm_since: float | None = None

    def look(self, value: float, now: float) -> None:
        if value >= self.bound:
            self.closed = True
        if value > self.bound * CLEARLY:
            self.calm_since = None
        elif self.calm_since is None:
            self.calm_since = now
        elif now - self.calm_since >= CALM_S:
            self.closed = False


class Guard:
    """Looks at the load regularly, and says who may come in. All times are seconds of one clock."""

    def __init__(self, settings: Admission) -> None:
        self._max_calls = settings.max_calls
        self._gauges = {
            Reason.LATE: _Gauge(bound=settings.lag_ms),
            Reason.BEHIND: _Gauge(bound=settings.waiting),
            Reason.SLOW: _Gauge(bound=settings.latency_ms),
        }
        self._state: Reason | None = None
        self._refused: Counter[Reason] = Counter()

    def look(self, load: Load, now: float) -> Reason | None:
        """Take note of the load at `now`, at least once a second; why a caller could not come in, None if one could."""
        self._gauges[Reason.LATE].look(load.lag_ms, now)
        self._gauges[Reason.BEHIND].look(load.waiting, now)
        self._gauges[Reason.SLOW].look(load.latency_ms or 0.0, now)
        if load.calls >= self._max_calls:
            self._state = Reason.FULL
        else:
            # With nobody there, there is nobody to be protected: a slow machine still serves one caller.
            closed = (why for why, gauge in self._gauges.items() if gauge.closed and load.calls)
            self._state = next(closed, None)
        return self._state

    def ask(self, load: Load, now: float) -> Reason | None:
        """A caller is there at `now`: None lets them in, else they are counted as refused. `load` is without them."""
        reason = self.look(load, now)
        if reason:
            self._refused[reason] += 1
        return reason

    def report(self) -> dict[str, Any]:
        """Its part of `callcenter status`: {"state": "open" or a reason, "refused": {reason: callers}}."""
        return {
            "state": self._state.value if self._state else "open",
            "refused": {reason.value: count for reason, count in self._refused.items()},
        }
