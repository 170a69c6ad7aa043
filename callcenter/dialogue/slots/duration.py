"""How long: `ten to fifteen years`, `18 months`, `until I retire`; in years."""

import re

from callcenter.dialogue.slots.heard import Found, Heard

_YEARS = {"year": 1.0, "yr": 1.0, "month": 1 / 12, "week": 1 / 52, "decade": 10.0}
_COUNTS = {
    "a": 1.0, "an": 1.0, "half a": 0.5, "a half": 0.5, "a couple of": 2.0, "couple of": 2.0, "a couple": 2.0,
    "couple": 2.0, "a few": 3.0, "few": 3.0, "several": 5.0, "next": 1.0, "this": 0.5,
}  # fmt: skip
_COUNT = rf"\d+(?:\.\d+)?|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}"
_LENGTH = re.compile(
    r"(?:(?:(?P<more>more than|over|longer than|above|plus)|(?P<less>less than|under|within))\s+)?"
    rf"(?:(?P<low>(?<![\w.,$:])\d+(?:\.\d+)?)\s*(?:years?|months?)?\s*(?:to|or|-|–|,)\s*(?:maybe\s+)?)?"
    rf"(?<![\w.,$:])(?P<count>{_COUNT})(?P<half> and a half)?[\s-]*(?P<unit>year|yr|month|week|decade)s?\b"
    r"(?P<and> and a half)?(?! old|\s+ago)"
)
_PAST = re.compile(r"\b(?:last|past|been\s\w+\sfor|(?:i'm|i am)(?:\s\w+)?)\s*$")
_BARE = re.compile(
    r"(?:(?<![\w.,$:])(?P<low>\d{1,2})\s*(?:to|or|-|–|,)\s*(?:maybe\s+)?)?(?<![\w.,$:])(?P<count>\d{1,2})(?![\w:]|[,.]\d)"
)
_AROUND_BARE = re.compile(
    r"\b(?:about|around|maybe|perhaps|say|roughly|well|i|think|i'd|i'll|or|so|for|at|least|the|next|let's|probably|more|like"
    r"|would|guess|um|uh|please|it's|than|to|possibly|okay|yes)\b"
)
_EDGE = 0.01
"""Years that `more than` and `less than` move a length across a limit."""


def parse(heard: Heard, asked: bool) -> Found | None:
    """The last length in `heard`, in years; a bare number counts as years only when the length was `asked`."""
    lengths = [match for match in _LENGTH.finditer(heard.text) if not _PAST.search(heard.text, 0, match.start())]
    if lengths:
        last = lengths[-1]
        return Found(value=_years(last), start=last.start(), end=last.end())
    return _bare(heard.text) if asked else None


def _bare(text: str) -> Found | None:
    """A number that stands by itself, but for a few words such as `maybe`."""
    match = _BARE.search(text)
    if not match or re.search(r"\w", _AROUND_BARE.sub("", text[: match.start()] + text[match.end() :])):
        return None
    count = float(match["count"])
    return Found(value=(float(match["low"] or count) + count) / 2, start=match.start(), end=match.end())


def _years(match: re.Match[str]) -> float:
    """The middle of a range; `more than three years` lies just above three."""
    count = _COUNTS[match["count"]] if match["count"] in _COUNTS else float(match["count"])
    count += 0.5 if match["half"] or match["and"] else 0.0
    low = float(match["low"]) if match["low"] else count
    edge = _EDGE if match["more"] else -_EDGE if match["less"] else 0.0
    return (low + count) / 2 * _YEARS[match["unit"]] + edge


def bucket(years: float, limits: dict[str, float | None]) -> str:
    """The first option whose limit (in years, inclusive) holds `years`; one without a limit holds all."""
    return next(name for name, limit in limits.items() if limit is None or years <= limit)
