from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.outbound.hours import Hours
from callcenter.outbound.pacing import Pace
from callcenter.outbound.progress import Past, Stored, calling_time, over, past, progress
from callcenter.store.contacts import Campaign, Tally, Waiting

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
HOURS = Hours.parse({"mon-fri": "9:00-20:00"})
CAMPAIGN = Campaign(id=UUID(int=1), name="autumn", flow="energy", created=NOON)
NEVER_CALLED = Past(attempts=0, mean=45 * SECOND)


def waiting(number: int, zone: str) -> Waiting:
    return Waiting(id=UUID(int=number), number=f"+1{number}", zones=(zone, "UTC"), data={}, barred=False)


def test_what_a_manager_sees() -> None:
    left = [waiting(1, "Asia/Tokyo"), waiting(2, "UTC"), waiting(3, "UTC")]
    tally = Tally(waiting=3, dialling=1, done=2, outcomes={"qualified": 2}, next_due=NOON + HOUR)
    stored = Stored(campaign=CAMPAIGN, tally=tally, waiting=left, past=NEVER_CALLED)
    seen = progress(NOON, stored, Pace(at_once=1, per_minute=60), HOURS)
    assert (seen.contacts, seen.done, seen.dialling, seen.waiting) == (6, 2, 1, 3)
    assert seen.zones == {"UTC": 2, "Asia/Tokyo": 1}
    assert seen.next_call == NOON + HOUR
    assert seen.over == NOON + 3 * 45 * SECOND


def test_one_that_is_over_has_no_next_call() -> None:
    tally = Tally(waiting=0, dialling=0, done=2, outcomes={"busy": 2}, next_due=None)
    stored = Stored(campaign=CAMPAIGN, tally=tally, waiting=[], past=NEVER_CALLED)
    seen = progress(NOON, stored, Pace(at_once=1, per_minute=60), HOURS)
    assert (seen.next_call, seen.over, seen.zones) == (None, None, {})


@pytest.mark.parametrize(
    ("left", "done", "attempts", "at_once", "per_minute", "minutes"),
    [
        (10, 0, 0, 1, 60, 10),  # as long as the calls take
        (10, 0, 0, 2, 60, 5),
        (10, 0, 0, 100, 10, 1),  # as often as they may begin
        (10, 5, 10, 1, 60, 20),  # two attempts each
        (10, 5, 2, 1, 60, 10),  # some were barred
        (0, 5, 5, 1, 60, 0),
    ],
)
def test_how_long_it_takes(left: int, done: int, attempts: int, at_once: int, per_minute: float, minutes: int) -> None:
    found = calling_time(left, done, Past(attempts=attempts, mean=MINUTE), Pace(at_once=at_once, per_minute=per_minute))
    assert found == minutes * MINUTE


def test_nights_do_not_count() -> None:
    assert over(NOON, 9 * HOUR, ["UTC"], HOURS) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert over(NOON, 9 * HOUR, ["UTC", "America/New_York"], HOURS) == NOON + 9 * HOUR
    assert over(NOON, HOUR, ["UTC"], Hours.parse({})) is None


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_more_work_is_never_over_sooner(minutes: int, more: int) -> None:
    first, second = (over(NOON, needed * MINUTE, ["UTC"], HOURS) for needed in (minutes, minutes + more))
    assert first
    assert second
    assert first <= second


def test_what_attempts_tell() -> None:
    ended: list[dict[str, object]] = [{"begun": NOON, "ended": NOON + seconds * SECOND} for seconds in (10, 30)]
    assert past([*ended, {"begun": NOON, "ended": None}]) == Past(attempts=2, mean=20 * SECOND)
    assert past([]).attempts == 0
