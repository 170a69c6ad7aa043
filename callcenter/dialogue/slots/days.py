"""Which day is meant: `tomorrow`, `mardi en huit`, `el 3 de diciembre`; a day that does not exist is none."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta

from callcenter.dialogue.slots.dates import Dates, Span, group

SATURDAY = 5
_WEEK = 7
_WEDNESDAY, _FRIDAY = 2, 4


def meant(day: re.Match[str], tables: Dates, today: date) -> date | None:
    """The day that a match of one of the language's day patterns means, today or later."""
    if word := group(day, "near"):
        return today + timedelta(days=tables.near[word])
    if word := group(day, "weekday"):
        return _weekday(tables.weekdays[word], day, today)
    if word := group(day, "span"):
        return _SPANS[tables.spans[word]](today)
    month = group(day, "month")
    number = int(month) if month.isdigit() else tables.months[month] + 1 if month else 0
    return _numbered(int(day["number"]), number, int(group(day, "year") or 0), today)


def _weekday(place: int, day: re.Match[str], today: date) -> date:
    """The next such day; in the next week, or a week after, if that was said."""
    if group(day, "week"):
        return _next_week(today) + timedelta(days=place)
    return _coming(place, today) + timedelta(days=_WEEK if group(day, "later") else 0)


def _numbered(number: int, month: int, year: int, today: date) -> date | None:
    """The next such day of a month (any month if 0) or of that `year`; none if that month has no such day."""
    if month:
        years = [year] if year else [today.year, today.year + 1]
        found = [_existing(year, month, number) for year in years]
    else:
        months = (divmod(today.year * 12 + today.month - 1 + ahead, 12) for ahead in range(3))
        found = [_existing(year, month + 1, number) for year, month in months]
    return next((day for day in found if day and day >= today), None)


def _existing(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _coming(place: int, today: date) -> date:
    """The next such day of the week, not today."""
    return today + timedelta(days=(place - today.weekday() - 1) % _WEEK + 1)


def _next_week(today: date) -> date:
    return today + timedelta(days=_WEEK - today.weekday())


def _weekend(today: date) -> date:
    """Saturday; on a Saturday its Sunday."""
    return today + timedelta(days=1) if today.weekday() == SATURDAY else _coming(SATURDAY, today)


def _working(day: date, step: int) -> date:
    """`day`, or if it is in a weekend the first before or after it that is not."""
    while day.weekday() >= SATURDAY:
        day += timedelta(days=step)
    return day


def _month_end(today: date) -> date:
    """The last working day of this month; if that is not to come, of the next."""
    ends = (_first_of_month(today, ahead) - timedelta(days=1) for ahead in (1, 2))
    return next(day for end in ends if (day := _working(end, -1)) > today)


def _first_of_month(today: date, ahead: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return date(year, month + 1, 1)


_SPANS: dict[Span, Callable[[date], date]] = {
    "next_week": _next_week,
    "end_of_next_week": lambda today: _next_week(today) + timedelta(days=_FRIDAY),
    "mid_week": lambda today: _coming(_WEDNESDAY, today),
    "week_end": lambda today: _coming(_FRIDAY, today),
    "weekend": _weekend,
    "next_month": lambda today: _working(_first_of_month(today, 1), 1),
    "month_end": _month_end,
}


def months_later(now: datetime, months: int) -> datetime:
    """The same day some months on, or the last of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
