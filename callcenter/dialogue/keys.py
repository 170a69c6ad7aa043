"""What the keys of a telephone mean as the answer to a question, and how a caller is told so."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from callcenter.dialogue.phrasebook import Keys
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    NumberSlot,
    PhoneSlot,
    PostcodeSlot,
    Slot,
    YesNoSlot,
)
from callcenter.dialogue.slots import phone, postcode
from callcenter.dialogue.slots.heard import Heard

YES, NO, PERSON = "1", "2", "0"
_MOST = 9
"""Answers that are offered at once; each has one key."""
_MOMENT = re.compile(r"([1-7])([01]\d|2[0-3])([0-5]\d)?")
"""A day of the week, Monday first, the hour, and perhaps the minute."""
ONE = r"\d"
"""A pattern of keys: any one."""


def whole(slot: Slot, country: str) -> str:
    """A pattern of the keys after which no more can come for `slot`; empty where more always can."""
    match slot:
        case ChoiceSlot() | DurationSlot() | YesNoSlot():
            return ONE
        case ChoicesSlot():
            return PERSON
        case MomentSlot():
            return rf"{PERSON}|[1-7]\d{{4}}"
        case PostcodeSlot():
            figures = postcode.figures_in(country)
            return rf"\d{{{figures}}}" if figures else ""
        case PhoneSlot():
            return phone.keyed(country)
        case _:
            return ""


def menu(slot: Slot, keys: Keys, country: str) -> str:
    """What to press for `slot`; empty for what no keys can say: names, texts, postcodes with letters.

    Where it is not plain when an answer is over, the caller is told how to say so.
    """
    told = _told(slot, keys, country)
    return f"{told} {keys.hash}" if told and not _ends(slot, country) else told


def _ends(slot: Slot, country: str) -> bool:
    """Whether all answers end by themselves, but for what nobody is told, as the country code of a number."""
    return bool(whole(slot, country)) and not isinstance(slot, ChoicesSlot | MomentSlot)


def _told(slot: Slot, keys: Keys, country: str) -> str:
    match slot:
        case ChoicesSlot():
            return f"{listed([option.says for option in slot.options.values()], keys)} {keys.several}"
        case ChoiceSlot() | DurationSlot():
            return listed([option.says for option in slot.options.values()], keys)
        case YesNoSlot():
            return keys.yes_no
        case MoneySlot():
            return keys.money
        case NumberSlot():
            return keys.number
        case PhoneSlot():
            return keys.phone
        case PostcodeSlot() if postcode.is_of_figures(country):
            return keys.postcode
        case MomentSlot():
            return keys.moment
        case _:
            return ""


def listed(answers: Iterable[str], keys: Keys) -> str:
    """`Stocks: press 1. Bonds: press 2.`, for as many as there are keys."""
    told = [keys.option.format(option=says, key=key) for key, says in enumerate(answers, 1) if key <= _MOST]
    return " ".join(text[0].upper() + text[1:] for text in told)


def chosen(digit: str, answers: Iterable[str]) -> str | None:
    """The one of `answers` that was listed for this key."""
    offered = dict(zip("123456789", answers, strict=False))
    return offered.get(digit)


def value(slot: Slot, digits: str, country: str, language: str, now: datetime) -> Any:
    """What `digits` mean for `slot`, as it is stored but for its check; None if they mean nothing.

    `now` is local time: a moment is the next one on that day of the week.
    """
    if not re.fullmatch("[0-9]+", digits):
        return None
    match slot:
        case ChoicesSlot():
            picked = [chosen(digit, slot.options) for digit in dict.fromkeys(digits)]
            return None if None in picked else picked
        case ChoiceSlot() | DurationSlot():
            return chosen(digits, slot.options)
        case YesNoSlot():
            return {YES: True, NO: False}.get(digits)
        case MoneySlot() | NumberSlot():
            return int(digits)
        case PhoneSlot():
            return phone.normal(digits, country)
        case PostcodeSlot():
            found = postcode.parse(Heard.of(digits, language), country, asked=True)
            return found.value if found else None
        case MomentSlot():
            return _moment(digits, now)
        case _:
            return None


def _moment(digits: str, now: datetime) -> str | None:
    match = _MOMENT.fullmatch(digits)
    if match is None:
        return None
    day, hour, minute = (int(part or 0) for part in match.groups())
    date = now.date() + timedelta(days=(day - now.isoweekday()) % 7)
    at = datetime.combine(date, time(hour, minute))
    return (at if at > now else at + timedelta(days=7)).isoformat(timespec="minutes")
