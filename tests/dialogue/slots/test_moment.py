"""When to call back, on Saturday the 21st of November 2026, 2 p.m."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import moment
from callcenter.dialogue.slots.heard import Heard

NOW = datetime(2026, 11, 21, 14, 0)  # noqa: DTZ001 - local time, as the brain is given it


def parsed(text: str, asked: bool = True, now: datetime = NOW) -> str | None:
    found = moment.parse(Heard.of(text, "en"), now, asked)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tomorrow at three", "2026-11-22T15:00"),
        ("Tomorrow at 3.", "2026-11-22T15:00"),
        ("Tomorrow at 3pm.", "2026-11-22T15:00"),
        ("tomorrow at 3 p.m.", "2026-11-22T15:00"),
        ("tomorrow at 15.00", "2026-11-22T15:00"),
        ("Tomorrow at three in the afternoon.", "2026-11-22T15:00"),
        ("tomorrow, 3 o'clock", "2026-11-22T15:00"),
        ("tomorrow at ten", "2026-11-22T10:00"),
        ("10 a.m. tomorrow", "2026-11-22T10:00"),
        ("tomorrow", "2026-11-22T10:00"),
        ("tomorrow afternoon", "2026-11-22T15:00"),
        ("tomorrow evening", "2026-11-22T18:00"),
        ("any time tomorrow", "2026-11-22T10:00"),
        ("between 2 and 4 tomorrow", "2026-11-22T14:00"),
        ("quarter to four tomorrow", "2026-11-22T15:45"),
        ("Monday morning", "2026-11-23T10:00"),
        ("on Monday at nine o'clock", "2026-11-23T09:00"),
        ("Monday at ten fifteen", "2026-11-23T10:15"),
        ("three thirty on Monday", "2026-11-23T15:30"),
        ("next Tuesday at 10:30", "2026-11-24T10:30"),
        ("Tuesday at half past ten", "2026-11-24T10:30"),
        ("I'm busy on Monday, Tuesday at ten is fine", "2026-11-24T10:00"),
        ("Wednesday, at 11.30", "2026-11-25T11:30"),
        ("friday", "2026-11-27T10:00"),
        ("saturday at 2", "2026-11-28T14:00"),
        ("the day after tomorrow at noon", "2026-11-23T12:00"),
        ("November 24th at 10", "2026-11-24T10:00"),
        ("the twenty-fourth of November at three", "2026-11-24T15:00"),
        ("the 24th at 3 p.m.", "2026-11-24T15:00"),
        ("the 31st", "2026-12-31T10:00"),
        ("the 2nd at ten", "2026-12-02T10:00"),
        ("Thursday the 3rd of December", "2026-12-03T10:00"),
        ("next week", "2026-11-23T10:00"),
        ("next week on Tuesday at ten", "2026-11-24T10:00"),
        ("Good afternoon. Monday at ten.", "2026-11-23T10:00"),
        ("in two hours", "2026-11-21T16:00"),
        ("in half an hour", "2026-11-21T14:30"),
        ("in two weeks", "2026-12-05T10:00"),
        ("in two weeks at three", "2026-12-05T15:00"),
        ("in two weeks on Tuesday", "2026-12-01T10:00"),
        ("at three", "2026-11-21T15:00"),
        ("at one", "2026-11-22T13:00"),
        ("twenty past three", "2026-11-21T15:20"),
        ("today at 5", "2026-11-21T17:00"),
        ("this evening", "2026-11-21T18:00"),
        ("at eight tonight", "2026-11-21T20:00"),
        ("in the afternoon", "2026-11-21T15:00"),
        ("in the morning", "2026-11-22T10:00"),
        ("any time", "2026-11-23T10:00"),
        ("whenever you like", "2026-11-23T10:00"),
        ("Three.", "2026-11-21T15:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "yesterday",
        "today at 1",
        "at 25",
        "February 30th",
        "this morning",
        "later",
        "the 99th",
        "at 3000",
        "in zero days",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize("text", ["ten years", "fifty thousand", "in the afternoon", "any time", "at three"])
def test_unasked_it_takes_a_day_or_a_clear_time(text: str) -> None:
    assert parsed(text, asked=False) is None


_PIECES = "tomorrow|monday|next|at|in|three|3|10:30|p.m.|noon|the|24th|half past|quarter to|of november|2 hours"


@given(
    st.lists(st.sampled_from(_PIECES.split("|")), max_size=6),
    st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31)),  # noqa: DTZ001 - local times
)
def test_never_in_the_past(pieces: list[str], now: datetime) -> None:
    value = parsed(" ".join(pieces), now=now)
    assert value is None or datetime.fromisoformat(value) >= now.replace(second=0, microsecond=0)


@given(st.text(), st.booleans())
def test_nothing_raises(text: str, asked: bool) -> None:
    parsed(text, asked)


def test_an_aware_now_is_local_time_too() -> None:
    aware = NOW.replace(tzinfo=timezone(timedelta(hours=-5)))
    assert parsed("tomorrow at three", now=aware) == "2026-11-22T15:00"
    assert parsed("in two hours", now=aware) == "2026-11-21T16:00"


def test_fast_enough_for_the_event_loop() -> None:
    moment.warm_up()
    started = time.thread_time()
    for _ in range(20):
        parsed("Tuesday the 24th of November at half past three")
    assert (time.thread_time() - started) / 20 < 0.005


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "at three", "2026-11-24T15:00"),
        ("en", "in the afternoon", "2026-11-24T15:00"),
        ("en", "make it Wednesday", "2026-11-25T10:00"),
        ("en", "tomorrow at four", "2026-11-21T16:00"),
        ("en", "any time", "2026-11-23T10:00"),
        ("fr", "non, à onze heures", "2026-11-24T11:00"),
        ("es", "a las nueve y media", "2026-11-24T09:30"),
        ("pt", "na sexta", "2026-11-27T10:00"),
    ],
)
def test_what_is_not_said_is_as_it_was(language: str, text: str, expected: str) -> None:
    now, before = datetime(2026, 11, 20, 9, 30), datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001
    found = moment.parse(Heard.of(text, language), now, True, before)
    assert found is not None
    assert found.value == expected


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        ("2026-11-19T23:30", 0, True),
        ("2026-11-20T00:00", 0, False),
        ("2026-12-03T18:00", 14, True),
        ("2026-12-04T08:00", 14, False),
        ("2027-11-19T08:00", None, True),
    ],
)
def test_how_far_ahead(value: str, days: int | None, expected: bool) -> None:
    now = datetime(2026, 11, 19, 20, 0)  # noqa: DTZ001
    assert moment.is_within(value, now, days) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("friday at eight", "2026-11-20T20:00"),
        ("friday at eight in the morning", "2026-11-20T08:00"),
        ("friday at eight a.m.", "2026-11-20T08:00"),
        ("friday at 14:00", "2026-11-20T14:00"),
        ("friday at noon", "2026-11-20T12:00"),
        ("friday at four", "2026-11-20T16:00"),  # at neither four is anybody there
    ],
)
def test_the_half_of_the_day_in_which_somebody_is_there(text: str, expected: str) -> None:
    now = datetime(2026, 11, 19, 10, 0)  # noqa: DTZ001
    found = moment.parse(Heard.of(text, "en"), now, True, None, lambda at: 18 <= at.hour < 22)
    assert found
    assert found.value == expected


@pytest.mark.parametrize("text", ["Monday at twenty seven o'clock", "at 25 o'clock"])
def test_an_hour_that_does_not_exist_is_no_time(text: str) -> None:
    now = datetime(2026, 11, 19, 10, 0)  # noqa: DTZ001
    assert moment.parse(Heard.of(text, "en"), now, True) is None
