"""Flow files: what a conversation is for, what it finds out, and every sentence that it can say."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from callcenter import yaml_file
from callcenter.dialogue import intents, sentences
from callcenter.dialogue.brain import Status
from callcenter.dialogue.intents import Answer, Intent, Phrases
from callcenter.dialogue.parts import Template, Text, Texts, ValueTemplate, fields
from callcenter.dialogue.slot import Slot
from callcenter.errors import FileError
from callcenter.yaml_file import Part

SHIPPED = Path(__file__).parent.parent / "flows"

Key = TypeVar("Key")
Value = TypeVar("Value")


class Limits(Part):
    """When the agent stops insisting."""

    again: int = Field(default=2, ge=0, le=5)
    """Times that a slot is asked again before it is left out."""
    lost: int = Field(default=2, ge=1)
    """Slots left out in a row after which the call ends."""
    busy: int = Field(default=1, ge=0)
    not_interested: int = Field(default=1, ge=0)


class Confirmation(Part):
    """Reading the details back."""

    opening: Text
    parts: tuple[Annotated[tuple[Template, ...], Field(min_length=1)], ...]
    """Sentences, each in parts joined by commas; a part whose slot is not known is left out."""
    ask: Text
    again: Text
    what: Text
    """Asked when the caller says that it is wrong."""


class Busy(Part):
    """A caller who has no time."""

    offer: Text
    let_go: Text


class NotInterested(Part):
    """A caller who does not want anything."""

    offer: Text
    """The one kind question."""


class More(Part):
    """The last question."""

    ask: Text
    what: Text
    """Asked after a bare yes."""
    noted: Text


class Sentences(Part):
    """What the agent says in its own situations."""

    acknowledgements: Annotated[tuple[Text, ...], Field(min_length=2)]
    fillers: Annotated[tuple[Text, ...], Field(min_length=2)]
    """While the caller waits for an answer, in turns; short, for the answer comes after it."""
    changed: ValueTemplate
    """After a correction."""
    skipped: Text
    lost: Text
    contact: Text
    """Offers the callback, once the lead is qualified."""
    no_contact: Text
    later: Text
    robot: Text
    why: Text
    """Why a question is asked that is about no slot."""
    transferring: Text
    nobody: Text
    hold: Text
    too_busy: Text
    """To a caller for whom there is no room; then the dialplan looks after them."""
    silence: Texts
    silence_end: Text
    misheard: Text
    misheard_end: Text
    length_end: Text
    shutdown_end: Text
    goodbye: dict[Status, Text]

    @field_validator("fillers")
    @classmethod
    def _distinct(cls, fillers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(fillers)) < len(fillers):
            raise ValueError("a sentence is there twice, so it could be said twice in a row")
        return fillers

    @field_validator("goodbye")
    @classmethod
    def _every_status(cls, goodbye: dict[Status, str]) -> dict[Status, str]:
        return _complete(goodbye, get_args(Status))


class Flow(Part):
    """A flow file."""

    name: Text
    language: Literal["en"]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """Two letters: the country of telephone numbers without `+`."""
    currency: Text
    """As spoken after an amount: `dollars`."""
    transfer: Text
    """The dial string of a person."""
    prompt: str = ""
    """For the recogniser: an example of what callers say, in the spelling that is wanted."""
    greeting: Text
    slots: dict[str, Slot] = Field(min_length=1)
    qualifies: Annotated[tuple[str, ...], Field(min_length=1)]
    """The slots that make a lead qualified, in the order in which they are asked."""
    contact: tuple[str, ...]
    """The slots asked after those, once the callback has been offered."""
    callback: tuple[str, ...]
    """The slots asked instead when the caller wants to be called another time."""
    limits: Limits = Limits()
    confirmation: Confirmation
    busy: Busy
    not_interested: NotInterested
    more: More
    sentences: Sentences
    intents: dict[Intent, Phrases]
    answers: dict[str, Answer] = Field(default_factory=dict)

    @field_validator("intents")
    @classmethod
    def _every_intent(cls, intents: dict[Intent, Phrases]) -> dict[Intent, Phrases]:
        return _complete(intents, Intent)

    @field_validator("qualifies", "contact", "callback")
    @classmethod
    def _known_slots(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        slots = info.data.get("slots", {})
        unknown = [name for name in names if slots and name not in slots]
        if unknown:
            raise ValueError(f"no slot is called {', '.join(unknown)}; the slots are {', '.join(slots)}")
        return names

    @field_validator("confirmation")
    @classmethod
    def _known_parts(cls, confirmation: Confirmation, info: ValidationInfo) -> Confirmation:
        slots = info.data.get("slots", {})
        unknown = [name for part in sum(confirmation.parts, ()) for name in fields(part) if name not in slots]
        if slots and unknown:
            raise ValueError(f"no slot is called {', '.join(unknown)}; the slots are {', '.join(slots)}")
        return confirmation

    def is_backchannel(self, text: str) -> bool:
        """Whether a caller who says `text` only shows that they listen."""
        return intents.best(text, {Intent.FILLER: self.intents[Intent.FILLER]}) is not None

    def phrases(self) -> list[str]:
        """Every constant clause that the agent can say, as `sentences.Splitter` cuts it, each once; greeting first."""
        texts = _texts(self.model_dump(include=_SPOKEN))
        texts += [text for slot in self.slots.values() for text in _texts(slot.model_dump(include=_ASKED))]
        texts += [answer.say for answer in self.answers.values()]
        constant = (text for text in texts if not fields(text))
        return list(dict.fromkeys(clause for text in constant for clause in sentences.clauses(text)))


_SPOKEN = {"greeting", "confirmation", "busy", "not_interested", "more", "sentences"}
_ASKED = {"ask", "again", "why", "out_of_range"}


def load_flow(name_or_path: str | Path) -> Flow:
    """Read the shipped flow of that name, or the file at that path.

    Raises FileError with the line of a mistake, or the names of the shipped flows if there is no such file.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = SHIPPED / f"{name_or_path}.yaml"
        if not path.is_file():
            shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
            raise FileError(path, None, f"no such flow; shipped are {shipped}; a file's name ends in .yaml")
    return yaml_file.load(path, Flow)


def _texts(tree: object) -> list[str]:
    match tree:
        case str():
            return [tree]
        case dict():
            return [text for branch in tree.values() for text in _texts(branch)]
        case list() | tuple():
            return [text for branch in tree for text in _texts(branch)]
    return []


def _complete(found: dict[Key, Value], wanted: Iterable[object]) -> dict[Key, Value]:
    missing = [str(key) for key in wanted if key not in found]
    if missing:
        raise ValueError(f"{', '.join(missing)} must be there too")
    return found
