"""Whether a caller who pauses has finished: from the words so far, and what was asked."""

import re
from functools import singledispatch
from typing import Any

from callcenter.dialogue import correction
from callcenter.dialogue.brain import Completeness, Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent, Phrases
from callcenter.dialogue.language import Language
from callcenter.dialogue.parts import normal
from callcenter.dialogue.questions import Topic
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.slot import MomentSlot, NameSlot, PhoneSlot, PostcodeSlot, TextSlot
from callcenter.dialogue.slots import moment, name, phone
from callcenter.dialogue.slots.heard import Heard
from callcenter.dialogue.understanding import Understood, understand

_BROKEN_OFF = re.compile(r"(?:[,;:…]|\.\.+|[-–—])[\s\"']*$")
"""How a recogniser writes a sentence that goes on."""
_SAID_ALL = {
    Intent.HUMAN,
    Intent.ROBOT,
    Intent.WHY,
    Intent.NOT_INTERESTED,
    Intent.BUSY,
    Intent.WITHHELD,
    Intent.GOODBYE,
}
_LISTENING = {Intent.YES, Intent.FILLER, None}
"""Words that come before an answer rather than instead of it."""
_MOST_ASSENT = 3
"""Words of an `of course` to a question that no yes answers."""
_ENOUGH = {
    Topic.GUESS: {Intent.YES, Intent.FILLER},
    Topic.CONFIRM: {Intent.YES, Intent.FILLER},
    Topic.QUESTION: {Intent.YES, Intent.NO, Intent.FILLER},
}
"""Who says no to details read back mostly says at once what is wrong."""
_ENOUGH_AT_LAST = {Intent.NO, Intent.FILLER}
"""The same for a question after that: who says yes, there is more, says what."""


def judge(text: str, flow: Flow, language: Language, situation: Situation, topic: Topic) -> Completeness:
    """Whether `text`, a transcript so far, answers a question about `topic`."""
    if not re.search(r"\w", text):
        return Completeness.OPEN
    understood = understand(text, flow, situation)
    answers = _answers(understood, flow, situation)
    if _is_whole_number(answers, flow, situation):
        return Completeness.COMPLETE
    enough = _ENOUGH_AT_LAST if topic is Topic.QUESTION and situation.reviewing else _ENOUGH.get(topic, set())
    if _ends_open(text, flow, language, understood, enough):
        return Completeness.UNFINISHED
    if topic is Topic.SLOT and _lacks(text, flow, situation, understood):
        return Completeness.UNFINISHED
    if answers:
        whole = all(_is_whole(flow.slots[slot], filled, flow) for slot, filled in answers.items())
        return Completeness.COMPLETE if whole else Completeness.OPEN
    return Completeness.COMPLETE if _needs_no_more(text, flow, understood, enough) else Completeness.OPEN


def _answers(understood: Understood, flow: Flow, situation: Situation) -> dict[str, Filled]:
    """The values that were asked for: that of one slot, or all that correct the details read back."""
    if situation.reviewing:
        return understood.values
    return {slot: filled for slot, filled in understood.values.items() if slot == situation.asked}


def _is_whole_number(answers: dict[str, Filled], flow: Flow, situation: Situation) -> bool:
    """A telephone number with all its digits, after which nothing can follow."""
    number = answers.get(situation.asked or "")
    slot = flow.slots.get(situation.asked or "")
    return bool(number and isinstance(slot, PhoneSlot) and phone.is_whole(number.value, flow.country))


def _ends_open(text: str, flow: Flow, language: Language, understood: Understood, enough: set[Intent]) -> bool:
    """Whether the words themselves must go on."""
    if _BROKEN_OFF.search(text) or _takes_back(text, flow, understood):
        return True
    plain = normal(text)
    ending = language.unfinished.ending(plain)
    if ending and len(ending) >= len(_known_ending(plain, flow, understood, enough)):
        return True
    return language.unfinished.lacks_pair(plain)


def _takes_back(text: str, flow: Flow, understood: Understood) -> bool:
    """`Fifty thousand, no` is followed by what is right; `thanks, no` and a mere `sorry?` are not."""
    if understood.values or understood.guess or understood.digits:
        return correction.is_open(text, flow.language) or correction.is_begun(text, flow.language)
    return correction.is_open(text, flow.language) and understood.intent not in {Intent.REPEAT, Intent.NO}


def _known_ending(plain: str, flow: Flow, understood: Understood, enough: set[Intent]) -> str:
    """The longest answer or saying that `plain` ends with: `all in`, `what is that for`, `hold on`."""
    values = understood.values.items()
    heard = [normal(filled.heard) for slot, filled in values if not isinstance(flow.slots[slot], NameSlot)]
    meant: list[Phrases] = [flow.intents[understood.intent]] if understood.intent else []
    meant += [flow.answers[understood.answer]] if understood.answer else []
    sayings = [saying for phrases in meant for saying in (*phrases.phrases, *phrases.whole)]
    if understood.intent in enough:
        sayings += [saying for phrases in meant for saying in phrases.opening]
    return max((known for known in (*heard, *sayings) if f" {plain}".endswith(f" {known}")), key=len, default="")


def _lacks(text: str, flow: Flow, situation: Situation, understood: Understood) -> bool:
    """Whether part or all of the answer is still to come."""
    slot = flow.slots.get(situation.asked or "")
    if slot is None or situation.asked in understood.values:
        return False
    if isinstance(slot, PhoneSlot):
        found = phone.digits(Heard.of(text, flow.language), True)
        digits = understood.digits or (found.value if found else "")
        if digits:
            return not phone.is_too_long(digits, flow.country)
    if understood.answer or understood.values or understood.guess:
        return False
    if isinstance(slot, PostcodeSlot) and re.search(r"\d", Heard.of(text, flow.language).text):
        return True
    if isinstance(slot, PhoneSlot | MomentSlot):
        return understood.intent in _LISTENING
    return understood.intent == Intent.YES and len(text.split()) <= _MOST_ASSENT


@singledispatch
def _is_whole(slot: Any, filled: Filled, flow: Flow) -> bool:
    """Whether nothing more is expected after the value."""
    return True


@_is_whole.register
def _(slot: PhoneSlot, filled: Filled, flow: Flow) -> bool:
    return phone.is_whole(filled.value, flow.country)


@_is_whole.register
def _(slot: TextSlot, filled: Filled, flow: Flow) -> bool:
    return False  # nobody can tell when somebody has told it all


@_is_whole.register
def _(slot: MomentSlot, filled: Filled, flow: Flow) -> bool:
    return moment.is_whole(Heard.of(filled.heard, flow.language))


@_is_whole.register
def _(slot: NameSlot, filled: Filled, flow: Flow) -> bool:
    return name.is_whole(filled.value)


def _needs_no_more(text: str, flow: Flow, understood: Understood, enough: set[Intent]) -> bool:
    """Whether what was said has its answer, though it is not what was asked."""
    asks = text.rstrip(" \"'").endswith("?")
    match understood.intent:
        case Intent.FILLER:
            return True  # if more follows, nothing was said in between
        case Intent.REPEAT:
            return asks or " " in normal(text)  # `hello` and `sorry` are often only a beginning
        case intent if intent in _SAID_ALL or intent in enough or intent in flow.own_intents:
            return True
    return bool(understood.answer and asks)
