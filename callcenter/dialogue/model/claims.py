"""What a language model claims that the caller means, held against what the caller said.

A model reads the caller's words a second time, after the flow's own parsers. What it makes of them becomes an
`Understood`, as theirs does, and the flow's rules decide on it in the same way: it causes nothing that they forbid.
Amounts, numbers, dates, telephone numbers, postcodes and names are taken only as the slot's own parser reads them in
the caller's words. An option may be one that the parser does not see there, if it sees no other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.model.tools import meanings
from callcenter.dialogue.options import mentioned
from callcenter.dialogue.parts import normal
from callcenter.dialogue.reading import Situation, is_allowed
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    PhoneSlot,
    Slot,
    TextSlot,
    YesNoSlot,
)
from callcenter.dialogue.slots import phone
from callcenter.dialogue.slots.heard import Heard
from callcenter.dialogue.understanding import Understood, understand

Refusal = str
"""Why a claim is not believed, for the model to read."""

NOT_SAID = "refused: the caller did not say these words. Quote the caller exactly, or ask."
NOT_IN_WORDS = "refused: the caller's words do not say that. Ask the caller."
NO_OBJECT = "refused: the arguments are no JSON object with what the tool needs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What claims are held against."""

    flow: Flow
    situation: Situation
    """How it was when the caller spoke, but for what is known by now."""
    words: str
    """The caller's last."""
    before: tuple[str, ...] = ()
    """What the caller said before, the last first."""
    taken: Mapping[str, Filled] = field(default_factory=dict)
    """What the last words have told already."""

    def source(self, quote: str) -> str | None:
        """The last thing that the caller said with the words of `quote` in it."""
        plain = normal(quote)
        return next(
            (said for said in (self.words, *self.before) if plain and f" {plain} " in f" {normal(said)} "), None
        )

    def is_taken(self, quote: str, name: str) -> bool:
        """Whether the words of `quote` have told another slot than `name`: `medium risk` is not medium term as well."""
        others = (filled.heard for slot, filled in self.taken.items() if slot != name)
        return any(f" {normal(quote)} " in f" {normal(heard)} " for heard in others)


def arguments(text: str) -> dict[str, Any] | None:
    """Those of a tool's call; None if they are no JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def record(given: Mapping[str, Any], hearing: Hearing) -> Understood | Refusal:
    """That the caller told the `value` of a `slot`, in the words of `quote`."""
    name, value, quote = given.get("slot"), given.get("value"), given.get("quote")
    slot = hearing.flow.heard.get(name) if isinstance(name, str) else None
    if slot is None or not isinstance(name, str):
        return f"refused: there is no such slot; there are {', '.join(hearing.flow.heard)}."
    if not isinstance(quote, str) or (source := hearing.source(quote)) is None:
        return NOT_SAID
    known = hearing.situation.known.get(name)
    if known and (known.value == value or _alike(slot, value, known.value, hearing.flow)):
        return Understood()
    if known and source != hearing.words:
        return "refused: it is known otherwise, and the caller has not corrected it."
    if source != hearing.words:
        hearing = replace(hearing, words=source, situation=replace(hearing.situation, asked=None, reviewing=False))
    elif hearing.is_taken(quote, name):
        return "refused: these words have told something else. Ask the caller."
    if isinstance(slot, TextSlot):
        told = Filled(value=quote.strip(), heard=quote.strip())
        return Understood(values={name: told}) if name == hearing.situation.asked else NOT_IN_WORDS
    return _read(name, slot, value, quote, hearing)


def _read(name: str, slot: Slot, value: Any, quote: str, hearing: Hearing) -> Understood | Refusal:
    """As the slot's parser reads all of what was said with the quote in it, for part of it may say something else."""
    others = {other: filled for other, filled in hearing.situation.known.items() if other != name}
    read = understand(hearing.words, hearing.flow, replace(hearing.situation, known=others, digits=""))
    if name in read.wrong:
        return f"refused: {read.wrong[name]} Say so, and ask again."
    if found := read.values.get(name):
        return Understood(values={name: found}) if _alike(slot, value, found.value, hearing.flow) else NOT_IN_WORDS
    mapped = _mapped(slot, value, hearing, asked=name == hearing.situation.asked)
    if mapped is None or hearing.flow.is_backchannel(quote):
        return NOT_IN_WORDS
    if not is_allowed(slot, mapped, hearing.flow, hearing.situation.now):
        return f"refused: {slot.wrong} Say so, and ask again."
    return Understood(values={name: Filled(value=mapped, heard=quote.strip())})


def _mapped(slot: Slot, value: Any, hearing: Hearing, asked: bool) -> Any:
    """`value` if it is an option that the caller's words do not deny; None if it is not, or if the slot has none.

    Yes and no mean the slot that was asked for, and no other.
    """
    match slot:
        case YesNoSlot():
            return value if isinstance(value, bool) and asked else None
        case ChoiceSlot() | DurationSlot():
            wanted = [value]
        case ChoicesSlot():
            wanted = value if isinstance(value, list) else [value]
        case _:
            return None
    if not wanted or not all(isinstance(one, str) and one in slot.options for one in wanted):
        return None
    found = mentioned(slot, Heard.of(hearing.words, hearing.flow.language), True)
    if found and set(found.unwanted) & set(wanted):
        return None
    return list(dict.fromkeys(wanted)) if isinstance(slot, ChoicesSlot) else wanted[0]


def _alike(slot: Slot, claimed: Any, read: Any, flow: Flow) -> bool:
    """Whether a model's value is the one that was read, be it written in another way."""
    match slot:
        case ChoicesSlot():
            return set(read) == {str(one) for one in (claimed if isinstance(claimed, list) else [claimed])}
        case MomentSlot():
            return bool(_minute(claimed) == read)
        case PhoneSlot():
            return bool(phone.normal("".join(filter(_is_dialled, str(claimed))), flow.country) == read)
        case _ if isinstance(read, str):
            return normal(str(claimed)).replace(" ", "") == normal(read).replace(" ", "")
    if isinstance(claimed, str):
        return claimed.replace(",", "") == str(read)
    return type(claimed is True) is type(read is True) and bool(claimed == read)


def _is_dialled(character: str) -> bool:
    return character.isdigit() or character == "+"


def _minute(value: Any) -> str | None:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None).isoformat(timespec="minutes")
    except ValueError:
        return None


def meant(given: Mapping[str, Any], hearing: Hearing) -> Understood | Refusal:
    """That the caller means one of the flow's intents, by the last words."""
    name = given.get("meaning")
    if not isinstance(name, str) or name not in meanings(hearing.flow):
        return f"refused: there is no such meaning; there are {', '.join(meanings(hearing.flow))}."
    return Understood(intent=name, confidence=1.0) if is_said(given, hearing) else NOT_SAID


def answered(given: Mapping[str, Any], hearing: Hearing) -> Understood | Refusal:
    """That the caller asks one of the questions that the flow has answers to."""
    name = given.get("question")
    if not isinstance(name, str) or name not in hearing.flow.answers:
        return f"refused: there is no such question; there are {', '.join(hearing.flow.answers)}."
    return Understood(answer=name, confidence=1.0)


def is_said(given: Mapping[str, Any], hearing: Hearing) -> bool:
    """Whether the quote is of the caller's last words."""
    quote = given.get("quote")
    return isinstance(quote, str) and hearing.source(quote) == hearing.words
