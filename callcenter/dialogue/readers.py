"""How the value of each kind of slot is found in an utterance, one slot after another."""

import re
from datetime import datetime
from functools import singledispatch
from typing import Any

from callcenter.dialogue import options, parts, spelling
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.cues import load_cues
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.reading import Reading
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    NameSlot,
    NumberSlot,
    PhoneSlot,
    PostcodeSlot,
    Slot,
    TextSlot,
    YesNoSlot,
)
from callcenter.dialogue.slots import duration, moment, money, number, phone, postcode
from callcenter.dialogue.slots.dates import load_dates

_LEAST_DIGITS = 3
_MOST_BARE = 1000
"""A bare number below this is asked back as thousands."""
_ORDER = (
    PhoneSlot,
    PostcodeSlot,
    MomentSlot,
    DurationSlot,
    MoneySlot,
    NumberSlot,
    ChoiceSlot,
    ChoicesSlot,
    NameSlot,
    YesNoSlot,
    TextSlot,
)
"""Whose words would be taken by others comes first: a time of day or ten years are not an amount."""


def in_order(flow: Flow, asked: str | None) -> list[tuple[str, Slot]]:
    """The slots that callers fill: telephone numbers, then the asked slot, then the rest."""
    return sorted(
        flow.heard.items(),
        key=lambda item: (item[0] != asked and not isinstance(item[1], PhoneSlot), _ORDER.index(type(item[1]))),
    )


@singledispatch
def read(slot: Any, reading: Reading) -> None:
    """Look for the slot's value. Names, yes and no, and texts wait until it is known that nothing else was meant."""


@read.register
def _(slot: MomentSlot, reading: Reading) -> None:
    heard, situation = reading.heard, reading.situation
    expected = reading.asked or (situation.asked is None and situation.reviewing)
    if not (expected or load_cues(reading.flow.language).call.search(heard.original) or _is_volunteered(reading)):
        return
    before = (reading.known or (situation.offered if reading.asked else "")) if expected else ""
    known = datetime.fromisoformat(before) if before else None
    found = moment.parse(heard, situation.now, reading.asked, known, reading.fits if slot.check.open else None)
    if found:
        reading.take(found.value, found)


def _is_volunteered(reading: Reading) -> bool:
    """Whether a day with an hour is told to a state's own question: `Tuesday at ten`, but not `since last night`."""
    if not reading.situation.questioned or reading.known is not None or not re.search(r"\d", reading.heard.text):
        return False
    named = any(day.search(spelling.plain(reading.heard.text)) for day in load_dates(reading.flow.language).day)
    return named and moment.is_whole(reading.heard)


@read.register
def _(slot: PhoneSlot, reading: Reading) -> None:
    country, reviewing = reading.flow.country, reading.situation.reviewing
    found = phone.digits(reading.heard, reading.asked or (reviewing and not _is_amount(reading)))
    if found and (whole := _whole_number(found.value, reading)):
        reading.take(whole, found)
    elif found and reading.known and reviewing and _is_ending(reading):
        reading.take(phone.corrected(reading.known, found.value), found)
    elif found and reading.asked and _goes_on(found.value, reading):
        reading.digits = reading.situation.digits + found.value
        reading.hide(found)
    elif reading.asked and phone.is_own(reading.heard) and (own := phone.normal(reading.situation.caller, country)):
        reading.keep(own, reading.heard.original.strip())


def _is_ending(reading: Reading) -> bool:
    return bool(load_cues(reading.flow.language).ending.search(reading.heard.original))


def _goes_on(digits: str, reading: Reading) -> bool:
    """Whether `digits` are part of a number rather than an amount or a word such as `one`."""
    enough = len(digits) >= (1 if reading.situation.digits else _LEAST_DIGITS)
    return enough and not _is_amount(reading)


def _is_amount(reading: Reading) -> bool:
    return bool(load_cues(reading.flow.language).money.search(reading.heard.original))


def _whole_number(digits: str, reading: Reading) -> str | None:
    """The number by itself, or as the end of one begun in an earlier utterance."""
    country = reading.flow.country
    begun = reading.situation.digits
    return phone.normal(digits, country) or (phone.normal(begun + digits, country) if begun and reading.asked else None)


@read.register
def _(slot: PostcodeSlot, reading: Reading) -> None:
    expected = reading.asked or reading.situation.reviewing
    found = postcode.parse(reading.heard, reading.flow.country, expected)
    if found:
        reading.take(found.value, found)


@read.register
def _(slot: NumberSlot, reading: Reading) -> None:
    found = number.parse(reading.heard) if reading.asked or _is_corrected(slot, reading) else None
    if found:
        reading.take(found.value, found)


def _is_corrected(slot: Slot, reading: Reading) -> bool:
    return reading.situation.reviewing and named(reading.heard.original, reading.flow) == reading.name


@read.register
def _(slot: DurationSlot, reading: Reading) -> None:
    found = duration.parse(reading.heard, reading.asked)
    if found:
        limits = {name: option.years for name, option in slot.options.items()}
        reading.take(duration.bucket(found.value, limits), found)
        return
    _read_choice(slot, reading)


@read.register
def _(slot: MoneySlot, reading: Reading) -> None:
    found = money.parse(reading.heard)
    if not found or (found.value.bare and not _expects_amount(reading)):
        return
    amount = found.value
    if slot.thousands and amount.bare and amount.high < _MOST_BARE:
        if _in_thousands(reading):
            amount = amount.times(1000)
        elif amount.low >= 5:
            reading.guess = Filled(value=amount.times(1000).value, heard=reading.heard.words(found))
            reading.hide(found)
            return
        else:
            return
    reading.take(amount.value, found)
    if reading.name in reading.values:
        reading.guess = None


def _expects_amount(reading: Reading) -> bool:
    if reading.asked:
        return True
    is_named = named(reading.heard.original, reading.flow) == reading.name
    return reading.situation.asked is None and (reading.name in reading.values or is_named)


def _in_thousands(reading: Reading) -> bool:
    """After `fifty thousand. No, sixty.` a bare number means thousands too."""
    taken = reading.values.get(reading.name)
    before = taken.value if taken else reading.known
    if before is None:
        return False
    return bool((before[0] if isinstance(before, list) else before) >= _MOST_BARE)


@read.register
def _(slot: ChoiceSlot, reading: Reading) -> None:
    _read_choice(slot, reading)


def _read_choice(slot: ChoiceSlot | DurationSlot, reading: Reading) -> None:
    if (found := options.mentioned(slot, reading.heard, reading.asked, reading.question)) and found.wanted:
        reading.take(found.wanted[-1], *found.spans)


@read.register
def _(slot: ChoicesSlot, reading: Reading) -> None:
    if not (found := options.mentioned(slot, reading.heard, reading.asked, reading.question)):
        return
    before: list[str] = reading.known or []
    wanted = list(found.wanted)
    if found.all_but:
        wanted = [option for option in slot.options if option not in (*found.unwanted, slot.rest)]
    if not wanted or load_cues(reading.flow.language).added.search(reading.heard.original):
        kept = [option for option in before if option not in found.unwanted]
        wanted = list(dict.fromkeys([*kept, *wanted]))
    if wanted:
        reading.take(wanted, *found.spans)
    else:
        reading.hide(*found.spans)


def named(text: str, flow: Flow) -> str | None:
    """The first of the slots that `text` mentions by its name."""
    plain = f" {parts.normal(text)} "
    return next((name for word, name in flow.names if word in plain), None)
