"""Whether the agent stops when it should, and only then: true interruptions, and what must not be taken for one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from callcenter.simulation.interruption import Spoken
from callcenter.simulation.report import CallResult

AUDIBLE_S = 0.1
"""A silence longer by this than any in its place when the same words are undisturbed is a break that one can hear."""
LONGEST_NATURAL_GAP_S = 0.45
"""Of words that were said once only, and so have nothing to be compared with, a longer silence within is a break."""
MOST_STOPS = 0.03
"""Of the agent's turns, those broken off for nothing."""
MOST_STOP_MS = 150.0
"""From the caller's first sound to the agent's silence, in 95 of 100 interruptions."""
CONFIDENCE = 1.96
"""Standard deviations on either side that hold 95 of 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseStops:
    """How often the agent broke off although nobody had said a word."""

    name: str
    """What there was to be heard."""
    calls: int
    failed: int
    """Calls that did not come about."""
    turns: int
    """Of the agent, the caller silent; with coughs, those that were coughed at."""
    paused: int
    """Turns with a break in them that one can hear, those included in which it did not go on."""
    stopped: int
    """Turns of which the rest was not said."""

    @property
    def ok(self) -> bool | None:
        """Whether it stopped seldom enough; None when there is nothing to tell it from."""
        return self.stopped < MOST_STOPS * self.turns if self.turns else None

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "name": self.name,
            "calls": self.calls,
            "failed": self.failed,
            "turns": self.turns,
            "paused": self.paused,
            "stopped": self.stopped,
            "stopped_at_most": at_most(self.stopped, self.turns),
            "ok": self.ok,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeIns:
    """Words of callers over the agent's."""

    stop_ms: tuple[float, ...]
    """From each caller's first sound to the agent's silence."""
    missed: int
    """The agent talked on."""
    over: int
    """The agent had just come to its end, or to a pause: not counted."""

    @classmethod
    def of(cls, calls: Iterable[CallResult]) -> "BargeIns":
        """Those of all these calls."""
        found = [interruption for call in calls for interruption in call.interruptions]
        outcomes = [interruption.outcome for interruption in found]
        return cls(
            stop_ms=tuple(each.stop_ms for each in found if each.stop_ms is not None),
            missed=outcomes.count("missed"),
            over=outcomes.count("over"),
        )

    @property
    def p50(self) -> float | None:
        """Milliseconds; of those for which it stopped."""
        return percentile(self.stop_ms, 50)

    @property
    def p95(self) -> float | None:
        """The same of nearly all."""
        return percentile(self.stop_ms, 95)

    @property
    def ok(self) -> bool | None:
        """Whether it stops soon enough, for nearly everybody; None when nobody interrupted."""
        if not self.stop_ms:
            return False if self.missed else None
        return percentile([*self.stop_ms, *[math.inf] * self.missed], 95) <= MOST_STOP_MS  # type: ignore[operator]

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "interruptions": len(self.stop_ms) + self.missed,
            "p50_ms": self.p50,
            "p95_ms": self.p95,
            "worst_ms": max(self.stop_ms, default=None),
            "missed": self.missed,
            "over": self.over,
            "ok": self.ok,
            "stops_ms": sorted(self.stop_ms),
        }


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of 100 do not pass; None of none. Takes infinite values."""
    return round(float(np.percentile(values, share, method="inverted_cdf")), 1) if values else None


def at_most(found: int, of: int) -> float | None:
    """The share that `found` of so many may stand for, with 95 % confidence: the upper end of Wilson's interval."""
    if not of:
        return None
    share, z2 = found / of, CONFIDENCE**2
    middle = share + z2 / (2 * of)
    width = CONFIDENCE * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return round(min(1.0, (middle + width) / (1 + z2 / of)), 4)


Gaps = tuple[float, ...]
"""Seconds of the silences within a turn, the longest first."""


def undisturbed(calls: Iterable[CallResult]) -> dict[str, Gaps]:
    """The silences within what the agent said to its end more than once, by its words.

    Of each the rendition with the least silence: a clip is the same whenever it is played, and a break adds to it.
    """
    gaps: dict[str, list[Gaps]] = {}
    for call in calls:
        for turn in call.spoken:
            if turn.complete and not turn.talked_over:
                gaps.setdefault(turn.said, []).append(turn.gaps)
    return {said: min(heard, key=sum) for said, heard in gaps.items() if len(heard) > 1}


def false_stops(name: str, calls: Sequence[CallResult], natural: Mapping[str, Gaps], *, coughs: bool) -> FalseStops:
    """Count them, given the silences of each turn undisturbed; with `coughs` in the turns that were coughed at."""
    turns = [turn for call in calls for turn in call.spoken if not turn.talked_over and turn.aside >= coughs]
    return FalseStops(
        name=name,
        calls=len(calls),
        failed=sum(call.error is not None for call in calls),
        turns=len(turns),
        paused=sum(_paused(turn, natural) for turn in turns),
        stopped=sum(not turn.complete for turn in turns),
    )


def _paused(turn: Spoken, natural: Mapping[str, Gaps]) -> bool:
    if not turn.complete:
        return True
    if turn.said not in natural:
        return max(turn.gaps, default=0.0) > LONGEST_NATURAL_GAP_S
    # A break adds a silence, or makes one longer, and so moves those that are shorter down by one place.
    return any(heard > usual + AUDIBLE_S for heard, usual in zip_longest(turn.gaps, natural[turn.said], fillvalue=0.0))
