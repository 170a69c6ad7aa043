"""Amounts of money: `about fifty thousand`, `20 to 30k`, `half a million`, `$60,000`."""

import re
from dataclasses import dataclass

from callcenter.dialogue.slots.heard import Found, Heard

_UNITS = {
    "k": 1e3, "grand": 1e3, "thousand": 1e3, "1000": 1e3,
    "m": 1e6, "mil": 1e6, "mill": 1e6, "million": 1e6, "1000000": 1e6,
    "trillion": 1e12, "billion": 1e9, "bn": 1e9, "1000000000": 1e9,
    "hundred": 1e2, "100": 1e2,
}  # fmt: skip
_PARTS = {
    "half": 0.5, "quarter": 0.25, "3 quarters": 0.75, "3 quarter": 0.75, "couple": 2.0, "few": 3.0, "dozen": 12.0,
}  # fmt: skip
_CURRENCY = r"(?:us dollars|dollars?|usd|bucks|euros?|pounds?|[$€£])"
_QUANTITY = re.compile(
    r"(?P<sign>[$€£]\s*)?"
    r"(?:(?P<part>half|3 quarters?|quarter|couple|few|dozen)(?: of)?(?: an?)?"
    r"|(?P<number>(?<![\w.,:])(?<!\d of )\d+(?:[.,]\d+)*)(?P<half> and a half)?)"
    rf"(?:\s*-?\s*(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})\b)?"
    rf"(?:\s*(?P<currency>{_CURRENCY})(?!\w))?"
    r"(?![\w:%])"
)
_BETWEEN = re.compile(
    r"\s*(?:to|or|until|til|till|through|up to|maybe|,|-|–)(?:\s+(?:maybe|perhaps|even|about))?(?:\s+an?)?\s*"
)
_AND = re.compile(r"\s*and(?:\s+an?)?\s*")
_FROM = re.compile(r"\b(?:between|from)\s+(?:about\s+)?(?:an?\s+)?$")
_OTHER_UNIT = r"(?:year|yr|month|week|day|hour|minute|second|time|figure)s?\b|of \d|per ?cent|%|o'clock|[ap]\.?m\b"
_NOT_MONEY = re.compile(rf"(?:\s*(?:to|or|-|–)\s*\d+)?[\s-]*(?:{_OTHER_UNIT})")
_AGE = re.compile(r"\b(?:i'm|i am|aged?|turned)\s*$")


@dataclass(frozen=True, slots=True)
class _Quantity:
    number: float
    scaled: bool
    """A unit or a currency was said, or it is too large for anything else."""
    start: int
    end: int


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
        return _whole(self.low) if self.low == self.high else [_whole(self.low), _whole(self.high)]

    def times(self, factor: float) -> "Amount":
        """The amount scaled, and no longer bare."""
        return Amount(self.low * factor, self.high * factor, False)


def parse(heard: Heard) -> Found | None:
    """The last amount in `heard`, as an `Amount`; a bare one only if there is no other."""
    found = [_joined(group) for group in _groups(list(_quantities(heard.text)), heard.text)]
    firm = [one for one in found if not one.value.bare]
    bare = found if len(found) == 1 else []  # several small numbers are not an amount
    return next(reversed(firm or bare), None)


def _quantities(text: str) -> list[_Quantity]:
    found = []
    for match in _QUANTITY.finditer(text):
        if _NOT_MONEY.match(text, match.end()) or (not _has_unit(match) and _AGE.search(text, 0, match.start())):
            continue
        quantity = _quantity(match)
        if quantity:
            found.append(quantity)
    return found


def _has_unit(match: re.Match[str]) -> bool:
    return bool(match["sign"] or match["unit"] or match["currency"])


def _quantity(match: re.Match[str]) -> _Quantity | None:
    unit = _UNITS.get(match["unit"] or "", 1.0)
    if match["part"]:
        return _Quantity(_PARTS[match["part"]] * unit, True, *match.span()) if match["unit"] else None
    number = _number(match["number"]) + (0.5 if match["half"] else 0.0)
    if not _has_unit(match) and _is_year(match["number"]):
        return None
    return _Quantity(number * unit, _has_unit(match) or number >= 1000, *match.span())


def _number(digits: str) -> float:
    """`60,000`, `60.000` and `1.5`; a dot or comma before exactly three digits groups them."""
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        return float(re.sub(r"[.,]", "", digits))
    whole, _, rest = digits.replace(",", ".").partition(".")
    return float(f"{whole}.{rest.replace('.', '') or 0}")


def _is_year(digits: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d", digits)) and not digits.endswith("00")


def _groups(found: list[_Quantity], text: str) -> list[list[_Quantity]]:
    """Quantities with a range's word between them stand together, two at most."""
    groups: list[list[_Quantity]] = []
    for quantity in found:
        last = groups[-1] if groups else []
        if len(last) == 1 and _linked(last[0], quantity, text) and _rises(last[0], quantity):
            last.append(quantity)
        else:
            groups.append([quantity])
    return groups


def _linked(low: _Quantity, high: _Quantity, text: str) -> bool:
    """`and` makes a range only after `between`."""
    if _AND.fullmatch(text, low.end, high.start):
        return bool(_FROM.search(text, 0, low.start))
    return bool(_BETWEEN.fullmatch(text, low.end, high.start))


def _rises(low: _Quantity, high: _Quantity) -> bool:
    return low.number < high.number and (low.scaled or low.number >= 1) and (high.scaled or not low.scaled)


def _joined(group: list[_Quantity]) -> Found:
    first, last = group[0], group[-1]
    low = first.number
    if low < 1000 <= last.number:  # "20 to 30 thousand": the unit belongs to both
        unit = next((unit for unit in (1e6, 1e3) if last.number >= unit and low * unit < last.number), 1.0)
        low *= unit
    amount = Amount(low, last.number, not (first.scaled or last.scaled))
    return Found(value=amount, start=first.start, end=last.end)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number
