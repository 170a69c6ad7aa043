"""A conversation as text: what a brain says and does, turn by turn, with a persona or a person at the keyboard."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callcenter.dialogue.brain import (
    TRANSFERRED,
    Action,
    Answered,
    Ask,
    Fetch,
    Fetched,
    HangUp,
    Happening,
    Keyed,
    Said,
    Say,
    Silent,
    Transfer,
    TransferFailed,
)
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.enquiry import asked
from callcenter.simulation import lookups
from callcenter.simulation.persona import Persona, Service
from callcenter.simulation.script import Cue, Script

CALLER = "+15550001111"
MOST_TURNS = 80
MOST_SILENCES = 3
"""In a row, as `limits.silences` has it."""

Recognised = Callable[[str], str]
"""What a recogniser makes of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What happened, and what the agent made of it."""

    caller: str
    agent: str
    state: str
    """Where in the flow the conversation then is."""
    slots: dict[str, Any]


@dataclass(slots=True)
class Conversation:
    """A call without a telephone."""

    brain: ScriptedBrain
    exchanges: list[Exchange] = field(default_factory=list)
    ended_by: str | None = None
    """`agent`, `caller`, or `person` when the caller was connected; None while it lasts."""

    @property
    def slots(self) -> dict[str, Any]:
        """As they now are."""
        return {name: filled.value for name, filled in self.brain.lead.slots.items()}

    @property
    def outcome(self) -> str:
        """What it has come to."""
        return TRANSFERRED if self.ended_by == "person" else self.brain.outcome

    def take(self, happening: Happening, caller: str = "") -> Action:
        """Let the brain answer; returns the last action. What the agent says is in the last exchange."""
        actions = self.brain.decide(happening)
        spoken = " ".join(action.text for action in actions if isinstance(action, Say | Ask))
        self.exchanges.append(Exchange(caller=caller, agent=spoken, state=self.brain.state, slots=self.slots))
        if isinstance(actions[-1], HangUp):
            self.ended_by = "agent"
        return actions[-1]

    def __str__(self) -> str:
        lines = [f"caller: {each.caller}\nagent:  {each.agent}   [{each.state}]" for each in self.exchanges]
        return "\n".join([*lines, f"{self.ended_by or 'nobody'} hung up: {self.outcome}, {self.slots}"])


def play(brain: ScriptedBrain, persona: Persona, recognised: Recognised = str) -> Conversation:
    """The whole call of `persona`."""
    conversation, caller = Conversation(brain), _Caller(persona, recognised)
    action = conversation.take(Answered(caller=CALLER))
    for _ in range(MOST_TURNS):
        if conversation.ended_by:
            break
        match action:
            case Transfer() if not persona.nobody_there:
                conversation.ended_by = "person"
            case Transfer():
                action = conversation.take(TransferFailed())
            case Fetch():
                action = conversation.take(answer(persona.services, asked(action)))
            case _:
                happening = caller.does(conversation.exchanges)
                if happening is None:
                    conversation.ended_by = "caller"
                else:
                    action = conversation.take(happening, _told(happening))
    return conversation


def answer(services: tuple[Service, ...], url: str) -> Fetched:
    """What the service at `url` says."""
    values = lookups.answer(services, url)
    return Fetched(result="failed") if values is None else Fetched(result="ok", values=values)


class _Caller:
    """Plays a persona's lines."""

    def __init__(self, persona: Persona, recognised: Recognised) -> None:
        self._script = Script(persona)
        self._recognised = recognised
        self._silences = 0
        self._answered = 0
        """How many exchanges the caller has answered: what the agent said since counts."""

    def does(self, exchanges: list[Exchange]) -> Happening | None:
        """The next thing; None for hanging up."""
        said = " ".join(each.agent for each in exchanges[self._answered :])
        cue = self._script.cue(said) if said else None
        if cue is None:
            self._silences += 1
            return Silent(times=self._silences, last=self._silences >= MOST_SILENCES)
        self._script.use(cue.line)
        if cue.line.takes_turn:
            self._answered = len(exchanges)
        if cue.line.hang_up:
            return None
        return self._happening(cue)

    def _happening(self, cue: Cue) -> Happening:
        if cue.line.dtmf:
            self._silences = 0
            return Keyed(digits=cue.line.dtmf.rstrip("#"))
        if cue.line.say:
            self._silences = 0
            return Said(text=self._recognised(cue.line.told), interrupted=cue.line.barge_in is not None)
        self._silences += 1
        return Silent(times=self._silences, last=self._silences >= MOST_SILENCES)


def _told(happening: Happening) -> str:
    match happening:
        case Said(text=text):
            return text
        case Keyed(digits=digits):
            return f"[{digits}]"
        case Silent():
            return "[silence]"
        case _:
            return ""
