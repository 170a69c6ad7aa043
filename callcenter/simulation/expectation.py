"""Whether a lead is what its persona expects, slot by slot."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTime:
    """A time to call back at, perhaps counted from the day of the call."""

    day: str | date
    at: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ISO 8601, or a day's name and `HH:MM`. Raises ValueError saying what is allowed."""
        relative = re.fullmatch(r"(\w+) (\d{1,2}:\d{2})", text.strip().lower())
        try:
            if relative and relative[1] in ("today", "tomorrow", *WEEKDAYS):
                return cls(day=relative[1], at=time.fromisoformat(relative[2].zfill(5)))
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is not a time; allowed are ISO 8601 and today, tomorrow or a weekday with HH:MM"
            ) from None
        return cls(day=moment.date(), at=moment.time().replace(tzinfo=None))

    def on(self, called: date) -> datetime:
        """In a call made on `called`; a weekday's name is its next one after that day."""
        match self.day:
            case date() as day:
                pass
            case "today":
                day = called
            case "tomorrow":
                day = called + timedelta(days=1)
            case name:
                day = called + timedelta(days=(WEEKDAYS.index(name) - called.weekday() - 1) % 7 + 1)
        return datetime.combine(day, self.at)


def right(expected: Any, found: Any, called: date) -> bool:
    """Whether `found` is what was `expected` of a slot in a call made on `called`. `found` is None when it is empty."""
    if found is None:
        return False
    match expected:
        case bool():
            return bool(expected == found)
        case int() | float():
            return _same_numbers([expected], found)
        case [int() | float(), int() | float()]:
            return _same_numbers(expected, found)
        case list() | tuple() | set():
            return {_word(item) for item in expected} == {_word(item) for item in _many(found)}
        case str() if isinstance(found, list | tuple):
            return {_word(expected)} == {_word(item) for item in found}
        case str() if (time := _time(expected)) is not None:
            return _same_time(time, str(found), called)
        case _:
            return _word(expected) == _word(found)


def count(expected: dict[str, Any], found: dict[str, Any], called: date) -> int:
    """How many of the `expected` slots are right."""
    return sum(right(value, found.get(slot), called) for slot, value in expected.items())


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _word(value: Any) -> str:
    return " ".join(str(value).casefold().split())


def _same_numbers(expected: Any, found: Any) -> bool:
    """A range whose ends are one number is that number."""
    numbers = _many(found)
    if not all(isinstance(number, int | float) for number in numbers) or len(numbers) not in (1, 2):
        return False
    return (min(expected), max(expected)) == (min(numbers), max(numbers))


def _time(text: str) -> CallbackTime | None:
    try:
        return CallbackTime.parse(text)
    except ValueError:
        return None


def _same_time(expected: CallbackTime, found: str, called: date) -> bool:
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        return False
    return expected.on(called) == moment.replace(tzinfo=None, second=0, microsecond=0)
