"""Which contact to call next, and when. Pure: what there is and what time it is are arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self, TypeAlias

from callcenter.outbound.hours import Hours
from callcenter.outbound.outcomes import DO_NOT_CALL, LOST, NOT_CARRIED, OUT_OF_HOURS, STOPPED
from callcenter.store.contacts import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at a time."""

    at_once: int
    per_minute: float

    @property
    def gap(self) -> timedelta:
        """From one call to the next."""
        return timedelta(minutes=1 / self.per_minute)


IN_A_ROW = 3
"""So many calls that were not carried are no longer the numbers' fault."""
SHORTEST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strain:
    """What the trunk suffers from: calls in a row that it, or the network behind it, has not carried."""

    failures: int = 0
    until: datetime | None = None
    """It is left in peace until then: twice as long with each further failure."""

    def after(self, outcome: str, at: datetime) -> Self:
        """Once a call has ended so; those that tell nothing of the trunk leave it as it is."""
        if outcome in (STOPPED, LOST, DO_NOT_CALL):
            return self
        if outcome not in NOT_CARRIED:
            return replace(self, failures=0, until=None)
        failures = self.failures + 1
        if failures < IN_A_ROW:
            return replace(self, failures=failures)
        rest = min(SHORTEST_REST * 2 ** min(failures - IN_A_ROW, 10), LONGEST_REST)
        return replace(self, failures=failures, until=at + rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What goes on."""

    in_progress: int
    last_begun: datetime | None
    """When the latest call of the campaign was begun, also by a process before this one."""
    strain: Strain = Strain()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call this contact now."""

    contact: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    """Look at this contact again `until`: it is outside their hours."""

    contact: Waiting
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Do not call this contact, ever."""

    contact: Waiting
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Do nothing `until`; None: until a call ends or a contact is due."""

    until: datetime | None = None


Decision: TypeAlias = Dial | Postpone | Drop | Rest


def decide(now: datetime, due: Sequence[Waiting], traffic: Traffic, pace: Pace, hours: Hours) -> Decision:
    """What to do first, given the contacts that are due at `now`, the one that waits longest first.

    Those who cannot be called are put aside whatever the traffic, so that they hold nobody up.
    """
    if not due:
        return Rest()
    contact = due[0]
    if contact.barred:
        return Drop(contact=contact, outcome=DO_NOT_CALL)
    opening = hours.opening(now, contact.zones)
    if opening is None:
        return Drop(contact=contact, outcome=OUT_OF_HOURS)
    if opening > now:
        return Postpone(contact=contact, until=opening)
    if traffic.in_progress >= pace.at_once:
        return Rest()
    if traffic.strain.until and now < traffic.strain.until:
        return Rest(until=traffic.strain.until)
    if traffic.last_begun and now < traffic.last_begun + pace.gap:
        return Rest(until=traffic.last_begun + pace.gap)
    return Dial(contact=contact)
