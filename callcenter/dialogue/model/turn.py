"""One turn as a language model steers it: what its tools have come to, and what is to be said and asked after that."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from callcenter.dialogue.brain import Action, Ask, Filled, Say
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.model import claims, tools
from callcenter.dialogue.model.branch import Branch
from callcenter.dialogue.model.chat import Message, ToolCall
from callcenter.dialogue.model.claims import Hearing
from callcenter.dialogue.model.prompt import Standing
from callcenter.dialogue.parts import fields
from callcenter.dialogue.questions import Actions
from callcenter.dialogue.slot import ChoiceSlot
from callcenter.dialogue.understanding import Understood

DONE = "done"
NOTED = "noted"
DEALT_WITH = "refused: the company's rules have dealt with what the caller means."
NOT_NOW = "refused: the company's rules do not allow that now."
NO_SUCH_TOOL = "refused: there is no such tool."
_OPEN = {None, Intent.YES, Intent.NO, Intent.FILLER}
"""Beside these the caller may mean something that the parsers do not know."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """Of one call."""

    flow: Flow
    hearing: Hearing
    """What the caller said, and how the conversation stood when they did."""
    branch: Branch
    """The conversation as it stands."""
    plan: Actions
    """What the flow itself does if the model says no more."""
    understood: Understood
    """Of the words so far: by the flow's parsers, and then by the model."""
    is_blank: bool = False
    """The flow's parsers have understood nothing at all."""
    script: Branch | None = None
    """Where `plan` leads while that is not `branch`: the parsers have understood nothing, so the model is first."""
    said: list[str] = field(default_factory=list)
    """The clauses spoken so far."""
    exchange: list[Message] = field(default_factory=list)
    """The model's calls of tools, and their results."""
    achieved: bool = False
    """A tool has made a difference."""
    answers: set[str] = field(default_factory=set)
    """Of the flow, that were given."""

    @property
    def steers(self) -> bool:
        """Whether it is open what the caller means: nothing was understood that the flow's rules have dealt with."""
        return self.understood.intent in _OPEN and not self.understood.answer

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left for the model to word: the call ends or does something, or a question is asked in the
        flow's own words, for it is decided by what is answered."""
        return self.achieved and not (isinstance(self.plan[-1], Ask) and self.branch.asks_freely)

    def standing(self, now: datetime) -> Standing:
        """What the model is told, at local time `now`."""
        branch = self.branch
        return Standing(
            flow=self.flow,
            now=now,
            known=branch.progress.slots,
            still_open=branch.still_open,
            question=branch.next_question,
            asks_freely=branch.asks_freely,
            noted=tuple(self.understood.values),
            said=" ".join(self.said),
            endings=tuple(branch.endings()) if self.steers else (),
            steers=self.steers,
        )

    def say(self, text: str) -> list[Action]:
        """Say `text`, unless it was said in this turn."""
        if text in self.said:
            return []
        self.said.append(text)
        return [Say(text=text)]

    def own_words(self) -> list[Action]:
        """What the flow wants said in its own words, once: all but its question and short signs of having understood.

        Nothing while the model is first.
        """
        texts = self._sentences(self.plan)
        if self.script or not texts:
            return []
        self.plan = [action for action in self.plan if not isinstance(action, Say)]
        return [action for text in texts for action in self.say(text)]

    def ask(self, text: str = "") -> Ask:
        """The open question, in the model's words if there are any."""
        question = self.branch.next_question
        return replace(question, text=text) if text else question

    def rest(self) -> Actions:
        """The flow's plan, as far as it was not said; the conversation then stands where that leads."""
        if self.script:
            self.branch, self.script = self.script, None
        short = self.flow.sentences.acknowledgements if self.said else ()
        rest: Actions = []
        for action in self.plan:
            if not isinstance(action, Say):
                rest.append(action)
            elif action.text not in short:
                rest += self.say(action.text)
        return rest

    def use(self, calls: list[ToolCall], text: str) -> None:
        """Do what the model wants done as far as it may be, and note the results for it; `text` is what it said."""
        listed = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _whole(call.arguments)}}
            for call in calls
        ]
        self.exchange.append({"role": "assistant", "content": text or None, "tool_calls": listed})
        for call in calls:
            self.exchange.append({"role": "tool", "tool_call_id": call.id, "content": self._use(call)})

    def _use(self, call: ToolCall) -> str:
        given = claims.arguments(call.arguments)
        if given is None:
            return claims.NO_OBJECT
        known = replace(self.hearing.situation, known=self.branch.progress.slots)
        hearing = replace(self.hearing, situation=known, taken=self.understood.values)
        match call.name:
            case tools.RECORD:
                return self._believe(claims.record(given, hearing))
            case tools.ANSWER:
                return self._answer(claims.answered(given, hearing))
            case tools.MEANS | tools.TRANSFER | tools.END if not self.steers:
                return DEALT_WITH
            case tools.MEANS if given.get("meaning") == self.understood.intent:
                return NOTED
            case tools.MEANS:
                return self._believe(claims.meant(given, hearing))
            case tools.TRANSFER | tools.END if not claims.is_said(given, hearing):
                return claims.NOT_SAID
            case tools.TRANSFER:
                return self._transfer(given.get("to"), str(given.get("quote")))
            case tools.END:
                return self._end(given.get("outcome"))
        return NO_SUCH_TOOL

    def _believe(self, claim: Understood | claims.Refusal) -> str:
        """What the flow makes of what the model has understood."""
        if isinstance(claim, str):
            return claim
        if claim == Understood():
            return NOTED
        branch = self.branch.fork()
        return self._keep(branch, branch.take(claim), claim)

    def _keep(self, branch: Branch, actions: Actions, claim: Understood) -> str:
        """Let the conversation stand where a trial of it has led to."""
        kept = [] if self.script else [action for action in self.plan if isinstance(action, Say)]
        self.branch, self.plan, self.script, self.achieved = branch, [*kept, *actions], None, True
        values = {**self.understood.values, **claim.values}
        intent = claim.intent or self.understood.intent
        self.understood = Understood(intent=intent, answer=self.understood.answer, values=values)
        spoken = " ".join(self._sentences(actions))
        return f'{DONE}; the caller is told: "{spoken}"' if spoken else DONE

    def _sentences(self, actions: Actions) -> list[str]:
        """What is said in `actions` besides the question and short signs of having understood."""
        short = self.flow.sentences.acknowledgements
        return [action.text for action in actions if isinstance(action, Say) and action.text not in short]

    def _answer(self, claim: Understood | claims.Refusal) -> str:
        if isinstance(claim, str):
            return claim
        if claim.answer in self.answers:
            return "refused: that was answered just now."
        self.answers.add(claim.answer or "")
        return self._believe(claim)

    def _transfer(self, whom: object, quote: str) -> str:
        """To somebody to whom the flow connects callers who ask for a person, at this time."""
        if not isinstance(whom, str) or whom not in self.flow.people:
            return f"refused: there is no such person; there are {', '.join(self.flow.people)}."
        for values in (self._naming(whom, quote), {}):
            claim = Understood(intent=Intent.HUMAN, confidence=1.0, values=values)
            branch = self.branch.fork()
            actions = branch.take(claim)
            if branch.rang(whom):
                return self._keep(branch, actions, claim)
        return NOT_NOW

    def _naming(self, whom: str, quote: str) -> dict[str, Filled]:
        """The slot that says who is wanted, where a state connects to whom it says."""
        templates = [state.do.transfer for state in self.flow.states.values() if state.do and state.do.transfer]
        named = {name for template in templates for name in fields(template)}
        for name, slot in self.flow.slots.items():
            if name in named and isinstance(slot, ChoiceSlot) and whom in slot.options:
                return {name: Filled(value=whom, heard=quote)}
        return {}

    def _end(self, outcome: object) -> str:
        endings = self.branch.endings()
        if not isinstance(outcome, str) or outcome not in endings:
            return NOT_NOW
        branch, actions = endings[outcome]
        return self._keep(branch, actions, Understood(intent=Intent.GOODBYE))


def _whole(arguments: str) -> str:
    """As the model gave them, but JSON in any case: some servers refuse a history with anything else."""
    try:
        json.loads(arguments)
    except ValueError:
        return "{}"
    return arguments
