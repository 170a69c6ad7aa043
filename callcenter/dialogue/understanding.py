"""One utterance understood: the slots it fills, in any order and several at once, and what else the caller means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from callcenter.dialogue import correction, intents
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    NameSlot,
    PhoneSlot,
    Slot,
)
from callcenter.dialogue.slots import choice, duration, moment, money, name, phone
from callcenter.dialogue.slots.heard import Found, Heard

_CALL_ME = re.compile(r"\b(?:call|ring|phone|reach)(?:ed|ing)?\b", re.IGNORECASE)
_ADDED = re.compile(r"\b(?:also|too|as well|plus|and maybe|in addition|add)\b", re.IGNORECASE)
_ENDING = re.compile(r"\b(?:ends?|ending|at the end|last (?:two|three|four|\d)?)\b", re.IGNORECASE)
_MONEY = re.compile(r"thousand|million|grand|dollar|[$€£]|\dk\b", re.IGNORECASE)
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


@dataclass(slots=True, kw_only=True)
class Understood:
    """What was understood of one utterance."""

    values: dict[str, Filled] = field(default_factory=dict)
    intent: Intent | None = None
    confidence: float = 0.0
    """Of the intent."""
    answer: str | None = None
    """The name of a question of the flow's `answers`."""
    guess: Filled | None = None
    """An amount that must be asked back: thousands for a bare number."""
    out_of_range: str = ""
    """What to say about an amount that the flow does not allow."""
    digits: str = ""
    """Telephone digits that are not yet a whole number."""
    named: str | None = None
    """A slot that the caller mentioned by its name."""

    @property
    def nothing(self) -> bool:
        """No answer to anything: not understood, or only a sound of listening such as `okay`."""
        told = self.values or self.answer or self.guess or self.out_of_range or self.digits or self.named
        return self.intent in {None, Intent.FILLER} and not told


@dataclass(slots=True)
class _Reading:
    """An utterance, or the part of it after a correction, as it is taken apart."""

    heard: Heard
    name: str
    """The slot being looked for."""
    situation: Situation
    flow: Flow
    result: Understood

    @property
    def asked(self) -> bool:
        return self.name == self.situation.asked

    def take(self, value: Any, *spans: Found) -> None:
        """Keep `value` for the slot, and hide its words from the other slots."""
        whole = Found(value=None, start=min(span.start for span in spans), end=max(span.end for span in spans))
        self.result.values[self.name] = Filled(value=value, heard=self.heard.words(whole))
        self.hide(*spans)

    def hide(self, *spans: Found) -> None:
        self.heard = self.heard.without(*spans)


def understand(text: str, flow: Flow, situation: Situation) -> Understood:
    """Take `text`, a transcript, apart. Of two values for a slot the one after the correction counts."""
    result = Understood()
    rest, hidden = "", False
    for piece in correction.pieces(text):
        whole = Heard.of(piece, flow.language)
        reading = _Reading(whole, "", situation, flow, result)
        for slot_name, slot in _in_order(flow, situation.asked):
            reading.name = slot_name
            _read(slot, reading)
        rest += reading.heard.unread + " "
        hidden = hidden or reading.heard != whole
    _read_intents(rest if hidden else text, flow, result)
    _read_name_in(text, flow, situation, result)
    result.named = _named(text, flow)
    if not (correction.is_in(text) or situation.reviewing):
        _keep_known(result, situation, flow)
    return result


_ORDER = (PhoneSlot, MomentSlot, DurationSlot, MoneySlot, ChoiceSlot, ChoicesSlot, NameSlot)
"""Whose words would be taken by others comes first: a time of day or ten years are not an amount."""


def _in_order(flow: Flow, asked: str | None) -> list[tuple[str, Slot]]:
    """Telephone numbers, then the asked slot, then the rest."""
    return sorted(
        flow.slots.items(),
        key=lambda item: (item[0] != asked and not isinstance(item[1], PhoneSlot), _ORDER.index(type(item[1]))),
    )


@singledispatch
def _read(slot: Any, reading: _Reading) -> None:
    """Look for the slot's value; a name waits until it is known that nothing else was meant."""


@_read.register
def _(slot: MomentSlot, reading: _Reading) -> None:
    expected = reading.asked or (reading.situation.asked is None and reading.situation.reviewing)
    if not expected and not _CALL_ME.search(reading.heard.original):
        return
    found = moment.parse(reading.heard, reading.situation.now, reading.asked)
    if found:
        reading.take(found.value, found)


@_read.register
def _(slot: PhoneSlot, reading: _Reading) -> None:
    known, country = reading.situation.known.get(reading.name), reading.flow.country
    found = phone.digits(reading.heard, reading.asked or reading.situation.reviewing)
    if found and (whole := _whole_number(found.value, reading)):
        reading.take(whole, found)
    elif found and known and reading.situation.reviewing and _ENDING.search(reading.heard.original):
        reading.take(phone.corrected(known.value, found.value), found)
    elif found and reading.asked and _goes_on(found.value, reading):
        reading.result.digits = reading.situation.digits + found.value
        reading.hide(found)
    elif reading.asked and phone.is_own(reading.heard) and (own := phone.normal(reading.situation.caller, country)):
        reading.result.values[reading.name] = Filled(value=own, heard=reading.heard.original.strip())


