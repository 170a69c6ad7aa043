"""Slots as found against slots as expected."""

from datetime import date
from typing import Any

import pytest

from callcenter.simulation.expectation import CallbackTime, count, right

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("expected", "found", "is_right"),
    [
        (["funds"], ["funds"], True),
        (["stocks", "bonds"], ["bonds", "stocks"], True),
        (["funds"], "funds", True),
        ("funds", ["funds"], True),
        ("funds", ["funds", "bonds"], False),
        (True, True, True),
        (True, "yes", False),
        ("75011", "75011", True),
        (["funds"], ["funds", "bonds"], False),
        (["funds"], [], False),
        (60000, 60000, True),
        (60000, 60000.0, True),
        (60000, [60000, 60000], True),
        (60000, [50000, 60000], False),
        (60000, 50000, False),
        (60000, "60000", False),
        ([20000, 30000], [20000, 30000], True),
        ((20000, 30000), [30000.0, 20000.0], True),
        ([20000, 30000], 25000, False),
        ([20000, 30000], [20000, 30000, 40000], False),
        ("conservative", "conservative", True),
        ("conservative", "moderate", False),
        ("Karen Mitchell", "karen  MITCHELL", True),
        ("Karen Mitchell", "Karen", False),
        ("+15552347890", "+15552347890", True),
        ("+15552347890", "5552347890", False),
        ("tomorrow 15:00", "2026-11-22T15:00:00", True),
        ("tomorrow 15:00", "2026-11-22T15:00:00-05:00", True),
        ("tomorrow 15:00", "2026-11-23T15:00:00", False),
        ("tomorrow 15:00", "2026-11-22T03:00:00", False),
        ("tomorrow 15:00", "soon", False),
        ("2026-12-01T09:30", "2026-12-01T09:30:00", True),
        ("Karen Mitchell", None, False),
    ],
)
def test_right(expected: Any, found: Any, is_right: bool) -> None:
    assert right(expected, found, SATURDAY) is is_right


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today 18:05", "2026-11-21T18:05:00"),
        ("tomorrow 9:00", "2026-11-22T09:00:00"),
        ("sunday 09:00", "2026-11-22T09:00:00"),
        ("monday 09:00", "2026-11-23T09:00:00"),
        ("friday 09:00", "2026-11-27T09:00:00"),
        ("saturday 09:00", "2026-11-28T09:00:00"),
        ("Wednesday 11:00", "2026-11-25T11:00:00"),
        ("2026-12-24T10:00", "2026-12-24T10:00:00"),
    ],
)
def test_callback_time_on_the_day_of_the_call(text: str, moment: str) -> None:
    assert CallbackTime.parse(text).on(SATURDAY).isoformat() == moment


@pytest.mark.parametrize("text", ["soon", "monday", "15:00", "tomorrow 25:00", "someday 10:00", ""])
def test_not_a_callback_time(text: str) -> None:
    with pytest.raises(ValueError, match="allowed are ISO 8601"):
        CallbackTime.parse(text)


def test_only_what_is_expected_counts() -> None:
    found = {"risk": "moderate", "name": "Someone", "timeline": "long"}
    assert count({"risk": "moderate", "timeline": "short"}, found, SATURDAY) == 1
    assert count({}, found, SATURDAY) == 0
