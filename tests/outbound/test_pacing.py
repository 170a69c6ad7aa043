from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.outbound.hours import Hours
from callcenter.outbound.pacing import Decision, Dial, Drop, Pace, Postpone, Rest, Strain, Traffic, decide
from callcenter.store.contacts import Waiting

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
SECOND = timedelta(seconds=1)
HOURS = Hours.parse({"mon-fri": "9:00-20:00"})
PACE = Pace(at_once=2, per_minute=6)


def waiting(number: int, zone: str = "UTC", *, barred: bool = False) -> Waiting:
    return Waiting(id=UUID(int=number), number=f"+1{number}", zones=(zone,), data={}, barred=barred)


def traffic(in_progress: int = 0, ago_s: float | None = None) -> Traffic:
    return Traffic(in_progress=in_progress, last_begun=None if ago_s is None else NOON - timedelta(seconds=ago_s))


HERE, BARRED, IN_TOKYO = waiting(1), waiting(2, barred=True), waiting(3, "Asia/Tokyo")
TOMORROW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "traffic", "decision"),
    [
        ([], traffic(), Rest()),
        ([HERE], traffic(), Dial(contact=HERE)),
        ([HERE, BARRED], traffic(1, 10), Dial(contact=HERE)),
        ([HERE], traffic(2, 60), Rest()),
        ([HERE], traffic(0, 9), Rest(until=NOON + SECOND)),
        ([BARRED], traffic(), Drop(contact=BARRED, outcome="do_not_call")),
        ([BARRED], traffic(2, 0), Drop(contact=BARRED, outcome="do_not_call")),
        ([IN_TOKYO], traffic(2, 0), Postpone(contact=IN_TOKYO, until=TOMORROW)),
    ],
    ids=["nobody", "first", "second", "enough", "too soon", "barred", "barred, and enough", "asleep"],
)
def test_what_to_do_first(due: list[Waiting], traffic: Traffic, decision: Decision) -> None:
    assert decide(NOON, due, traffic, PACE, HOURS) == decision


@pytest.mark.parametrize(
    ("ends", "rest_s"),
    [
        ([], None),
        (["congestion", "trunk"], None),
        (["congestion", "trunk", "congestion"], 15),
        (["congestion"] * 4, 30),
        (["congestion"] * 30, 300),
        (["congestion", "stopped", "lost", "congestion", "do_not_call", "congestion"], 15),
        (["congestion", "congestion", "busy", "congestion"], None),
        (["congestion", "congestion", "congestion", "busy"], None),
    ],
    ids=["none", "two", "three", "four", "many", "says nothing", "one between", "again well"],
)
def test_a_trunk_that_carries_nothing_is_left_in_peace(ends: list[str], rest_s: int | None) -> None:
    strain = Strain()
    for outcome in ends:
        strain = strain.after(outcome, NOON)
    assert strain.until == (None if rest_s is None else NOON + rest_s * SECOND)
    decision = decide(NOON, [HERE], Traffic(in_progress=0, last_begun=None, strain=strain), PACE, HOURS)
    assert decision == (Rest(until=strain.until) if strain.until else Dial(contact=HERE))


def test_who_can_never_be_called() -> None:
    decision = decide(NOON, [HERE], traffic(), PACE, Hours.parse({}))
    assert decision == Drop(contact=HERE, outcome="out_of_hours")


@dataclass
class Office:
    """A campaign in virtual time: contacts with the moment from which they are due, and calls with their ends."""

    due: dict[UUID, datetime]
    contacts: dict[UUID, Waiting]
    calls: list[datetime] = field(default_factory=list)
    dialled: list[tuple[datetime, Waiting, int]] = field(default_factory=list)

    def step(self, now: datetime, length: timedelta, pace: Pace) -> timedelta:
        """Do what is to be done; returns how long until the next look."""
        self.calls = [end for end in self.calls if end > now]
        ready = sorted((at, name) for name, at in self.due.items() if at <= now)
        last = self.dialled[-1][0] if self.dialled else None
        state = Traffic(in_progress=len(self.calls), last_begun=last)
        match decide(now, [self.contacts[name] for _, name in ready], state, pace, HOURS):
            case Dial(contact=contact):
                del self.due[contact.id]
                self.calls.append(now + length)
                self.dialled.append((now, contact, len(self.calls)))
            case Drop(contact=contact):
                del self.due[contact.id]
            case Postpone(contact=contact, until=until):
                self.due[contact.id] = until
            case Rest(until=until):
                upcoming = [*self.calls, *(at for at in self.due.values() if at > now)]
                return min([until] if until else upcoming, default=now + SECOND) - now
        return timedelta()


@settings(max_examples=60)
@given(
    people=st.lists(
        st.tuples(st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Europe/Paris"]), st.booleans()),
        max_size=12,
    ),
    at_once=st.integers(1, 4),
    per_minute=st.floats(0.5, 60),
    length_s=st.integers(1, 900),
    begin=st.datetimes(datetime.fromisoformat("2026-11-20"), datetime.fromisoformat("2026-12-05")),
)
def test_a_whole_campaign(
    people: list[tuple[str, bool]], at_once: int, per_minute: float, length_s: int, begin: datetime
) -> None:
    """Everybody is called once, within their hours, never too many at once nor too soon; nobody who is barred."""
    now = begin.replace(tzinfo=UTC)
    pace = Pace(at_once=at_once, per_minute=per_minute)
    contacts = {UUID(int=n): waiting(n, zone, barred=barred) for n, (zone, barred) in enumerate(people)}
    office = Office(due=dict.fromkeys(contacts, now), contacts=contacts)
    for _ in range(1000):
        if not office.due:
            break
        now += office.step(now, timedelta(seconds=length_s), pace)
    callable_ = {name for name, contact in contacts.items() if not contact.barred}
    assert sorted(contact.id for _, contact, _ in office.dialled) == sorted(callable_)
    assert all(HOURS.open(at, contact.zones) for at, contact, _ in office.dialled)
    assert all(count <= at_once for _, _, count in office.dialled)
    times = [at for at, _, _ in office.dialled]
    assert all(later - earlier >= pace.gap for earlier, later in pairwise(times))
