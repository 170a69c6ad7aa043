"""How far a campaign is, and when it will be over. Pure: what there is and what time it is are arguments."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callcenter.outbound.hours import Hours
from callcenter.outbound.pacing import Pace
from callcenter.store.contacts import Campaign, Tally, Waiting

STEP = timedelta(minutes=15)
FURTHEST = timedelta(days=60)
USUAL_CALL = timedelta(seconds=45)
"""How long an attempt takes while there are none to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The attempts of a campaign that are over."""

    attempts: int
    mean: timedelta
    """From the dialling to the end of an attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a call centre's manager wants to know of a campaign."""

    name: str
    flow: str
    paused: bool
    contacts: int
    done: int
    dialling: int
    waiting: int
    outcomes: dict[str, int]
    """Of contacts that are done."""
    zones: dict[str, int]
    """Contacts that are waiting, by time zone."""
    next_call: datetime | None
    """When the first of these may be called, by its own delay and by the hours where they are."""
    over: datetime | None
    """About when it will be over at this pace, none but its calls going on; None when nobody waits or it is far off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store has of a campaign."""

    campaign: Campaign
    tally: Tally
    waiting: Sequence[Waiting]
    past: Past


def progress(now: datetime, stored: Stored, pace: Pace, hours: Hours) -> Progress:
    """As it is `now`."""
    campaign, tally, waiting = stored.campaign, stored.tally, stored.waiting
    needed = calling_time(tally.waiting, tally.done, stored.past, pace)
    zones = {zone for contact in waiting for zone in contact.zones[:1]}
    return Progress(
        name=campaign.name,
        flow=campaign.flow,
        paused=campaign.paused,
        contacts=tally.done + tally.dialling + tally.waiting,
        done=tally.done,
        dialling=tally.dialling,
        waiting=tally.waiting,
        outcomes=tally.outcomes,
        zones=dict(Counter(contact.zones[0] for contact in waiting).most_common()),
        next_call=next_call(now, waiting, tally.next_due, hours),
        over=over(now, needed, sorted(zones), hours) if zones else None,
    )


def past(attempts: Sequence[dict[str, object]]) -> Past:
    """From the attempts as they are stored."""
    took = [
        attempt["ended"] - attempt["begun"]
        for attempt in attempts
        if isinstance(attempt["ended"], datetime) and isinstance(attempt["begun"], datetime)
    ]
    return Past(attempts=len(took), mean=sum(took, timedelta()) / len(took) if took else USUAL_CALL)


def calling_time(left: int, done: int, past: Past, pace: Pace) -> timedelta:
    """How long it takes to call `left` contacts, if they take as many attempts as the `done` ones did."""
    each = max(1.0, past.attempts / done) if done else 1.0
    gap = max(pace.gap, past.mean / pace.at_once)
    return left * each * gap


def over(now: datetime, needed: timedelta, zones: Sequence[str], hours: Hours) -> datetime | None:
    """When so much time within the hours of `zones`, in any of them, has gone by; to a quarter of an hour."""
    at = now
    while at < now + FURTHEST:
        if any(hours.open(at, [zone]) for zone in zones):
            if needed <= STEP:
                return (at + needed).astimezone(UTC)
            needed -= STEP
        at += STEP
    return None


def next_call(now: datetime, waiting: Sequence[Waiting], due: datetime | None, hours: Hours) -> datetime | None:
    """The first moment from `due` on, and not before `now`, at which one of `waiting` may be called."""
    start = max(now, due) if due else now
    openings = {hours.opening(start, zones) for zones in {contact.zones for contact in waiting}}
    return min((opening for opening in openings if opening), default=None)
