"""Amounts of money: `about fifty thousand`, `20 à 30 k€`, `medio millón`, `$60,000`."""

import re
from dataclasses import dataclass
from functools import cache

from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.quantity import Quantity, decimal, quantities
from callcenter.dialogue.slots.vocabulary import any_of, numbers


@dataclass(frozen=True, slots=True)
class _Patterns:
    """What stands around the amounts of a language."""

    between: re.Pattern[str]
    between_and: re.Pattern[str]
    opened: re.Pattern[str]
    other: re.Pattern[str]
    age: re.Pattern[str]
    cents: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount, or a range of two."""

    low: float
    high: float
    bare: bool
    """Only a small number was said, with no unit: `fifty`."""

    @property
    def value(self) -> int | float | list[int | float]:
        """As stored: a number, or `[low, high]`."""
        return whole(self.low) if self.low == self.high else [whole(self.low), whole(self.high)]

    def times(self, factor: float) -> "Amount":
        """The amount scaled, and no longer bare."""
        return Amount(self.low * factor, self.high * factor, False)


def parse(heard: Heard) -> Found | None:
    """The last amount in `heard`, as an `Amount`; a bare one only if there is no other."""
    patterns = _patterns(heard.language)
    said = [quantity for quantity in quantities(heard) if _is_money(quantity, heard, patterns)]
    found = [_joined(group) for group in _groups(said, heard.text, patterns)]
    firm = [one for one in found if not one.value.bare]
    bare = found if len(found) == 1 else []  # several small numbers are not an amount
    return next(reversed(firm or bare), None)


@cache
def _patterns(language: str) -> _Patterns:
    amounts = numbers(language).amounts
    hedge, article, of = any_of(amounts.hedge), any_of(amounts.article), any_of(amounts.of)
    other = any_of(amounts.other)
    return _Patterns(
        between=re.compile(rf"\s*{any_of(amounts.between)}(?:\s+{hedge})?(?:\s+{article})?\s*"),
        between_and=re.compile(rf"\s*{any_of(amounts.between_and)}(?:\s+{article})?\s*"),
        opened=re.compile(rf"\b{any_of(amounts.opened_by)}\s+(?:{hedge}\s+)?(?:{of}\s+)?(?:{article}\s+)?$"),
        other=re.compile(rf"(?:\s*(?:{any_of(amounts.sharing)}|-|–)\s*\d+)?[\s-]*{other}"),
        age=re.compile(rf"\b{any_of(amounts.age)}\s*$"),
        cents=re.compile(rf"\s*{any_of(amounts.cents)}\b"),
    )


def _is_money(quantity: Quantity, heard: Heard, patterns: _Patterns) -> bool:
    if patterns.other.match(heard.text, quantity.end):
        return False
    if quantity.unit:
        return True
    if patterns.cents.match(heard.text, quantity.end):
        return False
    if _is_year(quantity.digits) or heard.is_article(quantity.start, quantity.end):
        return False
    return not patterns.age.search(heard.text, 0, quantity.start)


def _is_year(digits: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d", digits)) and not digits.endswith("00")


def _groups(found: list[Quantity], text: str, patterns: _Patterns) -> list[list[Quantity]]:
    """Quantities with a range's word between them stand together, two at most."""
    groups: list[list[Quantity]] = []
    for quantity in found:
        last = groups[-1] if groups else []
        if len(last) == 1 and _linked(last[0], quantity, text, patterns) and _rises(last[0], quantity):
            last.append(quantity)
        else:
            groups.append([quantity])
    return groups


def _linked(low: Quantity, high: Quantity, text: str, patterns: _Patterns) -> bool:
    """`and` makes a range only after `between`."""
    if patterns.between_and.fullmatch(text, low.end, high.start):
        return bool(patterns.opened.search(text, 0, low.start))
    return bool(patterns.between.fullmatch(text, low.end, high.start))


def _rises(low: Quantity, high: Quantity) -> bool:
    return low.number < high.number and (low.scaled or low.number >= 1) and (high.scaled or not low.scaled)


def _joined(group: list[Quantity]) -> Found:
    first, last = group[0], group[-1]
    low = first.number
    if low < 1000 <= last.number:  # "20 to 30 thousand": the unit belongs to both
        low *= _shared_unit(low, last)
    amount = Amount(low, last.number, not (first.scaled or last.scaled))
    return Found(value=amount, start=first.start, end=last.end)


def _shared_unit(low: float, high: Quantity) -> float:
    """What `low` is said in too: `20 to 30 thousand`; in `two to three hundred thousand` it is the hundred thousand."""
    said = decimal(high.digits) if high.digits else 0.0
    units = (1e6, 1e5, 1e3) if low < 10 and said >= 1e5 else (1e6, 1e3)
    return next((unit for unit in units if high.number >= unit and low * unit < high.number), 1.0)


def whole(number: float) -> int | float:
    """An int where nothing is lost by it."""
    return int(number) if number == int(number) else round(number, 2)
