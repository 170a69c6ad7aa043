"""Personas played against a flow as text, hundreds a second: the developer's loop, and the flow's own tests."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.readiness import make_ready
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.errors import FileError
from callcenter.simulation import expectation
from callcenter.simulation.persona import Persona
from callcenter.workshop.conversation import Conversation, play

LEAST_SLOTS_RIGHT = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One persona's call."""

    persona: Persona
    conversation: Conversation
    wrong: tuple[str, ...]
    """Slots that are not as expected."""

    @property
    def outcome_right(self) -> bool:
        """It ended as expected, and the call did end."""
        return self.conversation.outcome == self.persona.expect.outcome and self.conversation.ended_by is not None

    @property
    def ok(self) -> bool:
        """All is as expected."""
        return self.outcome_right and not self.wrong

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        conversation = self.conversation
        return {
            "persona": self.persona.name,
            "ok": self.ok,
            "outcome": conversation.outcome,
            "slots": conversation.slots,
            "expected": {"outcome": self.persona.expect.outcome, "slots": self.persona.expect.slots},
            "wrong": list(self.wrong),
            "ended_by": conversation.ended_by,
            "exchanges": [
                {"caller": each.caller, "agent": each.agent, "state": each.state} for each in conversation.exchanges
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """All of them."""

    flow: str
    at: datetime
    """Local time of the calls."""
    calls: tuple[Rehearsed, ...]
    seconds: float

    @property
    def slots_total(self) -> int:
        """Expected, over all calls."""
        return sum(len(call.persona.expect.slots) for call in self.calls)

    @property
    def slots_right(self) -> int:
        """Over all calls."""
        return self.slots_total - sum(len(call.wrong) for call in self.calls)

    @property
    def ok(self) -> bool:
        """Every outcome is right, and 95 of 100 slots."""
        enough = self.slots_right >= LEAST_SLOTS_RIGHT * self.slots_total
        return enough and all(call.outcome_right for call in self.calls)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "flow": self.flow,
            "at": self.at.isoformat(timespec="minutes"),
            "calls": [call.as_json() for call in self.calls],
            "slots_right": self.slots_right,
            "slots_total": self.slots_total,
            "seconds": round(self.seconds, 3),
        }


def rehearse(flow: Flow, personas: Sequence[Persona], now: datetime) -> Rehearsal:
    """Play each persona once, in a call at local time `now`. What is read before a first call is not in its seconds."""
    make_ready(flow, lambda: now)
    started = time.perf_counter()
    calls = tuple(_rehearsed(flow, persona, now) for persona in personas)
    return Rehearsal(flow=flow.name, at=now, calls=calls, seconds=time.perf_counter() - started)


def _rehearsed(flow: Flow, persona: Persona, now: datetime) -> Rehearsed:
    conversation = play(ScriptedBrain(flow, now=lambda: now), persona)
    wrong = [
        name
        for name, value in persona.expect.slots.items()
        if not expectation.right(value, conversation.slots.get(name), now.date())
    ]
    return Rehearsed(persona=persona, conversation=conversation, wrong=tuple(wrong))


def check(flow: Flow, persona: Persona, path: Path) -> None:
    """Raise FileError for a persona, read from `path`, that expects what `flow` cannot find out."""
    unknown = [name for name in persona.expect.slots if name not in flow.slots]
    if unknown:
        raise FileError(
            path, None, f"expects {', '.join(unknown)}, but the slots of {flow.name} are {', '.join(flow.slots)}"
        )
