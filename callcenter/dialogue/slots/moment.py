"""When to call: `tomorrow at three`, `mardi vers 15h30`, `depois de amanhã de manhã`; to a local date and time."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from callcenter.dialogue.slots import days, near_days
from callcenter.dialogue.slots.dates import Vocabulary, group, is_clear, load_dates
from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.spelling import plain

_OPENING, _CLOSING = 8, 19
"""Hours without a half of the day are meant to lie between these, both included."""
_MORNING = 10
"""When to call on a day of which nothing more is said."""
_MOST_WAIT = 1000.0
Fits = Callable[[datetime], bool]
"""Whether somebody is there at that local time."""
_LONG = {"day", "week", "month"}
"""Units after which the time of day is not that of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What there is of a moment in one stretch of speech."""

    vocabulary: Vocabulary
    day: re.Match[str] | None
    wait: re.Match[str] | None
    clock: re.Match[str] | None
    part: re.Match[str] | None
    anytime: re.Match[str] | None

    def spans(self) -> list[tuple[int, int]]:
        """Where its parts were said."""
        return [match.span() for match in (self.day, self.wait, self.clock, self.part, self.anytime) if match]


def parse(
    heard: Heard, now: datetime, asked: bool, before: datetime | None = None, fits: Fits | None = None
) -> Found | None:
    """The moment in `heard` as ISO 8601 local time, never before `now`; unasked only with a day or a clear time.

    `before` is the moment that it takes the place of: its day holds if no other is said, and its time if only a day is.
    Of an hour that may be one of the morning or of the evening the one that `fits` is meant.
    """
    now = now.replace(tzinfo=None)
    mended = near_days.mend(heard, asked)
    said = _said(mended.heard, asked)
    spans = said.spans()
    if not spans or (not asked and not said.day and not said.wait and not said.clock):
        return None
    moment = _after(said, now) if said.wait else _moment(said, now, before)
    if moment and fits and not fits(moment) and (other := _other_half(said, moment)) and fits(other):
        moment = other
    if moment is None or moment < now.replace(second=0, microsecond=0):
        return None
    value = moment.isoformat(timespec="minutes")
    return mended.back(Found(value=value, start=min(spans)[0], end=max(end for _, end in spans)))


def _other_half(said: _Said, moment: datetime) -> datetime | None:
    """The same hour twelve hours before or after, that day, if what was said does not tell which."""
    hour = group(said.clock, "hour")
    if not hour.isdigit() or not 0 < int(hour) <= 12 or _half(said):
        return None
    return moment.replace(hour=(moment.hour + 12) % 24)


def is_within(value: str, now: datetime, days_ahead: int | None) -> bool:
    """Whether the moment `value` (ISO 8601 local time) is at most so many days after the day of `now`; None: always."""
    ahead = datetime.fromisoformat(value).date() - now.date()
    return days_ahead is None or ahead.days <= days_ahead


def is_whole(heard: Heard) -> bool:
    """Whether `heard` says both day and time, or needs not: `in two hours`, `any time`."""
    said = _said(near_days.mend(heard, True).heard, True)
    return bool(said.wait or said.anytime or (said.day and (said.clock or said.part)))


def warm_up(languages: Iterable[str] = ("en",)) -> None:
    """Read the languages' words and compile their patterns, which takes some 50 ms each, once."""
    for language in languages:
        load_dates(language)


def _said(heard: Heard, asked: bool) -> _Said:
    text, vocabulary = plain(heard.text), load_dates(heard.language)
    dated, wait = _matches(vocabulary.day, text), _first(vocabulary.wait, text)
    times = _times(heard, vocabulary, text, [*dated, *([wait] if wait else [])])
    clock = _clearest(times, asked, bool(dated))
    return _Said(
        vocabulary=vocabulary,
        day=_nearest(dated, clock),
        wait=wait,
        clock=clock,
        part=_first(vocabulary.part, text),
        anytime=_first(vocabulary.anytime, text) if asked else None,
    )


def _matches(patterns: Iterable[re.Pattern[str]], text: str) -> list[re.Match[str]]:
    """Those of all `patterns` in order; of overlapping ones the first, and then the longest."""
    found = sorted(
        (match for pattern in patterns for match in pattern.finditer(text)),
        key=lambda match: (match.start(), -match.end()),
    )
    kept: list[re.Match[str]] = []
    for match in found:
        if not kept or match.start() >= kept[-1].end():
            kept.append(match)
    return kept


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next(iter(_matches(patterns, text)), None)


def _nearest(dated: list[re.Match[str]], clock: re.Match[str] | None) -> re.Match[str] | None:
    """The day beside the time of day: `busy on Monday, Tuesday at ten`."""
    if not clock:
        return dated[0] if dated else None
    return min(dated, key=lambda day: max(clock.start() - day.end(), day.start() - clock.end()), default=None)


def _times(heard: Heard, vocabulary: Vocabulary, text: str, taken: list[re.Match[str]]) -> list[re.Match[str]]:
    """The times of day in `text`, but for numbers that belong to a day or a wait, and for articles."""
    found = [match for match in _matches(vocabulary.clock, text) if group(match, "hour")]
    free = [match for match in found if not any(one.start() <= match.start("hour") < one.end() for one in taken)]
    return [match for match in free if _is_hour(match, heard, vocabulary)]


