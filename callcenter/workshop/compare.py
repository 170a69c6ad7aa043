"""What the variants of a flow bring: outcomes by wording, and how sure the difference is."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Z = 1.959964
"""Of 95 % on both sides of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some calls ended so."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies with 95 % confidence: Wilson's score interval (Wilson 1927)."""
        if not self.total:
            return 0.0, 1.0
        centre = (self.value + Z * Z / (2 * self.total)) / (1 + Z * Z / self.total)
        spread = self.value * (1 - self.value) / self.total + Z * Z / (4 * self.total * self.total)
        half = Z * math.sqrt(spread) / (1 + Z * Z / self.total)
        return max(0.0, centre - half), min(1.0, centre + half)


def difference(one: Share, other: Share) -> tuple[float, float]:
    """The 95 % confidence interval of `one` less `other`: Newcombe's hybrid score method (Newcombe 1998, method 10)."""
    (low, high), (other_low, other_high) = one.interval, other.interval
    apart = one.value - other.value
    down = math.hypot(one.value - low, other_high - other.value)
    up = math.hypot(high - one.value, other.value - other_low)
    return apart - down, apart + up


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The calls in one wording."""

    variant: str
    """Empty for the flow's own wording."""
    outcomes: dict[str, int]

    @property
    def calls(self) -> int:
        """That have ended."""
        return sum(self.outcomes.values())

    def share(self, outcome: str) -> Share:
        """Of the calls that ended so."""
        return Share(self.outcomes.get(outcome, 0), self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All wordings of a flow, its own first."""

    flow: str
    arms: tuple[Arm, ...]

    @property
    def outcomes(self) -> list[str]:
        """All that there were, the most frequent first."""
        totals: dict[str, int] = defaultdict(int)
        for arm in self.arms:
            for outcome, count in arm.outcomes.items():
                totals[outcome] += count
        return sorted(totals, key=lambda outcome: (-totals[outcome], outcome))

    def against_own(self, arm: Arm, outcome: str) -> tuple[float, float] | None:
        """By how much `arm` has more of `outcome` than the flow's own wording; None for that itself, or without it."""
        own = self.arms[0]
        if arm is own or own.variant or not own.calls or not arm.calls:
            return None
        return difference(arm.share(outcome), own.share(outcome))

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"flow": self.flow, "variants": [self._arm(arm) for arm in self.arms]}

    def _arm(self, arm: Arm) -> dict[str, Any]:
        rows = {}
        for outcome in self.outcomes:
            share, apart = arm.share(outcome), self.against_own(arm, outcome)
            rows[outcome] = {
                "calls": share.count,
                "share": round(share.value, 4),
                "interval": [round(edge, 4) for edge in share.interval],
                "more_than_own": [round(edge, 4) for edge in apart] if apart else None,
            }
        return {"variant": arm.variant, "calls": arm.calls, "outcomes": rows}


def compare(flow: str, counted: Iterable[tuple[str, str, int]]) -> Comparison:
    """From how many calls there were by variant and outcome."""
    by_variant: dict[str, dict[str, int]] = {}
    for variant, outcome, count in counted:
        by_variant.setdefault(variant, {})[outcome] = count
    arms = tuple(Arm(variant=variant, outcomes=by_variant[variant]) for variant in sorted(by_variant))
    return Comparison(flow=flow, arms=arms)
