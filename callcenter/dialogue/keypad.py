"""A conversation by keys, as long as nobody hears the caller: the same questions, with a key for each answer."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from callcenter.dialogue import keys, spoken
from callcenter.dialogue.agenda import Agenda
from callcenter.dialogue.brain import Ask, Filled, Say, Transfer
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.parts import fields
from callcenter.dialogue.questions import Actions, Topic
from callcenter.dialogue.reading import is_allowed
from callcenter.dialogue.slot import MomentSlot, PhoneSlot
from callcenter.dialogue.slots import phone
from callcenter.dialogue.understanding import Understood

_AGREEING = {keys.YES: Intent.YES, keys.NO: Intent.NO}
_YES_OR_NO = set(_AGREEING.values())


class Keypad:
    """Offers keys for what is asked, and understands what is keyed."""

    def __init__(self, flow: Flow, agenda: Agenda, now: Callable[[], datetime]) -> None:
        self._flow = flow
        self._agenda = agenda
        self._questions = agenda.questions
        self._now = now
        self._left_out: set[str] = set()
        self.in_use = False
        """Whether the caller is not heard, so that keys are all there is."""

    def take_up(self, caller: str) -> Actions:
        """The caller, whose number is `caller` unless it is withheld, is not heard: say so, and ask with keys."""
        begun, self.in_use = self.in_use, True
        sentences = self._flow.sentences
        promised = caller and not begun and not self._reaches_person()
        promise: Actions = [Say(text=sentences.call_back)] if promised else []
        return [Say(text=sentences.deaf), *promise, self._questions.open]

    def put_down(self) -> None:
        """The caller is heard: what no keys could say may be asked for again."""
        self.in_use = False
        self._agenda.progress.skipped -= self._left_out
        self._left_out.clear()

    def offered(self, actions: Actions) -> Actions:
        """`actions`, where the question that they end with has its keys; one that no keys answer is passed over."""
        while isinstance(last := actions[-1], Ask):
            menu = self._menu()
            if menu:
                words = self._flow.sentences.keys
                agree = words.agree if self._may_agree() else ""
                person = words.person if self._reaches_person() else ""
                # One by one, so that each is cut into the clauses that were rendered beforehand.
                *said, text = filter(None, (self._question(last), agree, menu, person))
                return [*actions[:-1], *(Say(text=each) for each in said), replace(last, text=text, keys=self._whole)]
            actions = [*actions[:-1], *self._pass_over()]
        return actions

    def understood(self, digits: str, begun: str = "") -> Understood:
        """What `digits` answer; `begun` are those of a telephone number that were keyed before."""
        topic, slot = self._questions.topic, self._questions.open.slot
        if digits == keys.PERSON:
            return Understood(intent=Intent.HUMAN, confidence=1.0)
        if topic is Topic.CHANGE:
            return Understood(named=keys.chosen(digits, self._changeable()))
        if topic is not Topic.SLOT or (digits == keys.YES and self._may_agree()):
            return Understood(intent=_AGREEING.get(digits), confidence=1.0)
        return self._answer(slot, digits, begun) if slot in self._flow.slots else Understood()

    def _answer(self, name: str, digits: str, begun: str) -> Understood:
        slot, country, now = self._flow.slots[name], self._flow.country, self._now()
        meant = None
        for each in (begun + digits, digits):
            meant = keys.value(slot, each, country, self._flow.language, now) if meant is None else meant
        if meant is not None and is_allowed(slot, meant, self._flow, now):
            return Understood(values={name: Filled(value=meant, heard=begun + digits)}, confidence=1.0)
        if meant is not None:
            return Understood(wrong={name: slot.wrong})
        if isinstance(slot, PhoneSlot) and not phone.is_too_long(begun + digits, country):
            return Understood(digits=begun + digits)
        return Understood()

    def _menu(self) -> str:
        """The keys for the open question; empty if there are none."""
        words, slot = self._flow.sentences.keys, self._questions.open.slot
        match self._questions.topic:
            case Topic.SLOT if slot in self._flow.slots:
                return self._keys_of(slot)
            case Topic.CHANGE:
                today, known = self._now().date(), self._agenda.progress.slots
                values = [spoken.value(self._flow, name, known[name].value, today) for name in self._changeable()]
                return keys.listed(values, words)
            case Topic.QUESTION if not self._is_of_yes_or_no():
                return words.ready if self._agenda.state.patience_s else ""
            case _:
                return words.yes_no

    @property
    def _whole(self) -> str:
        """A pattern of the keys after which nobody need wait for more."""
        name = self._questions.open.slot if self._questions.topic is Topic.SLOT else ""
        asked = self._flow.slots.get(name)
        return keys.whole(asked, self._flow.country) if asked else keys.ONE

    def _keys_of(self, slot: str) -> str:
        return keys.menu(self._flow.slots[slot], self._flow.sentences.keys, self._flow.country)

    def _question(self, last: Ask) -> str:
        """In words that ask for no other answer than keys; the slot's other wordings say what to say."""
        is_slot = self._questions.topic is Topic.SLOT and last.slot in self._flow.slots
        return self._flow.slots[last.slot].ask if is_slot else last.text

    def _pass_over(self) -> Actions:
        match self._questions.topic:
            case Topic.QUESTION:
                return self._agenda.leave()
            case Topic.CHANGE:
                self._agenda.progress.confirmed = True
            case _:
                slot = self._questions.open.slot
                self._left_out.add(slot)
                self._agenda.progress.skipped.add(slot)
                self._questions.ask_again(slot)  # nobody has heard it
        return self._agenda.go_on()

    def _changeable(self) -> list[str]:
        """The slots that were read back, as far as they can be keyed."""
        parts = [part for sentence in self._flow.confirmation.parts for part in sentence]
        named = dict.fromkeys(name for part in parts for name in fields(part))
        return [name for name in named if name in self._agenda.progress.slots and self._keys_of(name)]

    def _is_of_yes_or_no(self) -> bool:
        """Whether a rule of the state is for a yes or a no; `How can I help?` has none."""
        wanted = (rule.if_.intent for rule in self._agenda.state.on if rule.if_ and rule.if_.intent)
        return any(_YES_OR_NO & set(intents) for intents in wanted)

    def _may_agree(self) -> bool:
        """Whether a moment was named, and the state has a rule for who says yes to it."""
        is_offer = self._questions.offered and isinstance(self._flow.slots.get(self._questions.slot or ""), MomentSlot)
        return bool(is_offer) and self._led_by(Intent.YES) is not None

    def _reaches_person(self) -> bool:
        """Whether who asks for a person is connected to one."""
        led = self._led_by(Intent.HUMAN)
        return led is not None and isinstance(led[-1], Transfer)

    def _led_by(self, intent: Intent) -> Actions | None:
        """Where the flow's rules would lead who means `intent`; None if nowhere. Takes about 0.1 ms."""
        trial = copy.deepcopy(self._agenda, {id(one): one for one in (self._flow, self._now)})
        trial.progress.counts[intent] += 1
        rule = trial.use_rule(intent=intent, sentiment="neutral")
        return trial.follow(rule) if rule else None
