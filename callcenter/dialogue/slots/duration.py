"""How long: `ten to fifteen years`, `18 mois`, `un año y seis meses`, `quinze jours`; in years."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.vocabulary import Amounts, any_of, any_word, numbers

_EDGE = 0.01
"""Years that `more than` and `less than` move a length across a limit."""
_SHORT = 1 / 100
"""Years; one of a shorter unit is no length: `un jour` is some day."""
_FREE = r"(?<![\w.,:$€£])"
"""Where a number may begin."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How a language says lengths."""

    length: re.Pattern[str]
    fixed: re.Pattern[str]
    past: re.Pattern[str]
    bare: re.Pattern[str]
    around: re.Pattern[str]


def parse(heard: Heard, asked: bool) -> Found | None:
    """The last length in `heard`, in years; a bare number counts as years only when the length was `asked`."""
    patterns = _patterns(heard.language)
    lengths = [match for match in patterns.length.finditer(heard.text) if not _is_vague(match, heard, patterns)]
    if lengths:
        last = lengths[-1]
        return Found(value=_years(last, heard.language), start=last.start(), end=last.end())
    fixed = patterns.fixed.search(heard.text)
    if fixed:
        return Found(value=numbers(heard.language).lengths.fixed[fixed[0]], start=fixed.start(), end=fixed.end())
    return _bare(heard.text, patterns) if asked else None


@cache
def _patterns(language: str) -> _Patterns:
    amounts, lengths = numbers(language).amounts, numbers(language).lengths
    return _Patterns(
        length=re.compile(_length(language)),
        fixed=re.compile(rf"\b{any_word(lengths.fixed)}\b"),
        past=re.compile(rf"\b{any_of(lengths.past_before)}\s*$"),
        bare=re.compile(
            rf"(?:{_FREE}(?P<low>\d{{1,2}})\s*{_to(amounts)}\s*)?{_FREE}(?P<count>\d{{1,2}})(?![\w:]|[,.]\d)"
        ),
        around=re.compile(rf"\b{any_of(lengths.around)}(?!\w)"),
    )


def _to(amounts: Amounts) -> str:
    return rf"{any_of(amounts.between)}(?:\s+{any_of(amounts.hedge)})?"


def _length(language: str) -> str:
    amounts, lengths = numbers(language).amounts, numbers(language).lengths
    count, unit = rf"(?:\d{{1,6}}(?:[.,]\d{{1,3}})?|{any_word(lengths.counts)})", rf"{any_word(lengths.units)}\b"
    of, half = rf"(?:{any_of(amounts.of)}\s*)?", rf"(?:\s+{any_of(amounts.half)})?"
    return (
        rf"(?:(?<!\w)(?:(?P<more>{any_of(lengths.more)})|(?P<less>{any_of(lengths.less)}))\s*)?"
        rf"(?:(?:\b(?P<opened>{any_of(amounts.opened_by)})\s+)?{_FREE}(?P<low>{count})\s*(?:{of}(?P<low_unit>{unit}))?\s*"
        rf"(?:{_to(amounts)}|(?(opened){any_of(amounts.between_and)}|(?!)))\s*)?"
        rf"{_FREE}(?P<count>{count})(?P<half>{half})[\s-]*{of}(?P<unit>{unit})"
        rf"(?:\s*(?:{any_of(amounts.between_and)}\s+)?{_FREE}(?P<rest>\d{{1,6}})\s*(?P<rest_unit>{unit})|(?P<and>{half}))"
        rf"(?!{any_of(lengths.past_after)})"
    )


def _is_vague(match: re.Match[str], heard: Heard, patterns: _Patterns) -> bool:
    """Over already, or `un jour`."""
    if patterns.past.search(heard.text, 0, match.start()):
        return True
    lengths = numbers(heard.language).lengths
    return (
        not match["low"] and _count(match["count"], lengths.counts) == 1 and 1 / lengths.units[match["unit"]] < _SHORT
    )


def _years(match: re.Match[str], language: str) -> float:
    """The middle of a range; `more than three years` lies just above three."""
    lengths = numbers(language).lengths
    count = _count(match["count"], lengths.counts) + (0.5 if match["half"] or match["and"] else 0.0)
    high = count / lengths.units[match["unit"]]
    if match["rest"]:
        high += int(match["rest"]) / lengths.units[match["rest_unit"]]
    low = high
    if match["low"]:
        low = _count(match["low"], lengths.counts) / lengths.units[match["low_unit"] or match["unit"]]
    edge = _EDGE if match["more"] else -_EDGE if match["less"] else 0.0
    return (low + high) / 2 + edge


def _count(said: str, counts: Mapping[str, float]) -> float:
    return counts[said] if said in counts else float(said.replace(",", "."))


def _bare(text: str, patterns: _Patterns) -> Found | None:
    """A number that stands by itself, but for a few words such as `maybe`."""
    match = patterns.bare.search(text)
    if not match or re.search(r"\w", patterns.around.sub("", text[: match.start()] + text[match.end() :])):
        return None
    count = float(match["count"])
    return Found(value=(float(match["low"] or count) + count) / 2, start=match.start(), end=match.end())


def bucket(years: float, limits: dict[str, float | None]) -> str:
    """The first option whose limit (in years, inclusive) holds `years`; one without a limit holds all."""
    return next(name for name, limit in limits.items() if limit is None or years <= limit)