def _is_hour(match: re.Match[str], heard: Heard, vocabulary: Vocabulary) -> bool:
    if is_clear(match):  # 27 o'clock is an hour that does not exist, and then there is no moment
        return not match["hour"].isdigit() or int(match["hour"]) <= 24 or bool(group(match, "sharp"))
    if heard.is_article(*match.span("hour")):
        return bool(group(match, "at")) and any(what.match(match.string, match.end()) for what in vocabulary.after_one)
    return int(match["hour"]) <= 24


def _clearest(times: list[re.Match[str]], asked: bool, with_day: bool) -> re.Match[str] | None:
    """The first time that is clear; else one after `at`; a bare number only when `asked`."""
    clear = [match for match in times if is_clear(match)]
    at = [match for match in times if group(match, "at")]
    choices = clear or (at if asked or with_day else []) or (times if asked else [])
    return choices[0] if choices else None


def _after(said: _Said, now: datetime) -> datetime | None:
    """`in two hours`, to the next five minutes; `in two weeks`, on the day and at the time that are said."""
    tables, wait = said.vocabulary.tables, said.wait
    words, unit = group(wait, "count"), tables.units[group(wait, "unit")]
    count = (float(words) if words.isdigit() else tables.counts.get(words, 1.0)) + (0.5 if group(wait, "half") else 0.0)
    count = min(count, _MOST_WAIT)
    moment = days.months_later(now, round(count)) if unit == "month" else now + count * timedelta(**{unit + "s": 1})
    if unit not in _LONG:
        moment += timedelta(minutes=int(group(wait, "minute") or 0))
        return moment + timedelta(minutes=-moment.minute % 5)
    if unit == "week" and (weekday := group(said.day, "weekday")):
        moment += timedelta(days=tables.weekdays[weekday] - moment.weekday())
    at = _time(said)
    return None if at is None else datetime.combine(moment, time()) + at


def _moment(said: _Said, now: datetime, before: datetime | None) -> datetime | None:
    day = days.meant(said.day, said.vocabulary.tables, now.date()) if said.day else None
    at = _time(said)
    if at is None or (said.day and day is None):
        return None
    if before and day is None and not said.anytime:
        day = before.date() if datetime.combine(before, time()) + at > now else None
    elif before and not (said.clock or said.part):
        at = timedelta(hours=before.hour, minutes=before.minute)
    if day is None:
        return _soon(at, now, bool(said.anytime) and not said.clock and not said.part)
    moment = datetime.combine(day, time()) + at
    certain = any(group(said.clock, name) for name in ("am", "pm", "sharp"))
    if moment <= now and said.clock and not certain and at < timedelta(hours=12):
        moment += timedelta(hours=12)
    return moment if moment > now else None


def _soon(at: timedelta, now: datetime, anytime: bool) -> datetime:
    """The next time that it is `at`; `any time` is a weekday, not today."""
    moment = datetime.combine(now, time()) + at
    if anytime or moment <= now:
        moment += timedelta(days=1)
    while anytime and moment.weekday() >= days.SATURDAY:
        moment += timedelta(days=1)
    return moment


def _time(said: _Said) -> timedelta | None:
    """The time of day since midnight, at most a little over a day; none if there is no such time."""
    part = said.vocabulary.parts[said.part["part"]] if said.part else None
    clock, tables = said.clock, said.vocabulary.tables
    if not clock:
        return timedelta(hours=part.hour if part else _MORNING)
    named = tables.hours.get(clock["hour"])
    hour = int(clock["hour"]) if named is None else named
    minute = int(group(clock, "minute") or 0)
    if past := group(clock, "past"):
        minute = _minutes(past, tables.minutes)
    if to := group(clock, "to"):
        hour, minute = hour - 1, 60 - _minutes(to, tables.minutes)
    if named is None:
        hour = _hour(hour, _half(said))
        if not 0 <= hour < 24 and _half(said) != "night":
            return None
    return timedelta(hours=hour, minutes=minute) if 0 <= minute < 60 else None


def _minutes(words: str, table: dict[str, int]) -> int:
    return table[words] if words in table else int(words)


def _half(said: _Said) -> str:
    """`am`, `pm`, or empty if it was left open."""
    if half := next((name for name in ("am", "pm") if group(said.clock, name)), ""):
        return half
    word = group(said.clock, "part") or group(said.part, "part")
    return (said.vocabulary.parts[word].half or "") if word else ""


def _hour(hour: int, half: str) -> int:
    """On the 24-hour clock; without a half of the day as people mean it in working hours."""
    if half == "am":
        return hour % 12 if hour <= 12 else hour
    if half == "night" and hour == 12:
        return 24
    if half in {"pm", "night"}:
        return hour % 12 + 12 if hour <= 12 else hour
    return hour + 12 if 0 < hour < _OPENING and hour + 12 <= _CLOSING else hour
