"""When to call: `tomorrow at three`, `Monday morning`, `next Tuesday at 10:30`; to a local date and time."""

import re
from datetime import datetime, time, timedelta

from dateparser.date import DateDataParser

from callcenter.dialogue.slots.heard import Found, Heard

_PARTS_OF_DAY = {"morning": 10, "noon": 12, "midday": 12, "lunchtime": 12, "lunch": 12, "afternoon": 15,
                 "evening": 18, "tonight": 19, "night": 19}  # fmt: skip
_OPENING, _CLOSING = 8, 19
"""Hours without `a.m.` or `p.m.` are meant to lie between these, both included."""
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_NUMBER = r"(?:[12]\d|3[01]|[1-9])"
_DAY = re.compile(
    r"\b(?P<after>(?:the )?day after tomorrow)|\b(?P<today>today|tonight|this (?:morning|afternoon|evening))\b"
    rf"|\b(?P<named>tomorrow|{_WEEKDAY})s?\b|\b(?P<week>next week)\b"
    rf"|\b(?P<date>(?:the )?{_NUMBER}(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH} (?:the )?{_NUMBER}(?:st|nd|rd|th)?"
    rf"|(?:the )?{_NUMBER}(?:st|nd|rd|th))\b"
)
_COUNTS = {"half an": 0.5, "half a": 0.5, "a couple of": 2.0, "a few": 3.0, "an": 1.0, "a": 1.0}
_WAIT = re.compile(
    rf"\bin (?:about )?(?P<count>\d+|{'|'.join(_COUNTS)})(?P<half> and a half)? (?P<unit>minute|hour|day|week)s?\b"
)
_CLOCK = re.compile(
    r"(?:(?P<past>half past|quarter past|quarter after|\d{1,2} past)|(?P<to>quarter to|\d{1,2} to(?= \d{1,2}\b)))?\s*"
    r"(?P<at>\b(?:at|around|about|by|after|before|from|between)\s+(?:about\s+|around\s+)?)?"
    r"(?<![\w$.,:])(?P<hour>\d{1,2})(?:(?:\s?[:.]\s?|\s)(?P<minute>[0-5]\d)(?!\d))?(?!\d|,\d|%|st|nd|rd|th)"
    r"\s*(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?|o'? ?clock)?"
    r"(?:\s*(?:in|at) (?:the )?(?P<part>morning|afternoon|evening|night))?"
)
_PART = re.compile(rf"\b({'|'.join(sorted(_PARTS_OF_DAY, key=len, reverse=True))})s?\b")
_ANY = re.compile(
    r"\b(?:any ?time|whenever|any day|don't mind|doesn't matter|as soon as (?:possible|you can)|right away|at once)\b"
)
_SETTINGS = {"PREFER_DATES_FROM": "future", "RETURN_AS_TIMEZONE_AWARE": False}


def parse(heard: Heard, now: datetime, asked: bool) -> Found | None:
    """The moment in `heard` as ISO 8601 local time, never before `now`; unasked only with a day or a clear time."""
    now = now.replace(tzinfo=None)
    wait, clock = _WAIT.search(heard.text), _clock(heard.text, asked)
    day = _nearest(list(_DAY.finditer(heard.text)), clock)
    part, anytime = _PART.search(heard.text), _ANY.search(heard.text) if asked else None
    spans = [match.span() for match in (wait, day, clock, part, anytime) if match]
    moment = _after(wait, now) if wait else _moment(day, clock, part, bool(anytime), now)
    if moment is None or not spans or (not asked and not day and not wait and not clock):
        return None
    value = moment.replace(second=0, microsecond=0).isoformat(timespec="minutes")
    return Found(value=value, start=min(start for start, _ in spans), end=max(end for _, end in spans))


def is_whole(heard: Heard) -> bool:
    """Whether `heard` says both day and time, or needs not: `in two hours`, `any time`."""
    if _WAIT.search(heard.text) or _ANY.search(heard.text):
        return True
    return bool(_DAY.search(heard.text) and (_clock(heard.text, True) or _PART.search(heard.text)))


