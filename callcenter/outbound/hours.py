"""When people may be called, by the clock where they are. Pure: the time is an argument."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from callcenter.config import Outbound
from callcenter.errors import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = {"mon-fri": "9:00-20:00", "sat": "10:00-18:00"}
_AHEAD = timedelta(days=8)
"""A week that is open at all is open again within this, whatever the zone."""
_ALLOWED = "days are mon to sun or a range such as mon-fri, times such as 9:00-13:00 14:00-20:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one minute of the day up to another, which is not in it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The spans of each day, Monday first."""

    week: tuple[tuple[Span, ...], ...]

    @classmethod
    def parse(cls, written: Mapping[str, str]) -> Self:
        """Read `{"mon-fri": "9:00-20:00", "sat": "10:00-18:00"}`; a day left out is closed. Raises ValueError."""
        week: list[tuple[Span, ...]] = [()] * len(DAYS)
        for days, times in written.items():
            spans = tuple(map(_span, times.split()))
            for day in _days(days):
                week[day] += spans
        return cls(week=tuple(week))

    @classmethod
    def of(cls, outbound: Outbound) -> Self:
        """Those of the settings, else the usual ones. Raises ConfigurationError."""
        try:
            return cls.parse(outbound.hours or USUAL)
        except ValueError as error:
            raise ConfigurationError(f"outbound.hours: {error}") from error

    def open(self, at: datetime, zones: Collection[str]) -> bool:
        """Whether people may be called at `at`, which has a zone, wherever in `zones` they are."""
        return all(self._open(at.astimezone(ZoneInfo(zone))) for zone in zones)

    def opening(self, at: datetime, zones: Collection[str]) -> datetime | None:
        """The first moment from `at` on when they may be called, in UTC; None when there is none.

        It is `at` itself, or the beginning of a span in one of the zones.
        """
        if self.open(at, zones):
            return at.astimezone(UTC)
        starts = sorted(start for zone in zones for start in self._starts(at, ZoneInfo(zone)) if start > at)
        return next((start for start in starts if self.open(start, zones)), None)

    def _open(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(span.start <= minute < span.end for span in self.week[local.weekday()])

    def _starts(self, at: datetime, zone: ZoneInfo) -> list[datetime]:
        today = at.astimezone(zone).date()
        days = [today + timedelta(days=ahead) for ahead in range(_AHEAD.days + 1)]
        return [
            datetime.combine(day, time(span.start // 60, span.start % 60), zone).astimezone(UTC)
            for day in days
            for span in self.week[day.weekday()]
        ]


def _days(written: str) -> range:
    first, _, last = written.partition("-")
    if first not in DAYS or (last or first) not in DAYS or DAYS.index(last or first) < DAYS.index(first):
        raise ValueError(f"{written!r} is no day: {_ALLOWED}")
    return range(DAYS.index(first), DAYS.index(last or first) + 1)


def _span(written: str) -> Span:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", written)
    if not found:
        raise ValueError(f"{written!r} is no span of time: {_ALLOWED}")
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    span = Span(start=from_hour * 60 + from_minute, end=to_hour * 60 + to_minute)
    if max(from_minute, to_minute) > 59 or not span.start < span.end <= 24 * 60:
        raise ValueError(f"{written!r} must end after it begins, on the same day: {_ALLOWED}")
    return span
