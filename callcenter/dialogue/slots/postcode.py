"""Postcodes as callers say them: `zéro six mille`, `soixante-quinze zéro onze`, `SW one A one double A`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import Field, RootModel

from callcenter import yaml_file
from callcenter.dialogue.slots.figures import SEPARATORS, Figures, runs_of, written
from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.vocabulary import Pattern, numbers
from callcenter.yaml_file import Part

_TABLE = Path(__file__).with_name("postcodes.yaml")
_CLASSES = {"9": r"\d", "A": "[a-z0]", "?": "[a-z0-9]"}
"""A letter O may be taken for the figure 0, which English says as `oh`."""

_MEANT = (
    (r"^(0?\d\s)1(\d{3})$", r"\1\2"),  # zéro un mille
    (r"^(\d\d)\s?1(\d{3})$", r"\1\2"),  # 33 mille
    (r"^(0\d)(00)$", r"\g<1>1\2"),  # zéro six cent
    (r"^(\d\d?)000\s+0(\d\d)$", r"\g<1>0\2"),  # soixante-quinze mille zéro onze
    (r"^(\d\d)(?:[\s.,]?|\s1)000\s?0?([1-9]\d)$", r"\g<1>0\2"),  # 75 mille 11, 75 000 11
    (r"^(\d\d)(?:[\s.,]?|\s1)000\s?0{0,2}([1-9])$", r"\g<1>00\2"),  # 69 mille 3, 690003
    (r"^(\d\d)\s1000\s([1-9]\d\d)$", r"\1\2"),  # 92 mille 200
    (r"^(\d\d)[.,]0?([1-9]\d)$", r"\g<1>0\2"),  # 75.11
    (r"^(\d\d)[.,]0?([1-9])$", r"\g<1>00\2"),  # 69.3, 69.03
)
"""Digits that number words become, and what they mean where they do not fit otherwise."""

_UNITS_THOUSAND = re.compile(r"[1-9]\s1000")
"""`6 mille`, which is 6000 rather than 61000."""


class _Country(Part):
    """How postcodes of a country are written."""

    forms: tuple[str, ...] = Field(min_length=1)
    check: Pattern = ".*"


class _Table(RootModel[dict[str, _Country]]):
    """The file `postcodes.yaml`."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of a postcode, and how it is found in what was said."""

    form: str
    spoken: re.Pattern[str]
    check: re.Pattern[str]

    @property
    def is_plain(self) -> bool:
        """Whether it is all of figures."""
        return not re.search("[A?]", self.form)

    def normal(self, said: str) -> str | None:
        """`said`, as in `written`, in the normal form."""
        marks = iter(re.sub(r"\W", "", said).upper())
        code = "".join(self._mark(kind, marks) for kind in self.form)
        return code if self.check.fullmatch(code) else None

    @staticmethod
    def _mark(kind: str, marks: Iterator[str]) -> str:
        if kind not in _CLASSES:
            return kind
        mark = next(marks)
        return "O" if kind == "A" and mark == "0" else mark


def countries() -> frozenset[str]:
    """The countries whose postcodes are known."""
    return frozenset(_table())


def is_of_figures(country: str) -> bool:
    """Whether postcodes of `country` (two letters) have no letters, so that they can be keyed."""
    return any(form.is_plain for form in _forms(country))


def figures_in(country: str) -> int | None:
    """How many figures each postcode of `country` has; None where they have letters, or some have more than others."""
    lengths = {form.form.count("9") if form.is_plain else None for form in _forms(country)}
    return lengths.pop() if len(lengths) == 1 else None


def parse(heard: Heard, country: str, asked: bool) -> Found | None:
    """The last postcode of `country` (two letters) in `heard`, in normal form: `75011`, `1050-123`, `SW1A 1AA`.

    Unasked it must be announced, or have letters and figures as no other thing has. None for an unknown country.
    """
    announced = asked or bool(_announced(heard.language).search(heard.text))
    figures = written(heard)
    for form in _forms(country):
        if form.is_plain and not announced:
            continue
        spans = _plain_spans(figures, heard.language) if form.is_plain else [[*form.spoken.finditer(figures.text)]]
        for level in spans:
            fitting = [(code, *match.span()) for match in level if (code := _fitted(form, match[0]))]
            if fitting:
                return figures.found(*fitting[-1])
    return None


def _fitted(form: _Form, said: str) -> str | None:
    variants = [] if form.is_plain and _UNITS_THOUSAND.fullmatch(said) else [said]
    if form.is_plain:
        variants += [re.sub(heard, meant, said) for heard, meant in _MEANT if re.match(heard, said)]
    return next((form.normal(variant) for variant in variants if form.spoken.fullmatch(variant)), None)


def _plain_spans(figures: Figures, language: str) -> Iterator[list[re.Match[str]]]:
    """Figures that may be a postcode: whole runs, then what commas part, then what spaces part."""
    runs = list(runs_of(language).finditer(figures.text))
    yield runs
    for part in (r"[^,;]*\d", r"[^\s,;]*\d"):
        pattern = re.compile(rf"\d{part}|\d")
        yield [match for run in runs for match in pattern.finditer(figures.text, *run.span())]


@cache
def _table() -> dict[str, _Country]:
    return yaml_file.load(_TABLE, _Table).root


@cache
def _forms(country: str) -> tuple[_Form, ...]:
    table = _table()
    if country not in table:
        return ()
    check = re.compile(table[country].check)
    return tuple(_Form(form, re.compile(_spoken(form)), check) for form in table[country].forms)


def _spoken(form: str) -> str:
    marks = [_CLASSES[kind] for kind in form if kind in _CLASSES]
    return r"(?<![\w'])(?!a\s+\w\w)" + rf"{SEPARATORS}*".join(marks) + r"(?!\w)"


@cache
def _announced(language: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{numbers(language).postcode})")
