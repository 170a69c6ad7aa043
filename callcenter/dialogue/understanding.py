"""One utterance understood: the slots it fills, in any order and several at once, and what else the caller means."""

from dataclasses import dataclass, field
from functools import lru_cache

from callcenter.dialogue import correction, intents
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.classify.classifier import Guess, Kind
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.options import as_heard
from callcenter.dialogue.readers import in_order, named, read
from callcenter.dialogue.reading import Reading, Situation
from callcenter.dialogue.slot import MoneySlot, NameSlot, PhoneSlot, TextSlot, YesNoSlot
from callcenter.dialogue.slots import choice, name, yes_no
from callcenter.dialogue.slots.heard import Heard

_PLAIN = {None, Intent.YES, Intent.NO}
"""Beside these an answer may be a name, a yes or a text."""
_BESIDE_YES = {*_PLAIN, Intent.FILLER, Intent.GOODBYE}
_REMARKS = {Intent.LATER, Intent.BUSY, Intent.NOT_INTERESTED, Intent.REPEAT}
"""What messages are made of too: `he may ring me when he has time`."""
_FEW_WORDS = 3
"""`Yes, of course.` announces a message rather than being one."""


@dataclass(slots=True, kw_only=True)
class Understood:
    """What was understood of one utterance."""

    values: dict[str, Filled] = field(default_factory=dict)
    intent: str | None = None
    confidence: float = 0.0
    """Of the intent, or of the answer if there is no intent."""
    answer: str | None = None
    """The name of a question of the flow's `answers`."""
    guess: Filled | None = None
    """An amount that must be asked back: thousands for a bare number."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Slots whose value failed its check, and what to say about it."""
    digits: str = ""
    """Telephone digits that are not yet a whole number."""
    named: str | None = None
    """A slot that the caller mentioned by its name."""
    reply: str | None = None
    """Yes or no beside a goodbye."""
    sentiment: str = "neutral"

    @property
    def nothing(self) -> bool:
        """No answer to anything: not understood, or only a sound of listening such as `okay`."""
        told = self.values or self.answer or self.guess or self.wrong or self.digits or self.named
        return self.intent in {None, Intent.FILLER} and not told

    @property
    def refusal(self) -> str:
        """What to say about a value that may not be; empty if there is none."""
        return next(iter(self.wrong.values()), "")

    def take(self, guess: Guess) -> None:
        """Believe what a classifier has understood."""
        self.confidence = guess.confidence
        if guess.kind is Kind.ANSWER:
            self.answer = guess.name
        else:
            self.intent = guess.name


_heard = lru_cache(maxsize=1024)(Heard.of)


def understand(text: str, flow: Flow, situation: Situation) -> Understood:
    """Take `text`, a transcript, apart. Of two values for a slot the one after the correction counts."""
    if _fills_nothing(text, flow):
        result = Understood()
        _read_intents(text, flow, result)
        return result
    asked = intents.stretch(text, flow.answers)
    question = _heard(asked, flow.language).text if asked else ""
    reading = Reading(_heard("", flow.language), situation, flow, question=question)
    rest, hidden = "", False
    for piece in correction.pieces(text, flow.language):
        whole = reading.heard = _heard(piece, flow.language)
        for reading.name, slot in in_order(flow, situation.asked):
            read(slot, reading)
        rest += reading.heard.unread + " "
        hidden = hidden or reading.heard != whole
    result = Understood(guess=reading.guess, digits=reading.digits, named=named(text, flow))
    result.values, result.wrong = reading.values, reading.wrong
    _read_intents(rest if hidden else text, flow, result)
    _read_names(text, flow, situation, result)
    _read_reply(text, flow, situation, result)
    if not (correction.is_in(text, flow.language) or situation.reviewing):
        _keep_known(result, situation, flow)
    if hidden and result.nothing:
        _read_intents(text, flow, result)  # the words of a value that says nothing new may be those of an intent
    if situation.questioned and result.nothing and result.intent is None:
        result.intent = _reply(text, flow)
    return result


