"""Values as the agent says them: amounts, telephone numbers and times that a voice reads well."""

from datetime import date, datetime
from typing import Any

import phonenumbers

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot, MomentSlot, MoneySlot, PhoneSlot

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = {11, 12, 13}


def value(flow: Flow, slot: str, content: Any, today: date) -> str:
    """The `content` of `slot` in words."""
    match flow.slots[slot]:
        case MoneySlot():
            return money(content, flow.currency)
        case PhoneSlot():
            return phone(content, flow.country)
        case MomentSlot():
            return moment(datetime.fromisoformat(content), today)
        case ChoicesSlot(options=options):
            return _listed([options[name].says for name in content])
        case ChoiceSlot(options=options):
            return options[content].says
        case DurationSlot(options=lengths):
            return lengths[content].says
        case _:
            return str(content)


def money(amount: float | list[float], currency: str) -> str:
    """`60,000 dollars`; a `$` before the number would be read as `dollar sixty thousand`."""
    if isinstance(amount, list):
        return f"{_number(amount[0])} to {_number(amount[1])} {currency}"
    return f"{_number(amount)} {currency}"


def _number(amount: float) -> str:
    for size, word in ((1_000_000_000, "billion"), (1_000_000, "million")):
        if amount >= size and amount * 100 % size == 0:
            return f"{amount / size:.2f}".rstrip("0").rstrip(".") + f" {word}"
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"


def phone(number: str, country: str) -> str:
    """E.164 `number` digit by digit, in the groups of its country; the country code only if it is another one."""
    parsed = phonenumbers.parse(number, country)
    home = phonenumbers.country_code_for_region(country) == parsed.country_code
    layout = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    written = phonenumbers.format_number(parsed, layout)
    groups = "".join(character if character.isdigit() else " " for character in written).split()
    said = ", ".join(" ".join(_DIGITS[int(digit)] for digit in group) for group in groups)
    return said if home else f"plus {said}"


def moment(at: datetime, today: date) -> str:
    """`tomorrow at 3 p.m.`, `Tuesday at 10:30 a.m.`, `Tuesday the 24th of November at 3 p.m.`"""
    return f"{_day(at.date(), today)} at {_clock(at)}"


def _day(day: date, today: date) -> str:
    days = (day - today).days
    if days in (0, 1):
        return ("today", "tomorrow")[days]
    if 1 < days < 7:
        return f"{day:%A}"
    return f"{day:%A} the {_ordinal(day.day)} of {day:%B}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _clock(at: datetime) -> str:
    if (at.hour, at.minute) == (12, 0):
        return "noon"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {'a.m.' if at.hour < 12 else 'p.m.'}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
