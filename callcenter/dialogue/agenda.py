"""The way of a conversation through the states of its flow, until the caller is asked something or the call ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from callcenter.dialogue import lookup
from callcenter.dialogue.brain import Fetch, Fetched, Filled, HangUp, Say, Transfer
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.parts import fields
from callcenter.dialogue.people import Person
from callcenter.dialogue.phrasebook import ANY
from callcenter.dialogue.progress import Progress
from callcenter.dialogue.questions import Actions, Questions, Topic
from callcenter.dialogue.rule import Circumstances, Rule
from callcenter.dialogue.state import State

NOBODY = "nobody"
"""The result of a transfer that came to nothing."""
_MOST_STATES = 24
"""States passed through without asking the caller anything, after which the flow must be going in circles."""

_Key = tuple[str, int]
"""Where a rule is: `on` of the state, or `always`."""


class Agenda:
    """Where a conversation stands, and its way from there to the end."""

    def __init__(self, flow: Flow, now: Callable[[], datetime]) -> None:
        self.flow = flow
        self._now = now
        self._left_out = 0
        self._passed = 0
        self._asked_anew: tuple[str, ...] = ()
        self._used: set[tuple[str, int]] = set()
        self.ringing: Person | None = None
        """Who is rung, or was last."""
        self.progress = Progress(flow=flow, state=flow.first)
        self.questions = Questions(flow, self.progress, now)
        self.pending: Transfer | Fetch | None = None
        """What is being done; until its result is there nothing else is."""

    @property
    def state(self) -> State:
        """The one that the conversation is in."""
        return self.flow.states[self.progress.state]

    @property
    def next_slot(self) -> str | None:
        """The slot to ask for in this state."""
        done = {*self.progress.slots, *self.progress.skipped}
        return next((name for name in (*self.state.ask, *self._asked_anew) if name not in done), None)

    def keep(self, values: dict[str, Filled]) -> dict[str, Filled]:
        """Take over what the caller said; those values that are new or differ from what was known."""
        self._passed = 0
        if values:
            self._left_out = 0
        return self.progress.keep(values)

    def use_rule(self, **happened: Any) -> Rule | None:
        """The first rule that fits what has `happened` and what is so, and that says something or leads somewhere.

        Those before it that only set and count are carried out. One about what is so is used once until it is no more.
        """
        at = self.progress.circumstances(self._now(), **happened)
        for key, rule in self._rules(at):
            lasts = not rule.is_momentary
            fits = bool(lasts or happened) and rule.fits(at)
            if lasts and not fits:
                self._used.discard(key)
            if not fits or key in self._used:
                continue
            if lasts:
                self._used.add(key)
            self._carry_out(rule)
            if rule.concludes:
                return rule
            at = self.progress.circumstances(self._now(), **happened)
        return None

    def is_due(self) -> bool:
        """Whether a rule about what is so waits to be used."""
        at = self.progress.circumstances(self._now())
        lasting = ((key, rule) for key, rule in self._rules(at) if rule.concludes and not rule.is_momentary)
        return any(key not in self._used and rule.fits(at) for key, rule in lasting)

    def _rules(self, at: Circumstances) -> list[tuple[_Key, Rule]]:
        """The state's own, then those for all states.

        One of the latter for the very words that were said goes before one of the state that holds without words,
        unless the state has a rule of its own for what was said.
        """
        own: list[tuple[_Key, Rule]] = [(("on", index), rule) for index, rule in enumerate(self.state.on)]
        always: list[tuple[_Key, Rule]] = [(("always", index), rule) for index, rule in enumerate(self.flow.always)]
        worded = [each for each in always if each[1].is_worded and each[1].fits(at)] if at.intent or at.heard else []
        if not worded or any(rule.is_momentary and rule.concludes and rule.fits(at) for _, rule in own):
            return [*own, *always]
        first = [*(each for each in own if each[1].is_momentary), *worded]
        keys = {key for key, _ in first}
        return [*first, *(each for each in (*own, *always) if each[0] not in keys)]

    def _carry_out(self, rule: Rule) -> None:
        values = {name: lookup.typed(self.flow.slots[name], value) for name, value in rule.set.items()}
        self.progress.keep({name: Filled(value=value, heard="") for name, value in values.items() if value is not None})
        for slot in rule.forget or ():
            self.forget(slot)
        self.progress.counts.update(rule.add or ())

    def follow(self, rule: Rule) -> Actions | None:
        """Where `rule` leads; None if it leads nowhere."""
        if rule.go:
            return self.enter(rule.go)
        return self.finish(rule.end) if rule.end else None

    def enter(self, state: str) -> Actions:
        """Go to `state`, and on from there until the caller is asked something or the call ends."""
        self._passed += 1
        if self._passed > _MOST_STATES:
            return self.lose()
        self.progress.enter(state)
        self._asked_anew = ()
        self._used = {key for key in self._used if key[0] == "always"}
        said = [] if self.state.asks else self.questions.say(self.state.say)
        return [*said, *self.go_on(entering=True)]

    def go_on(self, entering: bool = False) -> Actions:
        """Use the rules that hold now, then ask, do or leave, whatever is next in this state."""
        said: Actions = []
        while rule := self.use_rule():
            said += self.questions.say(rule.say)
            if (led := self.follow(rule)) is not None:
                return [*said, *led]
        if self.state.do:
            return [*said, *self._do()]
        return [*said, *self._ask_next(entering)]

    def _ask_next(self, entering: bool) -> Actions:
        state, progress = self.state, self.progress
        slot = self.next_slot
        if slot is None and not state.question and not (state.confirm and progress.slots and not progress.confirmed):
            return self.leave()
        opening = self.questions.say(state.say) if entering and state.asks else []
        if slot is not None:
            return [*opening, *(self.questions.ask_slot(slot) or self.leave_out(slot))]
        return [*opening, *(self.questions.ask_own(state.question) if state.question else self.questions.read_back())]

    def ask_anew(self, slot: str) -> Actions:
        """Ask for a slot whose value is wrong."""
        self.forget(slot)
        self._asked_anew = (*self._asked_anew, slot)
        return self.go_on()

    def forget(self, slot: str) -> None:
        """Make `slot` unknown, to be asked for from the beginning."""
        self.progress.drop(slot)
        self.questions.ask_again(slot)

    def leave_out(self, slot: str) -> Actions:
        """On without `slot`; when too many required ones were left out in a row, no further."""
        self.progress.skipped.add(slot)
        self._left_out += self.flow.slots[slot].required
        if self._left_out >= self.flow.limits.lost:
            return self.lose()
        return [Say(text=self.flow.sentences.skipped), *self.go_on()]

    def leave(self) -> Actions:
        """All is asked, confirmed or done here."""
        if self.state.go:
            return self.enter(self.state.go)
        return self.finish(self.state.end) if self.state.end else self.lose()

    def _do(self) -> Actions:
        action = self.state.do
        if action and action.fetch:
            self.pending = lookup.fetch(action.fetch, self.progress.slots)
            return [self.pending] if self.pending else self._resulted(lookup.FAILED)
        return self._ring(action.transfer if action and action.transfer else "")

    def _ring(self, whom: str) -> Actions:
        """Ring a person who is there; one who did not answer is not rung again."""
        for slot in fields(whom):
            whom = self.progress.slots[slot].value if slot in self.progress.slots else ""
        self.ringing = self.flow.people.get(whom)
        if self.ringing is None or whom in self.progress.rung or not self.ringing.is_there(self._now()):
            return self.nobody()
        self.progress.rung.add(whom)
        self.progress.transferring = True
        self.pending = Transfer(to=self.ringing.dial)
        return [Say(text=self.ringing.transferring or self.flow.sentences.transferring), self.pending]

    def nobody(self) -> Actions:
        """The person who is to be rung is not there, or did not answer."""
        self.progress.transferring = False
        own = self.ringing.nobody if self.ringing else None
        return [Say(text=own or self.flow.sentences.nobody), *self._resulted(NOBODY)]

    def fetched(self, fetched: Fetched) -> Actions:
        """The answer to a look-up is there."""
        spec = self.state.do.fetch if self.state.do else None
        if spec:
            self.progress.keep(lookup.kept(spec, fetched, self.flow.slots))
        return self._resulted(lookup.result(fetched))

    def _resulted(self, result: str) -> Actions:
        self.pending = None
        rule = self.use_rule(result=result)
        if rule is None:
            return self.leave()
        led = self.follow(rule)
        return [*self.questions.say(rule.say), *(self.leave() if led is None else led)]

    def finish(self, outcome: str | bool) -> Actions:
        """End with the goodbye of `outcome`, or of what the call has come to."""
        if isinstance(outcome, str):
            self.progress.ended = outcome
        return self.goodbye()

    def goodbye(self) -> Actions:
        """End with the sentence for what the call has come to."""
        goodbyes = self.flow.sentences.goodbye
        return self.end(goodbyes.get(self.progress.outcome(self._now()), goodbyes[ANY]))

    def lose(self) -> Actions:
        """End because nothing sensible is left to do."""
        return [Say(text=self.flow.sentences.lost), *self.goodbye()]

    def end(self, text: str) -> Actions:
        """Say `text` and hang up."""
        self.questions.topic = Topic.OVER
        return [Say(text=text), HangUp()]
