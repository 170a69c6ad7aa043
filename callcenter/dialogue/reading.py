"""An utterance as it is taken apart for the slots of a flow: what one has taken no other finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.slot import MomentSlot, Slot
from callcenter.dialogue.slots import moment
from callcenter.dialogue.slots.heard import Found, Heard


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
    offered: str = ""
    """The moment that the agent named when it put the open question, ISO 8601."""
    questioned: bool = False
    """The open question is a state's own, about no slot."""


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
    question: str = ""
    """Words of `heard` that ask something: what they name is asked about, not wanted."""

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
        if is_allowed(self.flow.slots[self.name], value, self.flow, self.situation.now):
            self.wrong.pop(self.name, None)
            self.values[self.name] = Filled(value=value, heard=words)
        else:
            self.wrong[self.name] = self.flow.slots[self.name].wrong

    def fits(self, at: datetime) -> bool:
        """Whether the moment `at` passes the slot's check."""
        return is_allowed(self.flow.slots[self.name], at.isoformat(timespec="minutes"), self.flow, self.situation.now)

    def hide(self, *spans: Found) -> None:
        """Let nobody else find these words."""
        self.heard = self.heard.without(*spans)


def is_allowed(slot: Slot, value: Any, flow: Flow, now: datetime) -> bool:
    """Whether `value` passes the slot's check, at local time `now`."""
    if not slot.check.holds(value):
        return False
    if not isinstance(slot, MomentSlot):
        return True
    there = slot.check.open is None or flow.people[slot.check.open].is_there(datetime.fromisoformat(value))
    return there and moment.is_within(value, now, slot.check.within_days)
