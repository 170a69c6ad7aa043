"""Plain numbers: `three`, `2,5`, `une vingtaine`, `mil quinhentos`, `none`."""

import re
from functools import cache

from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.slots.quantity import Quantity, quantities
from callcenter.dialogue.slots.vocabulary import any_of, any_word, numbers


def parse(heard: Heard) -> Found | None:
    """The last number in `heard` as int or float.

    An article that may mean one (`un`) counts only if there is no other number. A time (`10:30`) and an ordinal
    (`2nd`) are none; a number that opens with a minus is negative; `none` is 0.
    """
    found = [
        one for one in quantities(heard) if not (one.number == 1 and _idle(heard.language).match(heard.text, one.end))
    ]
    said = [one for one in found if not heard.is_article(one.start, one.end)] or found
    if said:
        last = said[-1]
        return Found(value=_value(last, heard), start=last.start, end=last.end)
    nothing = _none(heard.language).search(heard.text)
    return Found(value=0, start=nothing.start(), end=nothing.end()) if nothing else None


def _value(quantity: Quantity, heard: Heard) -> int | float:
    minus = _minus(heard.language).match(heard.text)
    number = -quantity.number if minus and minus.end() == quantity.start else quantity.number
    return int(number) if number == int(number) else round(number, 6)


@cache
def _minus(language: str) -> re.Pattern[str]:
    negative = numbers(language).reading.negative
    return re.compile(rf"\W*?(?:-|−|\b{any_of([negative] if negative else [])}\s+)")


@cache
def _idle(language: str) -> re.Pattern[str]:
    return re.compile(rf"\s+{any_word(numbers(language).reading.idle)}\b")


@cache
def _none(language: str) -> re.Pattern[str]:
    return re.compile(rf"\b{any_word(numbers(language).reading.none)}\b")
