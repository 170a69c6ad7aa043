"""What callers say beside an answer, where the flow has no rule for it, and the way back to the question."""

from callcenter.dialogue.agenda import Agenda
from callcenter.dialogue.brain import Say, Wait
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.questions import Actions, Topic
from callcenter.dialogue.rule import ANSWERS
from callcenter.dialogue.slot import MomentSlot, YesNoSlot
from callcenter.dialogue.understanding import Understood

REFUSED = "refused"
"""The outcome of a caller who is not interested."""
HOLD_S = 15.0
"""So long a silence is granted to a caller who asks for a moment."""
_REPLIES = {Intent.YES, Intent.NO, Intent.FILLER, Intent.HOLD, Intent.REPEAT, Intent.WITHHELD}
"""Of these the answer that stands beside them says more."""
_AGREEING = {Intent.YES, Intent.NO, Intent.FILLER}
"""These answer the agent's own questions of yes or no."""
_YES_OR_NO = {Topic.GUESS, Topic.CONFIRM, Topic.CHANGE, Topic.QUESTION}
"""What these questions are answered with."""


class Asides:
    """Answers what is not an answer."""

    def __init__(self, flow: Flow, agenda: Agenda) -> None:
        self._flow = flow
        self._agenda = agenda

    def remark(self, understood: Understood) -> str | None:
        """The intent as far as it is for the flow's rules, rather than part of an answer."""
        intent, questions = understood.intent, self._agenda.questions
        if intent in {Intent.BUSY, Intent.LATER} and self._is_setting_time(understood):
            return None
        if intent in _AGREEING and questions.topic in {Topic.GUESS, Topic.CONFIRM, Topic.CHANGE}:
            return None
        answers = understood.values or understood.guess or understood.wrong or understood.digits
        if intent in _REPLIES and (understood.answer or (answers and (questions.slot or questions.reviewing))):
            return None
        return intent

    def take_reply(self, understood: Understood) -> bool:
        """Whether a goodbye follows a reply to what was asked: then the reply is what counts: `yes, goodbye`."""
        questions = self._agenda.questions
        yes_or_no = isinstance(self._flow.slots.get(questions.slot or ""), YesNoSlot) and questions.slot
        leaving = understood.intent == Intent.GOODBYE and understood.reply is not None
        if not leaving or not (yes_or_no or questions.topic in _YES_OR_NO):
            return False
        understood.intent = understood.reply
        return True

    def _is_setting_time(self, understood: Understood) -> bool:
        """`I'm busy on Monday, Tuesday at ten` says when, where that is asked for."""
        agenda = self._agenda
        return any(
            isinstance(self._flow.slots[name], MomentSlot)
            and (name in agenda.state.ask or agenda.questions.reviewing or name == agenda.questions.slot)
            for name in (*understood.values, *understood.wrong)
        )

    def detour(self, understood: Understood) -> Actions | None:
        """What to do about an intent or a question that goes before any answer; None if there is none."""
        phrases, agenda = self._flow.sentences, self._agenda
        match self.remark(understood):
            case Intent.HUMAN:
                return [Say(text=phrases.nobody), *self.resume(understood)]
            case Intent.GOODBYE:
                return agenda.goodbye()
            case Intent.NOT_INTERESTED:
                return agenda.finish(REFUSED)
            case Intent.BUSY | Intent.LATER:
                return [Say(text=phrases.let_go), *agenda.goodbye()]
            case Intent.ROBOT:
                return [Say(text=phrases.robot), *self.resume(understood)]
            case Intent.WHY:
                return [Say(text=self._why()), *self.resume(understood)]
            case Intent.HOLD if not understood.values:
                return [Say(text=phrases.hold), Wait(patience_s=HOLD_S)]
            case Intent.FILLER if understood.nothing and agenda.questions.topic is Topic.SLOT:
                return [Wait()]
        return self._answered(understood) if understood.answer else None

    def _answered(self, understood: Understood) -> Actions | None:
        """The answer to a caller's question; once there were too many, that others answer it, and then nothing."""
        over = self._agenda.progress.counts[ANSWERS] - self._flow.limits.answers
        if over > 1:
            understood.answer = None
            return None
        text = self._flow.answers[understood.answer or ""].say
        if over == 1:
            text = self._flow.sentences.enough
        return [*self._agenda.questions.say((text,)), *self.resume(understood)]

    def resume(self, understood: Understood) -> Actions:
        """After an aside: on with what was answered beside it, else the same question again."""
        answered = understood.values and self._agenda.questions.topic is Topic.SLOT
        return self._agenda.go_on() if answered or self._agenda.is_due() else [self._agenda.questions.open]

    def _why(self) -> str:
        slot = self._agenda.questions.slot
        return self._flow.slots[slot].why if slot else self._flow.sentences.why
