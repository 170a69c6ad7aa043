"""The model brain: the same flow, with a language model that words it and understands what the flow's parsers do not.

It holds the scripted brain of the same flow, and both go by one agenda. First the flow's own parsers and rules have
their say about what the caller said; what they find is kept at once, whatever the model then does. The model is asked

- for the words in which a slot is asked for, and
- about whatever the parsers understood nothing of. What the model makes of it, by its tools, is checked against the
  caller's words (`claims`) and then goes through the flow's rules (`branch`), as what the parsers find does.

These never depend on the model, and are done and said as the flow has them:

- what the flow's rules do about an intent that was understood, a slot that was filled or what is so: that they end the
  call (`do_not_call`, `not_eligible`), ring a person, ask a service, or go to another state;
- what the flow says: answers to questions, sentences of rules and states, refusals of values, corrections;
- questions of yes or no, and details read back: the answer to words of the model's could mean the opposite of what the
  rules take it for;
- whatever happens besides the caller's words: greeting, silence, failed hearing, transfers, services, the end.

When the model fails, has used up the call's tokens or answers nonsense, the scripted brain answers this very happening.
After as many turns in a row as slots are asked again, in which neither the parsers nor the model understood anything,
the script has the next, so that no conversation goes in circles.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime

import structlog

from callcenter.dialogue.brain import (
    Action,
    Ask,
    Completeness,
    Fetch,
    HangUp,
    Happening,
    Keyed,
    Lead,
    Outcome,
    Said,
    Say,
    Silent,
    Transfer,
    Wait,
)
from callcenter.dialogue.classify.classifier import Classifier
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.language import load_language
from callcenter.dialogue.model import history, prompt, tools
from callcenter.dialogue.model.branch import Branch
from callcenter.dialogue.model.chat import Message, ToolCall
from callcenter.dialogue.model.claims import Hearing
from callcenter.dialogue.model.clauses import Clause
from callcenter.dialogue.model.history import Line, Lines
from callcenter.dialogue.model.mind import NAME, Mind
from callcenter.dialogue.model.prompt import Standing
from callcenter.dialogue.model.turn import Turn
from callcenter.dialogue.questions import Actions
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.understanding import Understood
from callcenter.errors import ProviderError
from callcenter.usage import Usage

log = structlog.get_logger()

MOST_ROUNDS = 3
"""Times that the model is asked in one turn."""
_MOST_WORDS = 20
"""Things that the caller said that a quote may be from."""


class ModelBrain:
    """One conversation along a flow."""

    def __init__(
        self,
        flow: Flow,
        mind: Mind,
        *,
        now: Callable[[], datetime],
        classifier: Classifier | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        """All but `mind` is as the scripted brain has it."""
        self._flow = flow
        self._now = now
        self._mind = mind
        script = ScriptedBrain(flow, now=now, classifier=classifier, known=known)
        self._branch = Branch(script, flow, now, (load_language(flow.language), classifier))
        self._lines: Lines = ()
        self._words: tuple[str, ...] = ()
        self._fruitless = 0

    @property
    def _script(self) -> ScriptedBrain:
        return self._branch.script

    @property
    def lead(self) -> Lead:
        """As of the last reply."""
        return self._script.lead

    @property
    def outcome(self) -> Outcome:
        """What the call's outcome is if it ends now."""
        return self._script.outcome

    @property
    def state(self) -> str:
        """Where in the flow the conversation is."""
        return self._script.state

    @property
    def variant(self) -> str:
        """Of the flow's wording; empty for its own."""
        return self._script.variant

    @property
    def sentiment(self) -> str:
        """Of what the caller said last: negative, neutral, positive."""
        return self._script.sentiment

    @property
    def understood(self) -> Understood | None:
        """What the flow's own parsers made of the last that the caller said."""
        return self._script.understood

    @property
    def spent(self) -> dict[str, Usage]:
        """What the call has used of the model."""
        return {NAME: self._mind.usage} if self._mind.usage != Usage() else {}

    def completeness(self, text: str) -> Completeness:
        """Whether a caller who has said `text` so far, and pauses, has finished."""
        return self._script.completeness(text)

    def heard_by_caller(self, text: str) -> None:
        """Of the last reply only `text` was played; the model is not shown the rest."""
        self._lines = history.heard(self._lines, text)

    async def reply(self, happening: Happening) -> AsyncGenerator[Action, None]:
        """What to do about `happening`, each clause as soon as it is whole."""
        self._note(happening)
        begun = False
        async with aclosing(self._actions(happening)) as actions:
            async for action in actions:
                if isinstance(action, Say | Ask):
                    text = action.text.strip()
                    agent = Line(who="agent", text=text)
                    self._lines = history.extended(self._lines, text) if begun else (*self._lines, agent)
                    begun = True
                yield action

    def _note(self, happening: Happening) -> None:
        match happening:
            case Said(text=text) | Keyed(digits=text):
                self._words = (text, *self._words)[:_MOST_WORDS]
                self._lines = (*self._lines, Line(who="caller", text=text))
            case Silent():
                self._lines = (*self._lines, Line(who="caller", text="(says nothing)"))

    async def _actions(self, happening: Happening) -> AsyncGenerator[Action, None]:
        trial = self._branch.fork()
        before = trial.script.understood
        plan = [action async for action in trial.script.reply(happening)]
        turn = None if trial.script.understood is before else self._turn(trial, plan)
        if turn is None:
            self._branch = trial
            for action in plan:
                yield action
            return
        try:
            async with aclosing(self._steered(turn, self._lines)) as actions:
                async for action in actions:
                    self._branch = turn.branch
                    yield action
        finally:
            self._branch = turn.branch
            self._fruitless = self._fruitless + 1 if turn.is_blank and not turn.achieved else 0

    def _turn(self, trial: Branch, plan: Actions) -> Turn | None:
        """What the model is to do about what the caller has just said; None if that is the script's alone."""
        understood = trial.script.understood
        ended = isinstance(plan[-1], Wait | Transfer | Fetch) or plan == [HangUp()]
        if ended or understood is None or self._branch.is_by_keys or not self._mind.may_be_asked:
            return None
        moved = understood.sentiment != "neutral" and trial.script.state != self.state
        is_blank = understood.nothing and understood.intent is None and not moved
        if (
            self._fruitless > self._flow.limits.again
            if is_blank
            else not (isinstance(plan[-1], Ask) and trial.asks_freely)
        ):
            return None
        self._script.understood = understood
        hearing = Hearing(
            flow=self._flow, situation=self._branch.situation, words=self._words[0], before=self._words[1:]
        )
        return Turn(
            flow=self._flow,
            hearing=hearing,
            branch=self._branch if is_blank else trial,
            plan=plan,
            understood=understood,
            script=trial if is_blank else None,
            is_blank=is_blank,
        )

    async def _steered(self, turn: Turn, lines: Lines) -> AsyncGenerator[Action, None]:
        """The turn, after the conversation in `lines`; where the model fails, the flow's plan is what is left of it."""
        for action in turn.own_words():
            yield action
        try:
            for _ in range(MOST_ROUNDS):
                async with aclosing(self._round(turn, lines)) as actions:
                    async for action in actions:
                        yield action
                        if isinstance(action, Ask):
                            return
                if turn.is_settled or not self._mind.may_be_asked:
                    break
        except ProviderError as error:
            log.info("= script", reason=str(error))
        for action in turn.rest():
            yield action

    async def _round(self, turn: Turn, lines: Lines) -> AsyncGenerator[Action, None]:
        """Ask the model once; an Ask ends the turn. Raises ProviderError."""
        standing = turn.standing(self._now())
        calls: list[ToolCall] = []
        clauses: list[Clause] = []
        thoughts = self._mind.think(
            self._messages(standing, turn, lines), tools.tools(standing), may_ask=standing.asks_freely
        )
        async with aclosing(thoughts) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolCall):
                    calls.append(piece)
                    continue
                for clause in clauses[-1:]:  # that was the last, until this one came
                    for action in turn.say(clause.text) if clause.last else ():
                        yield action
                clauses.append(piece)
                for action in turn.say(piece.text) if not piece.last else ():
                    yield action
        if calls:
            turn.use(calls, " ".join(clause.text for clause in clauses))
        if turn.is_settled:
            return
        for action in turn.own_words():
            yield action
        for action in self._closing(turn, lines, clauses, done=not calls):
            yield action

    def _closing(self, turn: Turn, lines: Lines, clauses: list[Clause], done: bool) -> Actions:
        """After all of the model's answer: its last clause, and if it is `done` or has asked, the question."""
        last = clauses[-1] if clauses else None
        if last and turn.branch.asks_freely and (last.asks or (done and "?" not in turn.ask().text)):
            if not any(line.text.endswith(last.text) for line in lines[-2:] if line.who == "agent"):
                return [turn.ask(last.text)]
            if turn.script:
                raise ProviderError("the language model says the same again")
            return [turn.ask()]
        if done and not clauses:
            raise ProviderError("the language model answers nothing that can be said")
        closing: Actions = turn.say(last.text) if last else []
        return [*closing, turn.ask()] if done else closing

    def _messages(self, standing: Standing, turn: Turn, lines: Lines) -> list[Message]:
        told = history.messages(history.shortened(lines, self._mind.history_tokens))
        return [{"role": "system", "content": prompt.system(standing)}, *told, *turn.exchange]
