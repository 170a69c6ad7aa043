"""When people are there."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from callcenter.dialogue.people import Person

MONDAY, FRIDAY, SATURDAY, SUNDAY = 23, 27, 28, 29
"""Of November 2026."""


def is_there(hours: dict[str, str], day: int, clock: str) -> bool:
    hour, minute = map(int, clock.split(":"))
    return Person(dial="PJSIP/desk", hours=hours).is_there(datetime(2026, 11, day, hour, minute))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("hours", "day", "clock", "expected"),
    [
        ({}, SUNDAY, "3:00", True),
        ({"mon-fri": "9:00-18:00"}, MONDAY, "9:00", True),
        ({"mon-fri": "9:00-18:00"}, MONDAY, "8:59", False),
        ({"mon-fri": "9:00-18:00"}, FRIDAY, "17:59", True),
        ({"mon-fri": "9:00-18:00"}, FRIDAY, "18:00", False),
        ({"mon-fri": "9:00-18:00"}, SATURDAY, "10:00", False),
        ({"mon-fri": "9:00-18:00", "sat": "10:00-12:00"}, SATURDAY, "11:30", True),
        ({"mon-fri": "9:00-12:00, 14:00-18:00"}, MONDAY, "13:00", False),
        ({"mon-fri": "9:00-12:00, 14:00-18:00"}, MONDAY, "14:00", True),
        ({"mon, fri": "9:00-18:00"}, FRIDAY, "10:00", True),
        ({"mon, fri": "9:00-18:00"}, 25, "10:00", False),
        ({"sat-mon": "9:00-18:00"}, SUNDAY, "10:00", True),
        ({"sat-mon": "9:00-18:00"}, MONDAY, "10:00", True),
        ({"sat-mon": "9:00-18:00"}, 24, "10:00", False),
        ({"mon-sun": "0:00-24:00"}, SUNDAY, "23:59", True),
    ],
)
def test_hours(hours: dict[str, str], day: int, clock: str, expected: bool) -> None:
    assert is_there(hours, day, clock) is expected


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ({"monday": "9:00-18:00"}, "'monday' is no day"),
        ({"mon": "9-18"}, "'9-18' are no hours"),
        ({"mon": "18:00-9:00"}, "ends before it begins"),
        ({"mon": "25:00-26:00"}, "are no hours"),
        ({"mon": "closed"}, "are no hours"),
    ],
)
def test_hours_that_cannot_be_read(hours: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Person(dial="PJSIP/desk", hours=hours)


@given(st.datetimes())
def test_a_whole_week_has_no_gap(at: datetime) -> None:
    assert Person(dial="x", hours={"wed-tue": "0:00-24:00"}).is_there(at)
