"""How many simulated calls went as expected, counted by what they have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Judged(Protocol):
    """A call of which it is known what came of it."""

    @property
    def flow(self) -> str:
        """Which it was about."""

    @property
    def language(self) -> str:
        """Of the caller."""

    @property
    def ok(self) -> bool:
        """It ended as expected."""

    @property
    def stuck(self) -> bool:
        """It did not end by itself."""

    @property
    def slots_right(self) -> int:
        """Of those expected."""

    @property
    def slots_total(self) -> int:
        """Those expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The calls that have `of` in common."""

    of: str
    """A flow's name, or a language."""
    calls: int
    right: int
    """Calls whose outcome is the expected one."""
    stuck: int
    slots_right: int
    slots_total: int


def by_flow(calls: Sequence[Judged]) -> list[Tally]:
    """In the order of the first call of each."""
    return _tallies(calls, lambda call: call.flow)


def by_language(calls: Sequence[Judged]) -> list[Tally]:
    """In the order of the first call in each."""
    return _tallies(calls, lambda call: call.language)


def _tallies(calls: Sequence[Judged], of: Callable[[Judged], str]) -> list[Tally]:
    return [_tally(name, [call for call in calls if of(call) == name]) for name in dict.fromkeys(map(of, calls))]


def _tally(name: str, calls: Sequence[Judged]) -> Tally:
    return Tally(
        of=name,
        calls=len(calls),
        right=sum(call.ok for call in calls),
        stuck=sum(call.stuck for call in calls),
        slots_right=sum(call.slots_right for call in calls),
        slots_total=sum(call.slots_total for call in calls),
    )
