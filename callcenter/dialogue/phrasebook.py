"""What the agent says and callers mean in every flow of a language; a flow replaces and adds."""

from functools import cache
from typing import Annotated, Any

from pydantic import Field, RootModel, field_validator

from callcenter import yaml_file
from callcenter.dialogue.intents import Intent, Phrases
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Template, Text, Texts, ValueTemplate, Words, fields
from callcenter.yaml_file import Part

ANY = "any"
"""The goodbye of outcomes that have none of their own."""


class Confirmation(Part):
    """Reading the details back."""

    opening: Text
    ask: Text
    again: Text
    what: Text
    """Asked when the caller says that it is wrong."""


class Keys(Part):
    """What to press, told to a caller whom nobody hears. Nobody need say anything."""

    option: Template
    """An answer and its key: `{option}`, which can be any words that the agent reads back, and `{key}`."""
    several: Text
    """More than one of them may be pressed."""
    yes_no: Text
    """1 and 2."""
    agree: Text
    """1, to a moment that was offered."""
    ready: Text
    """1, once the caller has done what they were asked to do."""
    number: Text
    money: Text
    phone: Text
    postcode: Text
    moment: Text
    """A day from 1 for Monday to 7, then the hour in two digits."""
    hash: Text
    """After answers whose end nobody can know: those of several keys, sums, moments."""
    person: Text
    """0."""
    wrong: Text
    """After keys that answer nothing."""

    @field_validator("option")
    @classmethod
    def _both(cls, option: str) -> str:
        if set(fields(option)) != {"option", "key"}:
            raise ValueError("must have {option} and {key}, and nothing else to fill in")
        return option


class Sentences(Part):
    """What the agent says in its own situations."""

    acknowledgements: Annotated[tuple[Text, ...], Field(min_length=2)]
    fillers: Annotated[tuple[Text, ...], Field(min_length=2)]
    """While the caller waits for an answer, in turns; short, for the answer comes after it."""
    changed: ValueTemplate
    """After a correction."""
    skipped: Text
    """A slot is left out."""
    enough: Text
    """Instead of one more answer to a caller's questions, once there were as many as the flow's limit."""
    lost: Text
    """Too much was not understood, so the call ends."""
    robot: Text
    why: Text
    """Why a question is asked that is about no slot."""
    hold: Text
    let_go: Text
    """To a caller who has no time, where the flow has no rule for it."""
    transferring: Text
    nobody: Text
    voicemail: Text | None = None
    """What a machine is told that has answered our call."""
    too_busy: Text
    """To a caller for whom there is no room; then the dialplan looks after them."""
    silence: Texts
    silence_end: Text
    misheard: Text
    misheard_end: Text
    deaf: Text
    """Nobody hears the caller, so the keys are told."""
    call_back: Text
    """The same, where there is no person to be connected to."""
    keys: Keys
    length_end: Text
    shutdown_end: Text
    goodbye: dict[str, Text]
    """By outcome; `any` for those not named."""

    @field_validator("fillers")
    @classmethod
    def _distinct(cls, fillers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(fillers)) < len(fillers):
            raise ValueError("a sentence is there twice, so it could be said twice in a row")
        return fillers

    @field_validator("goodbye")
    @classmethod
    def _for_any(cls, goodbye: dict[str, str]) -> dict[str, str]:
        if ANY not in goodbye:
            raise ValueError(f"{ANY} must be there too")
        return goodbye


class SlotWords(Part):
    """What is said about slots of a type, unless a flow says it otherwise."""

    ask: Text | None = None
    again: Texts
    why: Text
    named: tuple[Words, ...] = ()
    wrong: Text
    guess: ValueTemplate | None = None


class SlotTypes(Part):
    """One for each type."""

    money: SlotWords
    number: SlotWords
    choice: SlotWords
    choices: SlotWords
    duration: SlotWords
    moment: SlotWords
    phone: SlotWords
    postcode: SlotWords
    name: SlotWords
    yes_no: SlotWords
    text: SlotWords


class Phrasebook(Sentences):
    """A language's `sentences.yaml`."""

    confirmation: Confirmation
    slots: SlotTypes


class Intents(RootModel[dict[Intent, Phrases]]):
    """A language's `intents.yaml`: what callers mean besides an answer, whatever the call is about."""

    @field_validator("root")
    @classmethod
    def _every_intent(cls, intents: dict[Intent, Phrases]) -> dict[Intent, Phrases]:
        missing = [intent.value for intent in Intent if intent not in intents]
        if missing:
            raise ValueError(f"{', '.join(missing)} must be there too")
        return intents


def languages() -> list[str]:
    """The codes of those that flows can be in."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/sentences.yaml"))


@cache
def load_phrasebook(language: str) -> Phrasebook:
    """Raises FileError with the line of a mistake."""
    return yaml_file.load(SHIPPED / language / "sentences.yaml", Phrasebook)


@cache
def load_intents(language: str) -> dict[Intent, Phrases]:
    """Raises FileError with the line of a mistake."""
    return yaml_file.load(SHIPPED / language / "intents.yaml", Intents).root


def completed(content: dict[str, Any]) -> dict[str, Any]:
    """The `content` of a flow file with all that it leaves to its language, which must be one of `languages()`."""
    language = content["language"]
    book = load_phrasebook(language)
    sentences = book.model_dump(exclude_none=True, exclude={"slots", "confirmation"})
    return {
        **content,
        "sentences": merged(sentences, content.get("sentences", {})),
        "confirmation": merged(book.confirmation.model_dump(), content.get("confirmation", {})),
        "slots": _with_words(content.get("slots", {}), book.slots.model_dump(exclude_none=True)),
        "intents": _with_common(content.get("intents", {}), load_intents(language)),
    }


def merged(common: dict[str, Any], own: Any) -> Any:
    """`own` where it says something, by key; what is no mapping is left for the model to complain about."""
    if not isinstance(own, dict):
        return own
    inner = {key: merged(common[key], value) for key, value in own.items() if isinstance(common.get(key), dict)}
    return {**common, **own, **inner}


def _with_words(slots: Any, types: dict[str, dict[str, Any]]) -> Any:
    if not isinstance(slots, dict):
        return slots
    return {
        name: {**types.get(str(slot.get("type")), {}), **slot} if isinstance(slot, dict) else slot
        for name, slot in slots.items()
    }


def _with_common(own: Any, common: dict[Intent, Phrases]) -> Any:
    """Those of the flow alone come first: they say more than the common ones, to which it may add."""
    if not isinstance(own, dict):
        return own
    alone = {name: phrases for name, phrases in own.items() if name not in common}
    return alone | {
        intent.value: _joined(phrases.model_dump(exclude_defaults=True), own.get(intent.value))
        for intent, phrases in common.items()
    }


def _joined(common: dict[str, Any], own: Any) -> Any:
    if not isinstance(own, dict):
        return common if own is None else own
    both = {key: (*common[key], *value) for key, value in own.items() if key in common and isinstance(value, list)}
    return {**common, **own, **both}