def _fills_nothing(text: str, flow: Flow) -> bool:
    """Whether something is meant beside which the flow takes no answer, such as an order to the agent."""
    alone = {name: meant for name, meant in (*flow.intents.items(), *flow.answers.items()) if not meant.fills}
    return bool(alone) and intents.best(text, alone) is not None


def _reply(text: str, flow: Flow) -> Intent | None:
    """Yes or no, as an answer to a question of yes or no."""
    said = yes_no.parse(_heard(text, flow.language), True)
    return None if said is None else Intent.YES if said.value else Intent.NO


def _read_intents(text: str, flow: Flow, result: Understood) -> None:
    meant, question = intents.best(text, flow.intents), intents.best(text, flow.answers)
    if meant:
        result.intent, result.confidence = meant.name, meant.confidence
    if meant and meant.opening and meant.name == Intent.NO:
        result.intent = _reply(text, flow)  # `no sé`, `no sé, creo que sí`
    if result.intent == Intent.GOODBYE:
        reply = intents.best(text, {intent: flow.intents[intent] for intent in (Intent.YES, Intent.NO)})
        result.reply = reply.name if reply else None
    if question and result.intent in {*_PLAIN, Intent.FILLER}:
        result.answer, result.confidence = question.name, max(result.confidence, question.confidence)


def _read_names(text: str, flow: Flow, situation: Situation, result: Understood) -> None:
    """A bare name counts only if nothing else was meant."""
    for slot_name, slot in flow.heard.items():
        if not isinstance(slot, NameSlot):
            continue
        asked = slot_name == situation.asked and result.intent in _PLAIN and not result.answer
        found = name.parse(text, asked, flow.language)
        if found:
            _take(slot_name, found.value, text[found.start : found.end].strip(" ,."), flow, result)


def _read_reply(text: str, flow: Flow, situation: Situation, result: Understood) -> None:
    """An answer that only the question makes one: yes and no, and texts."""
    asked = situation.asked or ""
    match flow.slots.get(asked):
        case YesNoSlot() as slot if result.intent in _BESIDE_YES or result.intent in flow.own_intents:
            agreed = _agreed(_heard(text, flow.language), slot)
            if agreed is not None:
                _take(asked, agreed, text.strip(), flow, result)
        case TextSlot() if _is_told(text, result):
            _take(asked, text.strip(), text.strip(), flow, result)
            if result.answer or result.intent in _REMARKS:
                result.answer = result.intent = None  # of what is told, not of the caller


def _agreed(heard: Heard, slot: YesNoSlot) -> bool | None:
    """By the slot's own words, else by what is yes and no in any case."""
    words = {"yes": slot.yes, "no": slot.no}
    own = choice.parse(heard, {reply: as_heard(said, heard.language) for reply, said in words.items()}, fuzzy=True)
    if own:
        return own.wanted[-1] == "yes" if own.wanted else own.unwanted[-1] == "no"
    said = yes_no.parse(heard, True)
    return None if said is None else bool(said.value)


def _is_told(text: str, result: Understood) -> bool:
    """Whether `text` is an answer in the caller's own words, rather than a question or a yes that announces one."""
    is_long = len(text.split()) > _FEW_WORDS
    if result.answer or result.intent in _REMARKS:
        return is_long and not text.rstrip().endswith("?") and result.intent in {*_PLAIN, *_REMARKS}
    return result.intent is None or (result.intent in _PLAIN and is_long)


def _take(slot: str, value: object, words: str, flow: Flow, result: Understood) -> None:
    if flow.slots[slot].check.holds(value):
        result.values[slot] = Filled(value=value, heard=words)
    else:
        result.wrong[slot] = flow.slots[slot].wrong


def _keep_known(result: Understood, situation: Situation, flow: Flow) -> None:
    """Without a sign of correction only the asked slot, one mentioned by its name, an amount and a telephone number
    replace what is known."""
    for slot_name in list(result.values):
        meant = slot_name in (situation.asked, result.named)
        plain = isinstance(flow.slots[slot_name], MoneySlot | PhoneSlot)
        if slot_name in situation.known and situation.asked is not None and not (meant or plain):
            del result.values[slot_name]
