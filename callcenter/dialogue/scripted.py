"""The scripted brain: runs a flow by its own rules, needs no model, and always answers the same way."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from callcenter.dialogue import completeness
from callcenter.dialogue.agenda import Actions, Agenda, Topic
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Completeness,
    Ending,
    Filled,
    HangUp,
    Happening,
    Keyed,
    Lead,
    Misheard,
    Outcome,
    Said,
    Say,
    Silent,
    Transfer,
    TransferFailed,
    Wait,
)
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.language import load_language
from callcenter.dialogue.progress import Goal
from callcenter.dialogue.slots import phone
from callcenter.dialogue.understanding import Situation, Understood, understand

BETWEEN_GROUPS_S = 3.0
"""A caller who is silent for longer has said all of the number that they will say."""
_MOST_ROUNDS = 4
"""Answers to the details read back, after which they are left as they are."""
_CONSENT = {Intent.YES, Intent.FILLER}
"""To a question of yes or no, `okay` is a yes."""


class ScriptedBrain:
    """One conversation along a flow."""

    def __init__(self, flow: Flow, *, now: Callable[[], datetime]) -> None:
        self._flow = flow
        self._language = load_language(flow.language)
        self._now = now
        self._agenda = Agenda(flow, now)
        self._progress = self._agenda.progress
        self._caller = ""
        self._guess: Filled | None = None
        self._digits = ""
        self._times: Counter[Topic | Intent] = Counter()

    @property
    def lead(self) -> Lead:
        """As of the last reply."""
        return self._progress.lead

    @property
    def outcome(self) -> Outcome:
        """What the call's outcome is if it ends now."""
        return self._progress.outcome

    def completeness(self, text: str) -> Completeness:
        """Whether a caller who has said `text` so far, and pauses, has finished."""
        return completeness.judge(text, self._flow, self._language, self._situation(), self._agenda.topic)

    async def reply(self, happening: Happening) -> AsyncIterator[Action]:
        """What to do about `happening`."""
        for action in self.decide(happening):
            yield action

    def decide(self, happening: Happening) -> Actions:
        """The same at once: the rules wait for nothing."""
        phrases = self._flow.sentences
        match happening:
            case Answered(caller=caller):
                self._caller = caller
                return [Say(text=self._flow.greeting), *self._agenda.go_on()]
            case Ending(reason=reason):
                return self._agenda.end(phrases.length_end if reason == "length" else phrases.shutdown_end)
            case _ if self._agenda.topic is Topic.OVER:
                return [HangUp()]
            case TransferFailed():
                return self._nobody()
            case _ if self._progress.transferring:
                return [Transfer(to=self._flow.transfer)]
            case Said(text=text, interrupted=interrupted):
                return self._heard(text, interrupted)
            case Keyed(digits=digits):
                return self._heard(digits, False)
            case Silent(last=True):
                return self._agenda.end(phrases.silence_end)
            case Silent(times=times):
                return self._silent(times)
            case Misheard(last=True):
                return self._agenda.end(phrases.misheard_end)
            case Misheard():
                return [Say(text=phrases.misheard), self._agenda.question]

    def _heard(self, text: str, interrupted: bool) -> Actions:
        if not any(character.isalnum() for character in text):
            return [Wait()]
        known = self._progress.slots
        understood = understand(text, self._flow, self._situation())
        fresh = self._agenda.keep(understood.values)
        too_long = phone.is_too_long(understood.digits, self._flow.country)
        self._digits = "" if too_long else understood.digits
        if interrupted and (understood.nothing or understood.intent in {Intent.FILLER, Intent.REPEAT}):
            return [self._agenda.question]
        detour = self._detour(understood)
        if detour is not None:
            return detour
        changed = {name: filled for name, filled in fresh.items() if name in known}
        acknowledged: Actions = [self._agenda.acknowledge(changed)] if understood.values else []
        return self._answered(understood, bool(fresh), acknowledged)

    def _situation(self) -> Situation:
        return Situation(
            now=self._now(),
            caller=self._caller,
            asked=self._agenda.slot,
            known=self._progress.slots,
            digits=self._digits,
            reviewing=self._agenda.reviewing,
        )

    def _detour(self, understood: Understood) -> Actions | None:
        """What to do about an intent or a question that goes before any answer; None if there is none."""
        phrases = self._flow.sentences
        match understood.intent:
            case Intent.HUMAN:
                return self._transfer()
            case Intent.GOODBYE:
                return self._agenda.goodbye()
            case Intent.NOT_INTERESTED:
                return self._not_interested()
            case Intent.BUSY | Intent.LATER if not self._is_setting_time(understood):
                return self._call_back(understood.intent)
            case Intent.ROBOT:
                return [Say(text=phrases.robot), *self._resume(understood)]
            case Intent.WHY:
                return [Say(text=self._why()), *self._resume(understood)]
            case Intent.HOLD if not understood.values:
                return [Say(text=phrases.hold), Wait()]
            case Intent.FILLER if understood.nothing and self._agenda.topic is Topic.SLOT:
                return [Wait()]
        if understood.answer:
            return [Say(text=self._flow.answers[understood.answer].say), *self._resume(understood)]
        return None

    def _resume(self, understood: Understood) -> Actions:
        """After an aside: on with what was answered beside it, else the same question again."""
        if understood.values and self._agenda.topic is Topic.SLOT:
            return self._agenda.go_on()
        return [self._agenda.question]

    def _why(self) -> str:
        slot = self._agenda.slot
        return self._flow.slots[slot].why if slot else self._flow.sentences.why

    def _answered(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        match self._agenda.topic:
            case Topic.SLOT | Topic.GUESS:
                return self._slot_answered(understood, fresh, acknowledged)
            case Topic.CONFIRM | Topic.CHANGE:
                return self._details_answered(understood, fresh, acknowledged)
            case Topic.OFFER:
                return self._offer_answered(understood, acknowledged)
            case _:
                return self._more_answered(understood, acknowledged)

    def _slot_answered(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        agenda, asked = self._agenda, self._agenda.question.slot
        guess, self._guess = self._guess, understood.guess
        if understood.values:
            beside = fresh and asked not in understood.values and asked == self._progress.next_slot
            return [*acknowledged, *([agenda.question] if beside else agenda.go_on())]
        if guess and understood.intent is Intent.REPEAT and agenda.may_repeat():
            self._guess = guess
            return [agenda.question]
        if guess and understood.intent in _CONSENT:
            agenda.keep({asked: guess})
            return [agenda.acknowledge({}), *agenda.go_on()]
        if understood.guess:
            return agenda.ask_back(asked, understood.guess)
        if understood.out_of_range:
            return [Say(text=understood.out_of_range), *agenda.go_on()]
        if self._digits:
            return [Wait(patience_s=BETWEEN_GROUPS_S)]
        if understood.intent is Intent.NO and not guess and asked in (*self._flow.contact, *self._flow.callback):
            return self._no_contact()
        if understood.intent is Intent.WITHHELD:
            return agenda.leave_out(asked)
        return agenda.go_on()

    def _details_answered(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        agenda, confirmation = self._agenda, self._flow.confirmation
        self._times[Topic.CONFIRM] += 1
        if fresh and self._times[Topic.CONFIRM] < _MOST_ROUNDS:
            return [*acknowledged, *agenda.ask(Topic.CONFIRM, confirmation.ask)]
        if understood.intent in _CONSENT or understood.values or self._times[Topic.CONFIRM] >= _MOST_ROUNDS:
            return self._confirmed()
        if understood.intent is Intent.REPEAT:
            return agenda.read_back()
        if understood.named:
            return agenda.ask_anew(understood.named)
        if agenda.topic is Topic.CHANGE:
            return self._confirmed()
        if understood.intent is Intent.NO:
            return agenda.ask(Topic.CHANGE, confirmation.what)
        return agenda.ask(Topic.CONFIRM, confirmation.again)

    def _confirmed(self) -> Actions:
        self._progress.confirmed = True
        return self._agenda.go_on()

    def _offer_answered(self, understood: Understood, acknowledged: Actions) -> Actions:
        """After the one kind question: any answer but a yes or an amount and the like lets the caller go."""
        agenda = self._agenda
        if any(name in understood.values for name in self._flow.callback) or understood.intent in _CONSENT:
            return self._call_back(Intent.LATER)
        if understood.values:
            return [*acknowledged, *agenda.go_on()]
        if understood.intent is Intent.REPEAT and agenda.may_repeat():
            return [agenda.question]
        return agenda.goodbye()

    def _more_answered(self, understood: Understood, acknowledged: Actions) -> Actions:
        agenda, more = self._agenda, self._flow.more
        self._times[Topic.MORE] += 1
        if understood.values and self._times[Topic.MORE] < _MOST_ROUNDS:
            return [*acknowledged, *agenda.ask(Topic.MORE, more.ask)]
        if understood.intent in {Intent.NO, Intent.FILLER}:
            return agenda.goodbye()
        if understood.intent is Intent.REPEAT and agenda.may_repeat():
            return [agenda.question]
        if understood.intent is Intent.YES and self._times[Topic.MORE] == 1:
            return agenda.ask(Topic.MORE, more.what)
        return [Say(text=more.noted), *agenda.goodbye()]

    def _is_setting_time(self, understood: Understood) -> bool:
        """`I'm busy on Monday, Tuesday at ten` says when, once a callback is being arranged."""
        arranging = self._agenda.reviewing or self._agenda.slot in self._flow.callback
        return arranging and any(name in understood.values for name in self._flow.callback)

    def _call_back(self, intent: Intent) -> Actions:
        """Find out only when and where to call."""
        self._times[intent] += 1
        if self._agenda.reviewing:
            return self._agenda.goodbye()
        if self._times[Intent.BUSY] > self._flow.limits.busy:
            return [Say(text=self._flow.busy.let_go), *self._agenda.goodbye()]
        offer = self._flow.busy.offer if intent is Intent.BUSY else self._flow.sentences.later
        said: Actions = [] if self._progress.goal is Goal.CALL_BACK else [Say(text=offer)]
        self._progress.goal = Goal.CALL_BACK
        self._progress.agreed = self._progress.agreed or intent is Intent.LATER
        self._progress.refused = False
        return [*said, *self._agenda.go_on()]

    def _not_interested(self) -> Actions:
        """One kind question, then let go; a caller who is qualified already only does without the callback."""
        self._times[Intent.NOT_INTERESTED] += 1
        if self._progress.qualified:
            return self._no_contact()
        self._progress.refused = True
        if self._times[Intent.NOT_INTERESTED] > self._flow.limits.not_interested:
            return self._agenda.goodbye()
        return self._agenda.ask(Topic.OFFER, self._flow.not_interested.offer)

    def _no_contact(self) -> Actions:
        """No callback wanted: on without it, or goodbye if it was all that was left to find out."""
        if self._progress.goal is Goal.CALL_BACK:
            self._progress.refused = True
            return self._agenda.goodbye()
        self._progress.no_contact = True
        return [Say(text=self._flow.sentences.no_contact), *self._agenda.go_on()]

    def _transfer(self) -> Actions:
        """A second wish for a person is not tried again: nobody was there."""
        self._times[Intent.HUMAN] += 1
        if self._times[Intent.HUMAN] > 1:
            return self._nobody()
        self._progress.transferring = True
        return [Say(text=self._flow.sentences.transferring), Transfer(to=self._flow.transfer)]

    def _nobody(self) -> Actions:
        self._progress.transferring = False
        if not self._progress.qualified:
            self._progress.goal = Goal.CALL_BACK
        return [Say(text=self._flow.sentences.nobody), *self._agenda.go_on()]

    def _silent(self, times: int) -> Actions:
        """Half a telephone number and then nothing: the rest was lost, so it is asked again."""
        if self._digits:
            self._digits = ""
            return self._agenda.go_on()
        silence = self._flow.sentences.silence
        return [Say(text=silence[(times - 1) % len(silence)]), self._agenda.question]
