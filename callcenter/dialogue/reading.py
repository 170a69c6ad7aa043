"""Reading an utterance for the slots of a flow, one after another; what one has taken no other finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from callcenter.dialogue import parts
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.cues import load_cues
from callcenter.dialogue.flow import Flow
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
from callcenter.dialogue.slots import choice, duration, moment, money, number, phone, postcode
from callcenter.dialogue.slots.heard import Found, Heard

_LEAST_DIGITS = 3
_MOST_BARE = 1000
"""A bare number below this is asked back as thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the understanding of an utterance depends on."""

    now: datetime
    """Local time."""
    caller: str
    """The caller's number, empty when withheld."""
    asked: str | None = None
    """The slot that was asked for."""
    known: Mapping[str, Filled] = field(default_factory=dict)
    digits: str = ""
    """Telephone digits of the utterances before, not yet a whole number."""
    reviewing: bool = False
    """The details were read back: whatever is named replaces what is known."""


@dataclass(slots=True)
class Reading:
    """An utterance, or the part of it after a correction, as it is taken apart."""

    heard: Heard
    situation: Situation
    flow: Flow
    values: dict[str, Filled] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    """Slots whose value failed its check, and what to say about it."""
    guess: Filled | None = None
    """An amount that must be asked back: thousands for a bare number."""
    digits: str = ""
    """Telephone digits that are not yet a whole number."""
    name: str = ""
    """The slot being looked for."""

    @property
    def asked(self) -> bool:
        """Whether the slot being looked for is the one that was asked for."""
        return self.name == self.situation.asked

    @property
    def known(self) -> Any:
        """The value of the slot being looked for, as it was before."""
        filled = self.situation.known.get(self.name)
        return filled.value if filled else None

    def take(self, value: Any, *spans: Found) -> None:
        """Keep `value` for the slot if it passes its check, and hide its words from the other slots."""
        whole = Found(value=None, start=min(span.start for span in spans), end=max(span.end for span in spans))
        self.keep(value, self.heard.words(whole))
        self.hide(*spans)

    def keep(self, value: Any, words: str) -> None:
        """Keep `value` for the slot if it passes its check."""
        slot = self.flow.slots[self.name]
        if is_allowed(slot, value, self.flow):
            self.wrong.pop(self.name, None)
            self.values[self.name] = Filled(value=value, heard=words)
        else:
            self.wrong[self.name] = slot.wrong

    def hide(self, *spans: Found) -> None:
        """Let nobody else find these words."""
        self.heard = self.heard.without(*spans)


def is_allowed(slot: Slot, value: Any, flow: Flow) -> bool:
    """Whether `value` passes the slot's check."""
    if not slot.check.holds(value):
        return False
    if slot.check.open is None or not isinstance(slot, MomentSlot):
        return True
    return flow.people[slot.check.open].is_there(datetime.fromisoformat(value))


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
    """Telephone numbers, then the asked slot, then the rest."""
    return sorted(
        flow.slots.items(),
        key=lambda item: (item[0] != asked and not isinstance(item[1], PhoneSlot), _ORDER.index(type(item[1]))),
    )


@singledispatch
def read(slot: Any, reading: Reading) -> None:
    """Look for the slot's value. Names, yes and no, and texts wait until it is known that nothing else was meant."""


@read.register
def _(slot: MomentSlot, reading: Reading) -> None:
    expected = reading.asked or (reading.situation.asked is None and reading.situation.reviewing)
    if not expected and not load_cues(reading.flow.language).call.search(reading.heard.original):
        return
    before = datetime.fromisoformat(reading.known) if reading.known and expected else None
    found = moment.parse(reading.heard, reading.situation.now, reading.asked, before)
    if found:
        reading.take(found.value, found)


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
    found = choice.parse(reading.heard, _words(slot, reading.asked), reading.asked)
    if found and found.wanted:
        reading.take(found.wanted[-1], *found.spans)


@read.register
def _(slot: ChoicesSlot, reading: Reading) -> None:
    found = choice.parse(reading.heard, _words(slot, reading.asked), reading.asked)
    if not found:
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


def _words(slot: ChoiceSlot | ChoicesSlot | DurationSlot, asked: bool) -> choice.Options:
    return {name: (*option.words, *(option.if_asked if asked else ())) for name, option in slot.options.items()}


def named(text: str, flow: Flow) -> str | None:
    """The first of the slots that `text` mentions by its name."""
    plain = f" {parts.normal(text)} "
    slots = flow.slots.items()
    return next((name for name, slot in slots if any(f" {parts.normal(word)} " in plain for word in slot.named)), None)
