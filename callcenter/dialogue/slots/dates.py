"""How a language names days and times of day: `languages/<code>/dates.yaml`, its patterns compiled once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from callcenter import yaml_file
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Words
from callcenter.dialogue.spelling import plain
from callcenter.yaml_file import Part

Span = Literal["next_week", "end_of_next_week", "mid_week", "week_end", "weekend", "next_month", "month_end"]
"""Stretches of days; `week_end` is its last working day."""
Unit = Literal["minute", "hour", "day", "week", "month"]

_TABLES = ("NEAR", "WEEKDAY", "MONTH", "SPAN", "PART", "COUNT", "UNIT", "MINUTES", "HOUR", "NUMBER")
_NUMBER = "(?:[12][0-9]|3[01]|0?[1-9])"
_LINE_BREAK = re.compile(r"\n\s*")
_PLACEHOLDER = re.compile(r"(?<![A-Z])[A-Z]{3,}(?![A-Z])")


def _numbered(rows: Any) -> Any:
    """`[[a, b], [c]]` as `{a: 0, b: 0, c: 1}`."""
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return {word: place for place, row in enumerate(rows) for word in row}
    return rows


def _plain_keys(table: Mapping[str, Any]) -> dict[str, Any]:
    return {plain(word): value for word, value in table.items()}


def _plain_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(word) for word in words)


def _pattern(needed: str = "", others: str = "") -> AfterValidator:
    """A regular expression with one of the `needed` groups, maybe `others`; tables in capitals are their words."""
    groups = [*needed.split(), *others.split()]

    def check(pattern: str) -> str:
        pattern = _LINE_BREAK.sub("", pattern)
        unknown = [name for name in _PLACEHOLDER.findall(pattern) if name not in _TABLES]
        if unknown:
            raise ValueError(f"{unknown[0]} is no table; allowed are {', '.join(_TABLES)}")
        try:
            found = re.compile(_PLACEHOLDER.sub("x", pattern)).groupindex
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        if set(found) - set(groups):
            raise ValueError(f"groups may only be {', '.join(groups) or 'nameless'}, not {', '.join(found)}")
        if needed and not set(found) & set(needed.split()):
            raise ValueError(f"needs a group {' or '.join(needed.split())}")
        return plain(pattern)

    return AfterValidator(check)


_Plain = AfterValidator(_plain_keys)
_Places = Annotated[dict[Words, int], BeforeValidator(_numbered), _Plain]
_DayPattern = Annotated[str, _pattern("near weekday span number", "later week month year")]
_ClockPattern = Annotated[str, _pattern("hour", "at minute past to am pm sharp part")]
_WaitPattern = Annotated[str, _pattern("unit", "count half minute")]
_PartPattern = Annotated[str, _pattern("part")]
_PlainPattern = Annotated[str, _pattern()]


class PartOfDay(Part):
    """`morning`, `late afternoon`."""

    words: tuple[Words, ...]
    hour: int = Field(ge=0, le=23)
    """Meant when no time is said with it."""
    half: Literal["am", "pm", "night"] | None = None
    """The half of the day in which an hour said with it lies."""


class Patterns(Part):
    """Regular expressions over `Heard.text` without accents; of several that overlap, the first and longest counts.

    A line break in one stands for nothing.
    """

    day: tuple[_DayPattern, ...]
    """One of near, weekday (with later: a week after; week: in the next week), span, or number with month and year."""
    clock: tuple[_ClockPattern, ...]
    """A time: hour with minute, or with minutes past or to it; at: a word says that it is one; sharp: `o'clock`."""
    after_one: tuple[_PlainPattern, ...] = ()
    """What may follow a bare one that is an hour, where the word is an article too: `à uma`."""
    wait: tuple[_WaitPattern, ...]
    """How long from now: count (one if left out) and unit; half: half a unit more; minute: minutes more."""
    part: tuple[_PartPattern, ...]
    anytime: tuple[_PlainPattern, ...]


class Dates(Part):
    """A file `dates.yaml`. A table's name in capitals stands for its words in the patterns."""

    near: Annotated[dict[Words, int], _Plain]
    """Days from today."""
    weekdays: _Places
    """From Monday, with the ways to write each."""
    months: _Places
    misheard: Annotated[dict[Words, Words], _Plain] = Field(default_factory=dict)
    """What recognisers write for a day of the week, meant for it only right before a time: `je dis à 15 heures`."""
    misheard_hours: Annotated[dict[Words, Words], _Plain] = Field(default_factory=dict)
    """What recognisers write for a time of day at the end of an answer, and that time with its hour in figures."""
    others: Annotated[frozenset[Words], AfterValidator(_plain_words)] = frozenset()
    """Ordinary words that are almost the name of a day or month."""
    spans: Annotated[dict[Words, Span], _Plain]
    parts: tuple[PartOfDay, ...]
    counts: Annotated[dict[Words, float], _Plain]
    units: Annotated[dict[Words, Unit], _Plain]
    minutes: Annotated[dict[Words, int], _Plain]
    """`half` and `quarter` in minutes."""
    hours: Annotated[dict[Words, int], _Plain] = Field(default_factory=dict)
    """Hours that have a name; 24 is the end of the day."""
    patterns: Patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A language's dates with compiled patterns."""

    tables: Dates
    parts: dict[str, PartOfDay]
    day: tuple[re.Pattern[str], ...]
    clock: tuple[re.Pattern[str], ...]
    after_one: tuple[re.Pattern[str], ...]
    wait: tuple[re.Pattern[str], ...]
    part: tuple[re.Pattern[str], ...]
    anytime: tuple[re.Pattern[str], ...]


def group(match: re.Match[str] | None, name: str) -> str:
    """What the group of that name matched; empty if nothing, or if its pattern has no such group."""
    return (match.groupdict().get(name) or "") if match else ""


def is_clear(clock: re.Match[str]) -> bool:
    """Whether what a pattern of times matched is one by itself, not only a number that may be an hour."""
    told = ("minute", "past", "to", "am", "pm", "sharp", "part")
    return not clock["hour"].isdigit() or any(group(clock, name) for name in told)


@cache
def load_dates(code: str) -> Vocabulary:
    """The language of that ISO 639-1 code. Raises FileError when there is none, or with the line of a mistake."""
    return compiled(yaml_file.load(SHIPPED / code / "dates.yaml", Dates))


def compiled(dates: Dates) -> Vocabulary:
    """`dates` with the words of its tables put into its patterns."""
    parts = {plain(word): part for part in dates.parts for word in part.words}
    tables: dict[str, Iterable[str]] = {
        "NEAR": dates.near, "WEEKDAY": dates.weekdays, "MONTH": dates.months, "SPAN": dates.spans, "PART": parts,
        "COUNT": dates.counts, "UNIT": dates.units, "MINUTES": dates.minutes, "HOUR": dates.hours,
    }  # fmt: skip
    alternatives = {name: _any_of(words) for name, words in tables.items()} | {"NUMBER": _NUMBER}

    def ready(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_PLACEHOLDER.sub(lambda found: alternatives[found[0]], one)) for one in patterns)

    wanted = dates.patterns
    return Vocabulary(
        tables=dates,
        parts=parts,
        day=ready(wanted.day),
        clock=ready(wanted.clock),
        after_one=ready(wanted.after_one),
        wait=ready(wanted.wait),
        part=ready(wanted.part),
        anytime=ready(wanted.anytime),
    )


def _any_of(words: Iterable[str]) -> str:
    """The longest that fits; nothing fits an empty table."""
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(re.escape(word) for word in longest_first)})" if longest_first else "(?!)"
