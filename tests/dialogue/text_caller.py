"""A caller without a voice: plays a persona against a brain, as text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callcenter.dialogue.brain import Answered, Ask, HangUp, Happening, Keyed, Said, Say, Silent
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation.persona import Persona
from callcenter.simulation.script import Cue, Script

PERSONAS = Path(__file__).parent.parent / "personas"
_MOST_TURNS = 60
_MOST_SILENCES = 3


@dataclass(slots=True)
class Conversation:
    """What was said, and what came of it."""

    brain: ScriptedBrain
    turns: list[tuple[str, str]] = field(default_factory=list)
    """Caller and agent, turn by turn."""
    ended: str = "nobody"
    """Who hung up."""

    @property
    def slots(self) -> dict[str, Any]:
        return {name: filled.value for name, filled in self.brain.lead.slots.items()}

    def __str__(self) -> str:
        lines = [f"caller: {caller}\nagent:  {agent}" for caller, agent in self.turns]
        return "\n".join([*lines, f"{self.ended} hung up: {self.brain.outcome}, {self.slots}"])


def call(brain: ScriptedBrain, persona: Persona, heard: Callable[[str], str] = str) -> Conversation:
    """Play `persona`; `heard` is what a recogniser makes of each sentence."""
    conversation, script, said = Conversation(brain), Script(persona), ""
    happening: Happening = Answered(caller="+15550001111")
    for _ in range(_MOST_TURNS):
        actions = brain.decide(happening)
        spoken = " ".join(action.text for action in actions if isinstance(action, Say | Ask))
        conversation.turns.append((str(getattr(happening, "text", happening)), spoken))
        if any(isinstance(action, HangUp) for action in actions):
            conversation.ended = "agent"
            return conversation
        said = f"{said} {spoken}" if isinstance(happening, Silent) else spoken
        cue = script.cue(said) if spoken else None
        if cue:
            script.use(cue.line)
        if cue and cue.line.hang_up:
            conversation.ended = "caller"
            return conversation
        happening = _answer(cue, happening, heard)
    return conversation


def _answer(cue: Cue | None, last: Happening, heard: Callable[[str], str]) -> Happening:
    if cue and cue.line.dtmf:
        return Keyed(digits=cue.line.dtmf.rstrip("#"))
    if cue and cue.line.say:
        return Said(text=heard(cue.line.say), interrupted=cue.line.barge_in is not None)
    times = last.times + 1 if isinstance(last, Silent) else 1
    return Silent(times=times, last=times >= _MOST_SILENCES)
