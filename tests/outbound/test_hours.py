from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.outbound.hours import Hours

WEEK = Hours.parse({"mon-fri": "9:00-13:00 14:00-20:00", "sat": "10:00-18:00"})
ZONES = ("Europe/Paris", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo", "UTC")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zones", "opening"),
    [
        ("2026-11-23 08:30", ("Europe/Paris",), "2026-11-23 08:30"),  # Monday, 9:30 there
        ("2026-11-23 07:59", ("Europe/Paris",), "2026-11-23 08:00"),
        ("2026-07-20 07:00", ("Europe/Paris",), "2026-07-20 07:00"),  # the same hour is an hour earlier in summer
        ("2026-11-23 12:00", ("Europe/Paris",), "2026-11-23 13:00"),  # lunch
        ("2026-11-23 19:00", ("Europe/Paris",), "2026-11-24 08:00"),  # 20:00 is not in the span
        ("2026-11-21 17:00", ("Europe/Paris",), "2026-11-23 08:00"),  # Saturday evening: Monday
        ("2026-11-23 08:30", ("Europe/Paris", "America/New_York"), "2026-11-23 14:00"),
        (
            "2026-11-23 02:00",
            ("Asia/Tokyo", "America/Los_Angeles"),
            "2026-11-24 00:00",
        ),  # 9:00 and 16:00 of the day before
        ("2026-11-23 08:30", (), "2026-11-23 08:30"),
    ],
)
def test_the_first_moment_that_suits_everywhere(at: str, zones: tuple[str, ...], opening: str) -> None:
    assert WEEK.opening(utc(at), zones) == utc(opening)


def test_zones_that_never_suit_together() -> None:
    mornings = Hours.parse({"mon-fri": "9:00-10:00"})
    assert mornings.opening(utc("2026-11-23 08:30"), ("Europe/Paris", "Asia/Tokyo")) is None
    assert Hours.parse({}).opening(utc("2026-11-23 08:30"), ("UTC",)) is None


@given(
    at=st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")),
    zones=st.sets(st.sampled_from(ZONES), min_size=1, max_size=3),
)
def test_an_opening_is_open_and_nothing_before_it_is(at: datetime, zones: set[str]) -> None:
    now = at.replace(tzinfo=UTC)
    opening = WEEK.opening(now, zones)
    if opening is None:
        return
    assert WEEK.open(opening, zones)
    assert opening >= now
    minutes = int((opening - now) / timedelta(minutes=15))
    assert not any(WEEK.open(now + timedelta(minutes=15 * step), zones) for step in range(minutes))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"mo": "9:00-20:00"}, "'mo' is no day"),
        ({"fri-mon": "9:00-20:00"}, "'fri-mon' is no day"),
        ({"mon": "9-20"}, "'9-20' is no span"),
        ({"mon": "20:00-9:00"}, "must end after it begins"),
        ({"mon": "9:00-24:01"}, "must end after it begins"),
        ({"mon": "9:60-20:00"}, "must end after it begins"),
    ],
    ids=["day", "backwards", "no minutes", "over night", "after midnight", "no such minute"],
)
def test_what_is_no_hours(written: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Hours.parse(written)


def test_until_midnight() -> None:
    assert Hours.parse({"mon": "22:00-24:00"}).open(utc("2026-11-23 23:59"), ("UTC",))
