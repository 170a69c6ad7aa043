"""The scripted brain: runs a flow by its own rules, needs no model, and always answers the same way."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime

from callcenter.dialogue import completeness, lookup, sentiment
from callcenter.dialogue.agenda import Agenda
from callcenter.dialogue.answers import Answers
from callcenter.dialogue.asides import Asides
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Completeness,
    Ending,
    Fetched,
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
from callcenter.dialogue.classify.classifier import Classifier, Guess
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.keypad import Keypad
from callcenter.dialogue.language import load_language
from callcenter.dialogue.parts import normal
from callcenter.dialogue.questions import Actions, Topic
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.rule import ANSWERS, Rule
from callcenter.dialogue.slot import NameSlot
from callcenter.dialogue.slots import phone
from callcenter.dialogue.understanding import Understood, understand
from callcenter.usage import Bill


class ScriptedBrain:
    """One conversation along a flow."""

    def __init__(
        self,
        flow: Flow,
        *,
        now: Callable[[], datetime],
        classifier: Classifier | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        """With a `classifier`, it is asked what a caller means whose words say nothing to the flow's own patterns.

        `known` is what is known of the other side beforehand, as text by slot; what the flow does not ask is left out.
        """
        self._flow = flow
        self._classifier = classifier
        self._language = load_language(flow.language)
        self._now = now
        self.agenda = Agenda(flow, now)
        """Where the conversation stands."""
        self.agenda.progress.keep(lookup.told(known or {}, flow.slots))
        self._questions = self.agenda.questions
        self._asides = Asides(flow, self.agenda)
        self._answers = Answers(self.agenda)
        self.keypad = Keypad(flow, self.agenda, now)
        """In use while nobody hears the caller."""
        self._caller = ""
        self._digits = ""
        self.understood: Understood | None = None
        """The last that the caller said; None if they keyed it because nobody heard them."""

    @property
    def lead(self) -> Lead:
        """As of the last reply."""
        return self.agenda.progress.lead(self._now())

    @property
    def outcome(self) -> Outcome:
        """What the call's outcome is if it ends now."""
        return self.agenda.progress.outcome(self._now())

    @property
    def state(self) -> str:
        """Where in the flow the conversation is."""
        return self.agenda.progress.state

    @property
    def variant(self) -> str:
        """Of the flow's wording; empty for its own."""
        return self._flow.variant

    @property
    def sentiment(self) -> str:
        """Of what the caller said last: negative, neutral, positive."""
        return self.understood.sentiment if self.understood else "neutral"

    @property
    def spent(self) -> Bill:
        """Nothing."""
        return {}

    def completeness(self, text: str) -> Completeness:
        """Whether a caller who has said `text` so far, and pauses, has finished."""
        return completeness.judge(text, self._flow, self._language, self.situation, self._questions.topic)

    def heard_by_caller(self, text: str) -> None:
        """The rules do not go by what was heard of an answer."""

    async def reply(self, happening: Happening) -> AsyncGenerator[Action, None]:
        """What to do about `happening`."""
        meant = await self._meant(happening)
        for action in self.decide(happening, meant):
            yield action

    async def _meant(self, happening: Happening) -> Guess | None:
        """What the classifier says of words that the patterns know nothing of."""
        if self._classifier is None or not isinstance(happening, Said) or self.agenda.pending:
            return None
        if isinstance(self._flow.slots.get(self._questions.slot or ""), NameSlot):
            return None  # a name that was misheard may resemble anything, a goodbye too
        understood = understand(happening.text, self._flow, self.situation)
        is_known = understood.intent or not understood.nothing or not normal(happening.text)
        return None if is_known else await self._classifier.classify(happening.text)

    def decide(self, happening: Happening, meant: Guess | None = None) -> Actions:
        """The same at once: the rules wait for nothing. `meant` is what a classifier says of the caller's words."""
        if isinstance(happening, Said) or happening == Misheard():
            self.keypad.put_down()  # somebody hears the caller, if only a noise
        actions = self._decide(happening, meant)
        return self.keypad.offered(actions) if self.keypad.in_use else actions

    def _decide(self, happening: Happening, meant: Guess | None) -> Actions:
        phrases, agenda = self._flow.sentences, self.agenda
        match happening:
            case Answered(caller=caller):
                self._caller = caller
                return [Say(text=self._flow.greeting), *agenda.enter(self._flow.first)]
            case Ending(reason=reason):
                return agenda.end(phrases.length_end if reason == "length" else phrases.shutdown_end)
            case _ if self._questions.topic is Topic.OVER:
                return [HangUp()]
            case TransferFailed() if isinstance(agenda.pending, Transfer):
                return agenda.nobody()
            case Fetched() if agenda.pending and not isinstance(agenda.pending, Transfer):
                return agenda.fetched(happening)
            case _ if agenda.pending:
                return [agenda.pending]
            case Said(text=text, interrupted=interrupted):
                return self._heard(text, interrupted, meant)
            case Keyed(digits=digits):
                return self._keyed(digits) if self.keypad.in_use else self._heard(digits)
            case Silent(last=True):
                return agenda.end(phrases.misheard_end if self.keypad.in_use else phrases.silence_end)
            case Silent(times=times):
                return self._silent(times)
            case Misheard(deaf=True):
                return self.keypad.take_up(self._caller)
            case Misheard():
                return [Say(text=phrases.misheard), self._questions.open]
            case TransferFailed() | Fetched():
                return [self._questions.open]  # of something that was not asked for

    def _heard(self, text: str, interrupted: bool = False, meant: Guess | None = None) -> Actions:
        if not any(character.isalnum() for character in text):
            return [Wait()]
        known = self.agenda.progress.slots
        understood = self.understood = understand(text, self._flow, self.situation)
        if meant and meant.sure:
            understood.take(meant)
        understood.sentiment = sentiment.judge(text, self._flow.language).label
        leaving = self._asides.take_reply(understood)
        fresh = self.agenda.keep(understood.values)
        too_long = phone.is_too_long(understood.digits, self._flow.country)
        self._digits = understood.digits = "" if too_long else understood.digits
        if interrupted and (understood.nothing or understood.intent in {Intent.FILLER, Intent.REPEAT}):
            return [self._questions.open]
        changed = {name: filled for name, filled in fresh.items() if name in known}
        actions = self.decided(understood, fresh, changed)
        return self.agenda.goodbye() if leaving and isinstance(actions[-1], Ask | Wait) else actions

    def _keyed(self, digits: str) -> Actions:
        """What to do about keys that answer what was offered."""
        self.understood = None
        understood = self.keypad.understood(digits, self._digits)
        self._digits = understood.digits
        if understood.nothing and self._questions.may_repeat():
            return [*([Say(text=self._flow.sentences.keys.wrong)] if digits else []), self._questions.open]
        known = self.agenda.progress.slots
        fresh = self.agenda.keep(understood.values)
        return self.decided(understood, fresh, {name: filled for name, filled in fresh.items() if name in known})

    def decided(self, understood: Understood, fresh: dict[str, Filled], changed: dict[str, Filled]) -> Actions:
        """What to do about what was understood, of which `fresh` and `changed` are kept: by the flow's rules, else by
        what is built in."""
        rule = self._rule(understood)
        if rule:
            return self._follow(rule, understood, changed)
        detour = self._asides.detour(understood)
        if detour is not None:
            return detour
        acknowledged: Actions = [self._questions.acknowledge(changed)] if understood.values else []
        return self._answers.answered(understood, bool(fresh), acknowledged)

    @property
    def situation(self) -> Situation:
        """What the understanding of the caller's words depends on."""
        return Situation(
            now=self._now(),
            caller=self._caller,
            asked=self._questions.slot,
            known=self.agenda.progress.slots,
            digits=self._digits,
            reviewing=self._questions.reviewing,
            offered=self._questions.offered,
            questioned=self._questions.topic is Topic.QUESTION,
        )

    def _rule(self, understood: Understood) -> Rule | None:
        """The flow's rule for what was said, if it has one."""
        remark = self._asides.remark(understood)
        self.agenda.progress.counts.update([*filter(None, [remark]), *([ANSWERS] if understood.answer else [])])
        return self.agenda.use_rule(
            intent=remark,
            heard=frozenset(understood.values),
            sentiment=understood.sentiment,
        )

    def _follow(self, rule: Rule, understood: Understood, changed: dict[str, Filled]) -> Actions:
        """What a rule says, and where it leads; else the question that was open."""
        said = self._questions.say(rule.say)
        if understood.values and not (said or rule.end or understood.intent):
            said = [self._questions.acknowledge(changed)]
        led = self.agenda.follow(rule)
        after = self._asides.resume(understood) if led is None else led
        refused: Actions = [Say(text=understood.refusal)] if understood.refusal and isinstance(after[-1], Ask) else []
        return [*refused, *said, *after]

    def _silent(self, times: int) -> Actions:
        """Half a telephone number and then nothing: the rest was lost, so it is asked again."""
        if self._digits:
            self._digits = ""
            return self.agenda.go_on()
        silence = self._flow.sentences.silence
        return [Say(text=silence[(times - 1) % len(silence)]), self._questions.open]
