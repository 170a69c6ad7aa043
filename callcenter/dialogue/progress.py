"""How far a conversation has come: what is known, what was left out, and what that makes of the call."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcenter.dialogue.brain import HUNG_UP, NEW, PARTIAL, TRANSFERRED, Filled, Lead, Outcome, Status
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.rule import Circumstances


@dataclass(slots=True, kw_only=True)
class Progress:
    """The memory of one conversation."""

    flow: Flow
    state: str
    """Where it is."""
    slots: dict[str, Filled] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    """How often a state was entered, an intent meant, and what else rules count."""
    rung: set[str] = field(default_factory=set)
    """The people who did not answer."""
    reviewed: bool = False
    """The details have been read back."""
    confirmed: bool = False
    """They were right, and nothing has changed since."""
    transferring: bool = False
    ended: Outcome | None = None
    """The outcome that the end had by its own name."""

    def enter(self, state: str) -> None:
        """Be in `state`."""
        self.state = state
        self.counts[state] += 1

    def keep(self, values: Mapping[str, Filled]) -> dict[str, Filled]:
        """Take `values` over; those that are new or differ from what was known."""
        known = self.slots
        fresh = {name: new for name, new in values.items() if name not in known or known[name].value != new.value}
        self.slots = {**known, **values}
        self.skipped -= values.keys()
        self.confirmed = self.confirmed and not fresh
        return fresh

    def drop(self, slot: str) -> None:
        """Forget the value of `slot`."""
        self.confirmed = self.confirmed and slot not in self.slots
        self.slots = {name: filled for name, filled in self.slots.items() if name != slot}
        self.skipped.discard(slot)

    def circumstances(self, now: datetime, **happened: Any) -> Circumstances:
        """What conditions depend on, with what has just `happened`."""
        return self._standing(now, outcome=self._outcome(now), **happened)

    def status(self, now: datetime) -> Status:
        """Of the lead, as it is at local time `now`."""
        status = self._outcome(now)
        return NEW if status == HUNG_UP else status

    def outcome(self, now: datetime) -> Outcome:
        """Of the call, if it ended now."""
        return TRANSFERRED if self.transferring else self._outcome(now)

    def lead(self, now: datetime) -> Lead:
        """What is known, in the flow's order."""
        slots = {name: self.slots[name] for name in self.flow.slots if name in self.slots}
        return Lead(status=self.status(now), slots=slots)

    def _outcome(self, now: datetime) -> Outcome:
        if self.ended:
            return self.ended
        standing = self._standing(now)
        found = next((rule.outcome for rule in self.flow.outcomes if rule.fits(standing)), None)
        return found or (PARTIAL if self.slots else HUNG_UP)

    def _standing(self, now: datetime, **happened: Any) -> Circumstances:
        return Circumstances(
            now=now,
            state=self.state,
            known={name: filled.value for name, filled in self.slots.items()},
            counts=self.counts,
            people=self.flow.people,
            **happened,
        )