def _goes_on(digits: str, reading: _Reading) -> bool:
    """Whether `digits` are part of a number rather than an amount or a word such as `one`."""
    enough = len(digits) >= (1 if reading.situation.digits else _LEAST_DIGITS)
    return enough and not _MONEY.search(reading.heard.original)


def _whole_number(digits: str, reading: _Reading) -> str | None:
    """The number by itself, or as the end of one begun in an earlier utterance."""
    country = reading.flow.country
    begun = reading.situation.digits
    return phone.normal(digits, country) or (phone.normal(begun + digits, country) if begun and reading.asked else None)


@_read.register
def _(slot: DurationSlot, reading: _Reading) -> None:
    found = duration.parse(reading.heard, reading.asked)
    if found:
        limits = {name: option.years for name, option in slot.options.items()}
        reading.take(duration.bucket(found.value, limits), found)
        return
    _read_choice(slot, reading)


@_read.register
def _(slot: MoneySlot, reading: _Reading) -> None:
    found = money.parse(reading.heard)
    if not found or (found.value.bare and not _expects_amount(reading)):
        return
    amount = found.value
    if amount.bare and amount.high < _MOST_BARE:
        if _in_thousands(reading):
            amount = amount.times(1000)
        elif amount.low >= 5:
            reading.result.guess = Filled(value=amount.times(1000).value, heard=reading.heard.words(found))
            reading.hide(found)
            return
        else:
            return
    if not slot.least <= amount.low <= amount.high <= slot.most:
        reading.result.out_of_range = slot.out_of_range
        reading.hide(found)
        return
    reading.result.out_of_range, reading.result.guess = "", None
    reading.take(amount.value, found)


def _expects_amount(reading: _Reading) -> bool:
    if reading.asked:
        return True
    return reading.situation.asked is None and (reading.name in reading.result.values or _names(reading.heard, reading))


def _names(heard: Heard, reading: _Reading) -> bool:
    return _named(heard.original, reading.flow) == reading.name


def _in_thousands(reading: _Reading) -> bool:
    """After `fifty thousand. No, sixty.` a bare number means thousands too."""
    before = reading.result.values.get(reading.name) or reading.situation.known.get(reading.name)
    if before is None:
        return False
    low = before.value[0] if isinstance(before.value, list) else before.value
    return bool(low >= _MOST_BARE)


@_read.register
def _(slot: ChoiceSlot, reading: _Reading) -> None:
    _read_choice(slot, reading)


def _read_choice(slot: ChoiceSlot | DurationSlot, reading: _Reading) -> None:
    found = choice.parse(reading.heard, _words(slot, reading.asked), reading.asked)
    if found and found.wanted:
        reading.take(found.wanted[-1], *found.spans)


@_read.register
def _(slot: ChoicesSlot, reading: _Reading) -> None:
    found = choice.parse(reading.heard, _words(slot, reading.asked), reading.asked)
    if not found:
        return
    known = reading.situation.known.get(reading.name)
    before: list[str] = known.value if known else []
    wanted = list(found.wanted)
    if found.all_but:
        wanted = [option for option in slot.options if option not in (*found.unwanted, slot.rest)]
    if not wanted or _ADDED.search(reading.heard.original):
        kept = [option for option in before if option not in found.unwanted]
        wanted = list(dict.fromkeys([*kept, *wanted]))
    if wanted:
        reading.take(wanted, *found.spans)
    else:
        reading.hide(*found.spans)


def _words(slot: ChoiceSlot | ChoicesSlot | DurationSlot, asked: bool) -> choice.Options:
    return {name: (*option.words, *(option.if_asked if asked else ())) for name, option in slot.options.items()}


def _read_intents(text: str, flow: Flow, result: Understood) -> None:
    meant, question = intents.best(text, flow.intents), intents.best(text, flow.answers)
    if meant:
        result.intent, result.confidence = Intent(meant.name), meant.confidence
    if question and result.intent in {None, Intent.YES, Intent.NO, Intent.FILLER}:
        result.answer = question.name


def _read_name_in(text: str, flow: Flow, situation: Situation, result: Understood) -> None:
    """A bare name counts only if nothing else was meant."""
    for slot_name, slot in flow.slots.items():
        if not isinstance(slot, NameSlot):
            continue
        asked = slot_name == situation.asked and result.intent in {None, Intent.YES, Intent.NO} and not result.answer
        found = name.parse(text, asked)
        if found:
            result.values[slot_name] = Filled(value=found.value, heard=text[found.start : found.end].strip(" ,."))


def _named(text: str, flow: Flow) -> str | None:
    plain = f" {intents.normal(text)} "
    return next((name for name, slot in flow.slots.items() if any(f" {word} " in plain for word in slot.named)), None)


def _keep_known(result: Understood, situation: Situation, flow: Flow) -> None:
    """Without a sign of correction only the asked slot, one mentioned by its name, an amount and a telephone number
    replace what is known."""
    for slot_name in list(result.values):
        meant = slot_name in (situation.asked, result.named)
        plain = isinstance(flow.slots[slot_name], MoneySlot | PhoneSlot)
        if slot_name in situation.known and situation.asked is not None and not (meant or plain):
            del result.values[slot_name]
