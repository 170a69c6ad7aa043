"""How far a conversation has come: what is known, what was left out, and what that makes of the lead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from callcenter.dialogue.brain import Filled, Lead, Outcome, Status
from callcenter.dialogue.flow import Flow


class Goal(Enum):
    """What the agent is after."""

    QUALIFY = auto()
    """All slots, then a callback."""
    CALL_BACK = auto()
    """Only when and where to call: the caller has no time, or nobody is free."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """The memory of one conversation."""

    flow: Flow
    slots: dict[str, Filled] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    goal: Goal = Goal.QUALIFY
    agreed: bool = False
    """The caller wants to be called back."""
    refused: bool = False
    offered: bool = False
    """The callback was offered."""
    no_contact: bool = False
    """The caller is qualified, but does not want to be called."""
    transferring: bool = False
    confirmed: bool = False

    def keep(self, values: Mapping[str, Filled]) -> dict[str, Filled]:
        """Take `values` over; those that are new or differ from what was known."""
        known = self.slots
        fresh = {name: new for name, new in values.items() if name not in known or known[name].value != new.value}
        self.slots = {**known, **values}
        self.skipped -= values.keys()
        self.refused = self.refused and not values
        self.confirmed = self.confirmed and not fresh
        return fresh

    def drop(self, slot: str) -> None:
        """Forget the value of `slot`: the caller says that it is wrong."""
        self.slots = {name: filled for name, filled in self.slots.items() if name != slot}
        self.skipped.discard(slot)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The slots of the present goal, in the order in which they are asked."""
        if self.goal is Goal.CALL_BACK:
            return self.flow.callback
        return self.flow.qualifies if self.no_contact else self.flow.qualifies + self.flow.contact

    @property
    def next_slot(self) -> str | None:
        """The slot to ask for."""
        return next((name for name in self.wanted if name not in self.slots and name not in self.skipped), None)

    @property
    def qualified(self) -> bool:
        """All slots that make a lead are known."""
        return all(name in self.slots for name in self.flow.qualifies)

    @property
    def status(self) -> Status:
        """Of the lead, as it now is."""
        if self.qualified:
            return "qualified"
        if self.refused:
            return "refused"
        if self.goal is Goal.CALL_BACK and (self.agreed or any(name in self.slots for name in self.flow.callback)):
            return "callback"
        return "partial" if self.slots else "new"

    @property
    def lead(self) -> Lead:
        """What is known, in the flow's order."""
        return Lead(
            status=self.status, slots={name: self.slots[name] for name in self.flow.slots if name in self.slots}
        )

    @property
    def outcome(self) -> Outcome:
        """Of the call, if it ended now."""
        if self.transferring:
            return "transferred"
        status = self.status
        return "hung_up" if status == "new" else status
