"""Quantities as they are said and written: `1.5 million`, `half a million`, `un million et demi`, `12 euros 50`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from callcenter.dialogue.slots.heard import GROUPING_SPACE, Heard
from callcenter.dialogue.slots.vocabulary import Amounts, any_of, any_word, numbers

SIGN = r"(?:(?:us|r)?\$|[€£])"
"""Signs of currencies, before or after the number."""

_DIGITS = rf"\d+(?:[.,]\d+|{GROUPING_SPACE}\d{{3}})*"
_MOST_DIGITS = 18
"""More are what a recogniser writes that repeats itself."""
_LARGE = 1000
"""What is too large to be said of anything but money, if no other unit follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with what multiplies it."""

    number: float
    digits: str
    """As written, before its unit; empty for `half a`."""
    unit: bool
    """A unit or a currency was said."""
    start: int
    end: int

    @property
    def scaled(self) -> bool:
        """Whether it needs no unit from elsewhere: `30` in `30 to 40 thousand` does."""
        return self.unit or self.number >= _LARGE


@cache
def _pattern(language: str) -> re.Pattern[str]:
    amounts = numbers(language).amounts
    out_of = "".join(rf"(?<!\d {word} )" for word in amounts.out_of)
    of, half = rf"(?:{any_of(amounts.of)}\s*)?", rf"\s+{any_of(amounts.half)}\b"
    currency = rf"(?:{any_of(amounts.currencies)}|{SIGN})(?!\w)"
    counted = rf"(?:[\s-]*{any_of(amounts.other)}|\s*{any_word(amounts.units)}(?!\w))"
    cents = rf"\d\d(?![\d.,:])(?!{counted})(?:\s*{any_of(amounts.cents)}\b)?"
    return re.compile(
        rf"(?P<sign>{SIGN}\s*)?"
        rf"(?:(?P<part>(?<!\w){any_word(amounts.parts)})(?:\s*{any_of(amounts.of)})?(?:\s*{any_of(amounts.article)})?"
        rf"|(?P<number>(?<![\w.,:]){out_of}{_DIGITS})(?P<half>{half})?)"
        rf"(?:\s*-?\s*{of}(?P<unit>{any_word(amounts.units)})(?!\w)(?P<late>{half})?)?"
        rf"(?:\s*{of}(?P<currency>{currency})(?P<cents>\s*(?:{_and(amounts)}\s*)?{cents})?"
        rf"|\s*{any_of(amounts.decimal)}\s*(?P<decimals>{cents}))?"
        r"(?![\w:])"
    )


def _and(amounts: Amounts) -> str:
    return any_of((*amounts.between_and, *amounts.decimal))


def quantities(heard: Heard) -> Iterator[Quantity]:
    """All in `heard`, in order; parts of nothing, such as `half of it`, are none."""
    amounts = numbers(heard.language).amounts
    for match in _pattern(heard.language).finditer(heard.text):
        if (match["part"] and not match["unit"]) or len(match["number"] or "") > _MOST_DIGITS:
            continue
        yield Quantity(
            number=_value(match, amounts),
            digits=match["number"] or "",
            unit=bool(match["sign"] or match["unit"] or match["currency"]),
            start=match.start(),
            end=match.end(),
        )


def _value(match: re.Match[str], amounts: Amounts) -> float:
    unit = amounts.units.get(match["unit"] or "", 1.0)
    number = amounts.parts[match["part"]] if match["part"] else decimal(match["number"])
    if match["half"] or match["late"]:
        number += 0.5 * (1.0 if match["unit"] else _magnitude(number))
    cents = re.search(r"\d\d", match["cents"] or match["decimals"] or "")
    return number * unit + (int(cents[0]) / 100 if cents else 0.0)


def _magnitude(number: float) -> float:
    """What `and a half` is half of: `1000000 and a half` is said for a million and a half."""
    return next((unit for unit in (1e9, 1e6, 1e3) if number >= unit and number % unit == 0), 1.0)


def decimal(digits: str) -> float:
    """`60,000`, `60.000`, `60 000`, `1.5` and `50,000.00`.

    A dot or comma groups thousands if all groups after it have exactly three digits; of both the last is the point.
    """
    digits = digits.replace(GROUPING_SPACE, "")
    if re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", digits):
        return float(re.sub(r"[.,]", "", digits))
    mixed = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})+)(?!\2)[.,](\d+)", digits)
    if mixed:
        return float(re.sub(r"[.,]", "", mixed[1]) + "." + mixed[3])
    whole, _, rest = digits.replace(",", ".").partition(".")
    return float(f"{whole}.{rest.replace('.', '') or 0}")
