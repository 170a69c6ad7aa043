"""Figures said one by one, in groups or repeated: `oh two oh`, `zéro six douze`, `double five`, `deux fois le six`."""

import re
from dataclasses import dataclass
from functools import cache

from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.vocabulary import Phones, any_word, numbers

SEPARATORS = r"[\s,.\-–/()]"
"""What stands between figures that belong together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The text with all figures written out, and for each character where it comes from."""

    text: str
    _starts: tuple[int, ...]
    _ends: tuple[int, ...]

    def found(self, value: str, start: int, end: int) -> Found:
        """`value`, and where in `Heard.text` the characters from `start` to `end` were said."""
        return Found(value=value, start=self._starts[start], end=self._ends[end - 1])


def written(heard: Heard) -> Figures:
    """All of `heard` with `double five` as `55`, `oh` as `0` and `dash` as `-`."""
    phones = numbers(heard.language).phones
    text, starts, ends, last = "", [], [], 0
    for match in _spoken(heard.language).finditer(heard.text):
        plain, figures = heard.text[last : match.start()], _sum(match) or _figures(match, phones)
        text += plain + figures
        starts += [*range(last, match.start()), *([match.start()] * len(figures))]
        ends += [*range(last + 1, match.start() + 1), *([match.end()] * len(figures))]
        last = match.end()
    starts += range(last, len(heard.text))
    ends += range(last + 1, len(heard.text) + 1)
    return Figures(text + heard.text[last:], tuple(starts), tuple(ends))


@cache
def _spoken(language: str) -> re.Pattern[str]:
    phones = numbers(language).phones
    figure = rf"\d+|{any_word((*phones.zero, *phones.digits))}|[a-z]"
    return re.compile(
        rf"(?<!\w)(?:(?:(?P<repeat>{any_word(phones.repeat)})|(?P<times>[2-5])\s+{any_word(phones.times)})[\s-]+"
        rf"(?:{any_word(phones.article)}\s+)?(?P<what>{figure})"
        rf"|(?P<count>[1-9])\s+{any_word(phones.zeros)}"
        rf"|(?P<tens>[2-9]0)\s+{any_word(phones.tens_and)}\s+(?P<ones>{phones.ones})"
        rf"|(?P<zero>{any_word(phones.zero)})|(?P<digit>{any_word(phones.digits)})|(?P<dash>{any_word(phones.dash)}))(?!\w)"
    )


def _sum(match: re.Match[str]) -> str:
    """`60 et 1`, which is one number that the recogniser left in two."""
    return str(int(match["tens"]) + int(match["ones"])) if match["tens"] else ""


def _figures(match: re.Match[str], phones: Phones) -> str:
    if match["dash"]:
        return "-"
    if match["zero"]:
        return "0"
    if match["digit"]:
        return phones.digits[match["digit"]]
    if match["count"]:
        return "0" * int(match["count"])
    what = "0" if match["what"] in phones.zero else phones.digits.get(match["what"], match["what"])
    times = phones.repeat.get(match["repeat"]) or int(match["times"])
    repeated = what[:1] if what.startswith("0") else what  # "double zéro six" is heard as "double 06"
    return repeated * times + what[len(repeated) :]


@cache
def runs_of(language: str) -> re.Pattern[str]:
    """A run of figures in `Figures.text`, with `+` or the word for it."""
    phones = numbers(language).phones
    digits = rf"\d+(?:{any_word(phones.ordinals)})?"
    between = rf"(?:{SEPARATORS}+{any_word(phones.links)}(?={SEPARATORS})|)[\s,.;:\-–/()]*"
    glued = r"(?<=[^\W\d_])(?=\d{5}|0\d\b)"  # "le06 12 34", "number5552347890"
    return re.compile(
        rf"(?:(?<![\w$])|{glued})(?:(?P<plus>\+|\b{any_word(phones.plus)}\b)\s*)?"
        rf"\(?{digits}(?:{between}{digits}(?!\w))*(?!\w)"
    )
