"""The people of a flow, to whom callers can be connected, and when they are there."""

import re
from collections.abc import Iterator
from datetime import datetime, time

from pydantic import Field, field_validator

from callcenter.dialogue.parts import Text
from callcenter.yaml_file import Part

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(_DAYS)
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_SPAN = rf"{_TIME}\s*-\s*(?:{_TIME}|24:00)"
_DAYS_HINT = "days are mon to sun, alone or like `mon-fri` or `mon, wed`"
_HOURS_HINT = "hours are like `9:00-18:00` or `9:00-12:00, 14:00-18:00`"


class Person(Part):
    """Somebody, or a department."""

    dial: Text
    """The dial string: `PJSIP/…`, `Local/…@…`."""
    hours: dict[str, str] = Field(default_factory=dict)
    """When they are there, local time: `mon-fri: 9:00-18:00`; always if nothing is said."""
    transferring: Text | None = None
    """Said before they are rung, instead of the flow's sentence."""
    nobody: Text | None = None
    """Said when they do not answer or are not there, instead of the flow's sentence."""

    @field_validator("hours")
    @classmethod
    def _readable(cls, hours: dict[str, str]) -> dict[str, str]:
        for days, spans in hours.items():
            if not re.fullmatch(rf"(?:{_DAY})(?:\s*[-,]\s*(?:{_DAY}))*", days):
                raise ValueError(f"{days!r} is no day; {_DAYS_HINT}")
            if not re.fullmatch(rf"{_SPAN}(?:\s*,\s*{_SPAN})*", spans):
                raise ValueError(f"{spans!r} are no hours; {_HOURS_HINT}")
            if any(end <= begin for begin, end in _spans(spans)):
                raise ValueError(f"{spans!r} ends before it begins")
        return hours

    def is_there(self, at: datetime) -> bool:
        """Whether it is within their hours at local time `at`."""
        if not self.hours:
            return True
        minute = at.hour * 60 + at.minute
        return any(
            begin <= minute < end
            for days, spans in self.hours.items()
            if at.weekday() in _weekdays(days)
            for begin, end in _spans(spans)
        )


def _weekdays(days: str) -> set[int]:
    found: set[int] = set()
    for part in re.split(r"\s*,\s*", days):
        first, *last = (_DAYS.index(day) for day in re.split(r"\s*-\s*", part))
        until = last[-1] if last else first
        found |= {day % 7 for day in range(first, until + (8 if until < first else 1))}
    return found


def _spans(spans: str) -> Iterator[tuple[int, int]]:
    """Minutes since midnight."""
    for span in spans.split(","):
        begin, end = (_minute(clock.strip()) for clock in span.split("-"))
        yield begin, end


def _minute(clock: str) -> int:
    if clock == "24:00":
        return 24 * 60
    at = time.fromisoformat(clock.zfill(5))
    return at.hour * 60 + at.minute
