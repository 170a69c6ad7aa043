"""What becomes of an answer, by what was asked."""

from callcenter.dialogue.agenda import Agenda
from callcenter.dialogue.brain import Say, Wait
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.questions import Actions, Topic
from callcenter.dialogue.understanding import Understood

BETWEEN_GROUPS_S = 3.0
"""A caller who is silent for longer has said all of the number that they will say."""
_MOST_ROUNDS = 4
"""Answers to the details read back, or new details to a question, after which they are left as they are."""
_CONSENT = {Intent.YES, Intent.FILLER}
"""To a question of yes or no, `okay` is a yes."""


class Answers:
    """Takes answers, and asks on."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._questions = agenda.questions

    def answered(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        """What to do about what was said; `fresh` if it tells something new."""
        match self._questions.topic:
            case Topic.SLOT | Topic.GUESS:
                return self._slot(understood, fresh, acknowledged)
            case Topic.CONFIRM | Topic.CHANGE:
                return self._details(understood, fresh, acknowledged)
            case _:
                return self._question(understood, acknowledged)

    def _slot(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        agenda, questions = self._agenda, self._questions
        asked, guess = questions.open.slot, questions.guess
        if understood.values:
            beside = fresh and asked not in understood.values and asked == agenda.next_slot
            refused: Actions = [Say(text=understood.wrong[asked])] if asked in understood.wrong else []
            return [*acknowledged, *refused, *([questions.open] if beside else agenda.go_on())]
        if guess and understood.intent == Intent.REPEAT and questions.may_repeat():
            return [questions.open]
        if guess and understood.intent in _CONSENT:
            agenda.keep({asked: guess})
            return [questions.acknowledge({}), *agenda.go_on()]
        if understood.guess:
            return questions.ask_back(asked, understood.guess)
        if understood.wrong:
            return [Say(text=understood.refusal), *agenda.go_on()]
        if understood.digits:
            return [Wait(patience_s=BETWEEN_GROUPS_S)]
        if understood.intent == Intent.WITHHELD:
            return agenda.leave_out(asked)
        return agenda.go_on()

    def _details(self, understood: Understood, fresh: bool, acknowledged: Actions) -> Actions:
        questions, confirmation = self._questions, self._agenda.flow.confirmation
        rounds = questions.answered()
        if fresh and rounds < _MOST_ROUNDS:
            return [*acknowledged, *questions.ask(Topic.CONFIRM, confirmation.ask)]
        if understood.wrong and rounds < _MOST_ROUNDS:
            return [Say(text=understood.refusal), *questions.ask(Topic.CONFIRM, confirmation.ask)]
        if understood.intent in _CONSENT or understood.values or rounds >= _MOST_ROUNDS:
            return self._confirmed()
        if understood.intent == Intent.REPEAT:
            return questions.read_back()
        if understood.named:
            return self._agenda.ask_anew(understood.named)
        if understood.intent == Intent.NO:
            settled = questions.topic is Topic.CHANGE
            return self._confirmed() if settled else questions.ask(Topic.CHANGE, confirmation.what)
        if questions.topic is Topic.CHANGE:
            return [Say(text=self._agenda.flow.sentences.misheard), *questions.read_back()]
        return questions.ask(Topic.CONFIRM, confirmation.again)

    def _confirmed(self) -> Actions:
        self._agenda.progress.confirmed = True
        return self._agenda.go_on()

    def _question(self, understood: Understood, acknowledged: Actions) -> Actions:
        """An answer to a state's own question that no rule is for."""
        questions = self._questions
        rounds = questions.answered()
        if understood.values and rounds < _MOST_ROUNDS:
            return [*acknowledged, *questions.ask(Topic.QUESTION, questions.open.text, questions.open.slot)]
        if understood.wrong and rounds < _MOST_ROUNDS:
            return [Say(text=understood.refusal), questions.open]
        if understood.intent == Intent.REPEAT and questions.may_repeat():
            return [questions.open]
        again = questions.ask_differently() if understood.nothing or understood.intent == Intent.REPEAT else None
        return again or self._agenda.leave()