def _nearest(days: list[re.Match[str]], clock: re.Match[str] | None) -> re.Match[str] | None:
    """The day beside the time of day: `busy on Monday, Tuesday at ten`."""
    if not clock:
        return days[0] if days else None
    return min(days, key=lambda day: max(clock.start() - day.end(), day.start() - clock.end()), default=None)


def _clock(text: str, asked: bool) -> re.Match[str] | None:
    """The clearest time of day; a bare number counts only when `asked` and nothing clearer is there."""
    day = _DAY.search(text)
    taken = day.span() if day and day["date"] else (0, 0)
    times = [match for match in _CLOCK.finditer(text) if not taken[0] <= match.start("hour") < taken[1]]
    times = [match for match in times if int(match["hour"]) <= 24]
    clear = [
        match for match in times if match["half"] or match["minute"] or match["part"] or match["past"] or match["to"]
    ]
    at = [match for match in times if match["at"]]
    choices = clear or (at if asked or day else []) or (times if asked else [])
    return choices[0] if choices else None


def _after(wait: re.Match[str], now: datetime) -> datetime:
    """`in two hours`, to the next five minutes."""
    count = (_COUNTS.get(wait["count"]) or float(wait["count"])) + (0.5 if wait["half"] else 0.0)
    moment = now + min(count, 1000.0) * timedelta(**{wait["unit"] + "s": 1})
    if wait["unit"] in {"day", "week"}:
        return moment.replace(hour=_PARTS_OF_DAY["morning"], minute=0)
    return moment + timedelta(minutes=-moment.minute % 5)


def _moment(
    day: re.Match[str] | None, clock: re.Match[str] | None, part: re.Match[str] | None, anytime: bool, now: datetime
) -> datetime | None:
    date = _date(day, now) if day else None
    if day and date is None:
        return None
    if not (day or clock or part or anytime):
        return None
    at = _time(clock, part[1] if part else None)
    if at is None:
        return None
    if date is None:
        return _soon(at, now, anytime and not clock and not part)
    moment = datetime.combine(date, at)
    if moment <= now and clock and not clock["half"] and at.hour < 12:
        moment += timedelta(hours=12)
    return moment if moment > now else None


def _soon(at: time, now: datetime, anytime: bool) -> datetime:
    """The next time that it is `at`; `any time` is a weekday, not today."""
    moment = datetime.combine(now.date(), at)
    if anytime or moment <= now:
        moment += timedelta(days=1)
    while anytime and moment.weekday() >= 5:
        moment += timedelta(days=1)
    return moment


def _date(day: re.Match[str], now: datetime) -> datetime | None:
    if day["today"]:
        return now
    if day["after"]:
        return now + timedelta(days=2)
    if day["week"]:
        return now + timedelta(days=7 - now.weekday())
    settings = _SETTINGS | {"RELATIVE_BASE": now}
    words = (day["named"] or day["date"]).removeprefix("the ").replace(" of ", " ").replace(" the ", " ")
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words).date_obj
    return found if found and found.date() >= now.date() else None


def _time(clock: re.Match[str] | None, part: str | None) -> time | None:
    if not clock:
        return time(_PARTS_OF_DAY[part or "morning"])
    hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    if clock["past"]:
        minute = _minutes(clock["past"])
    if clock["to"]:
        hour, minute = hour - 1, 60 - _minutes(clock["to"])
    hour = _hour(hour, (clock["half"] or "").replace(".", "").replace(" ", ""), clock["part"] or part)
    return time(hour, minute) if 0 <= hour < 24 and 0 <= minute < 60 else None


def _minutes(words: str) -> int:
    first = words.split()[0]
    return {"half": 30, "quarter": 15}.get(first) or int(first)


def _hour(hour: int, half: str, part: str | None) -> int:
    """On the 24-hour clock; without a.m. or p.m. as people mean it in working hours."""
    if half == "am" or part == "morning":
        return hour % 12 if hour <= 12 else hour
    if half == "pm" or part in {"afternoon", "evening", "tonight", "night"}:
        return hour % 12 + 12 if hour <= 12 else hour
    return hour + 12 if hour < _OPENING and hour + 12 <= _CLOSING else hour


def warm_up() -> None:
    """Make dateparser load its language data, which takes 80 ms once."""
    DateDataParser(languages=["en"], settings=_SETTINGS).get_date_data("tomorrow")
