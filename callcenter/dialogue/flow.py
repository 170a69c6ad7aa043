"""Flow files: what a conversation is for, the states that it goes through, and what it can say and understand."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from callcenter import yaml_file
from callcenter.dialogue import intents, keys, phrasebook, references, sentences
from callcenter.dialogue.intents import Answer, Intent, Phrases
from callcenter.dialogue.parts import Name, Template, Text, fields, normal
from callcenter.dialogue.people import Person
from callcenter.dialogue.phrasebook import Confirmation, Sentences
from callcenter.dialogue.rule import OutcomeRule, Rule
from callcenter.dialogue.slot import Slot
from callcenter.dialogue.state import State
from callcenter.errors import FileError
from callcenter.yaml_file import Part

SHIPPED = Path(__file__).parent.parent / "flows"


class Voice(Part):
    """With which voice the agent speaks."""

    engine: Literal["piper", "espeak", "openai", "deepgram"]
    name: str = ""
    """One of the engine's; its own choice for the language if empty."""


class Variant(Part):
    """Other wordings, tried against the flow's own."""

    share: float = Field(gt=0, le=100)
    """Per cent of the calls."""
    change: dict[Literal["greeting", "slots", "states", "answers", "sentences", "confirmation"], Any]
    """What is different, as in the flow file itself; what is not said stays."""


class Limits(Part):
    """When the agent stops insisting."""

    again: int = Field(default=2, ge=0, le=5)
    """Times that a required slot is asked again before it is left out."""
    lost: int = Field(default=2, ge=1)
    """Required slots left out in a row after which the call ends."""
    answers: int = Field(default=8, ge=1)
    """Questions of the caller that are answered in one call. After one more the agent says that a colleague will see to
    them; from then on such a question is no answer, like anything that is not understood."""


class ReadBack(Confirmation):
    """Reading the details back."""

    parts: tuple[Annotated[tuple[Template, ...], Field(min_length=1)], ...] = ()
    """Sentences, each in parts joined by commas; a part whose slot is not known is left out."""


class Flow(Part):
    """A flow file. What it leaves to its language is there as well: sentences, common intents, how slots are asked."""

    name: Text
    language: str
    """Two letters, one of `phrasebook.languages()`."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """Two letters: the country of postcodes, and of telephone numbers without `+`."""
    currency: str = ""
    """As spoken after an amount: `dollars`."""
    voice: Voice | None = None
    prompt: str = ""
    """For the recogniser: an example of what callers say, in the spelling that is wanted."""
    greeting: Text
    slots: dict[Name, Slot] = Field(min_length=1)
    states: dict[Name, State] = Field(min_length=1)
    """The first is where a conversation begins."""
    always: tuple[Rule, ...] = ()
    """In every state, after the state's own."""
    outcomes: tuple[OutcomeRule, ...] = ()
    """What a call has come to at any time, the first that fits; without one it is `partial` when a slot is filled,
    else `hung_up`."""
    people: dict[Name, Person] = Field(default_factory=dict)
    limits: Limits = Limits()
    confirmation: ReadBack
    sentences: Sentences
    intents: dict[Name, Phrases]
    """The flow's own, and the common ones of its language with what the flow adds to them."""
    answers: dict[Name, Answer] = Field(default_factory=dict)
    """Questions that callers ask at any time; after the answer the question that was open is asked again."""

    variants: dict[Name, Variant] = Field(default_factory=dict)
    """What the shares leave is spoken in the flow's own words."""
    _varied: dict[str, "Flow"] = PrivateAttr(default_factory=dict)
    _variant: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _in_its_language(cls, content: Any) -> Any:
        if not isinstance(content, dict) or "language" not in content:
            return content
        known = phrasebook.languages()
        if content["language"] not in known:
            raise _mistakes(cls, [(("language",), f"not spoken here; allowed are {', '.join(known)}")])
        return phrasebook.completed(content)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = references.mistakes(self)
        if sum(variant.share for variant in self.variants.values()) > 100:
            found.append((("variants",), "the shares are more than 100 per cent"))
        if found:
            raise _mistakes(type(self), found)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _with_variants(cls, content: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        flow = handler(content)
        for name, variant in flow.variants.items():
            changed = phrasebook.merged({**content, "variants": {}}, variant.change)
            try:
                flow._varied[name] = handler(changed)
            except ValidationError as error:
                found = [(("variants", name, "change", *item["loc"]), item["msg"]) for item in error.errors()]
                raise _mistakes(cls, found) from error
            flow._varied[name]._variant = name
        return flow

    @property
    def variant(self) -> str:
        """The name of the variant that this is; empty for the flow's own wording."""
        return self._variant

    @property
    def varied(self) -> Mapping[str, "Flow"]:
        """The flow as each of its variants is spoken."""
        return self._varied

    def chosen(self, chance: float) -> "Flow":
        """The flow as it is spoken in a call for which `chance`, from 0 to 1, was drawn."""
        for name, variant in self.variants.items():
            if chance * 100 < variant.share:
                return self._varied[name]
            chance -= variant.share / 100
        return self

    @property
    def own_intents(self) -> list[str]:
        """Those that the language does not know."""
        return [name for name in self.intents if name not in set(Intent)]

    @property
    def first(self) -> str:
        """The state where a conversation begins."""
        return next(iter(self.states))

    @cached_property
    def heard(self) -> Mapping[str, Slot]:
        """The slots that callers can fill: all but those that only a look-up fills, and nothing asks or listens for."""
        states = self.states.values()
        kept = {slot for state in states if state.do and state.do.fetch for slot in state.do.fetch.keep}
        conditions = (condition for _, rule in references.rules(self) for condition in (rule.if_, rule.unless))
        wanted = {slot for state in states for slot in state.ask}
        wanted |= {slot for condition in conditions if condition for slot in condition.heard or ()}
        return {name: slot for name, slot in self.slots.items() if name in wanted or name not in kept}

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Words by which callers name slots, as `normal` makes them and between spaces, and which slot each."""
        return tuple((f" {normal(word)} ", name) for name, slot in self.slots.items() for word in slot.named)

    def is_backchannel(self, text: str) -> bool:
        """Whether a caller who says `text` only shows that they listen."""
        return intents.best(text, {Intent.FILLER: self.intents[Intent.FILLER]}) is not None

    def phrases(self) -> list[str]:
        """Every constant clause that the agent can say, as `sentences.Splitter` cuts it, each once; greeting first."""
        texts = [self.greeting]
        texts += [text for slot in self.slots.values() for text in _texts(slot.model_dump(include=_ASKED))]
        for state in self.states.values():
            texts += [*state.say, *filter(None, [state.question]), *state.again, *_said(state.on)]
        texts += [*_said(self.always), *_texts(self.confirmation.model_dump()), *_texts(self.sentences.model_dump())]
        texts += [text for person in self.people.values() for text in (person.transferring, person.nobody) if text]
        texts += [answer.say for answer in self.answers.values()]
        texts += [keys.menu(slot, self.sentences.keys, self.country) for slot in self.heard.values()]
        constant = (text for text in texts if not fields(text))
        said = [clause for text in constant for clause in sentences.clauses(text)]
        varied = [clause for flow in self._varied.values() for clause in flow.phrases()]
        return list(dict.fromkeys([*said, *varied]))


_ASKED = {"ask", "again", "why", "wrong"}


def _said(rules: tuple[Rule, ...]) -> list[str]:
    return [text for rule in rules for text in rule.say]


def _texts(tree: object) -> list[str]:
    match tree:
        case str():
            return [tree]
        case dict():
            return [text for branch in tree.values() for text in _texts(branch)]
        case list() | tuple():
            return [text for branch in tree for text in _texts(branch)]
    return []


def _mistakes(model: type[Part], found: list[references.Mistake]) -> ValidationError:
    return ValidationError.from_exception_data(
        model.__name__,
        [
            InitErrorDetails(
                type=PydanticCustomError("reference", "{message}", {"message": message}), loc=where, input=None
            )
            for where, message in found
        ],
    )


def load_flow(name_or_path: str | Path) -> Flow:
    """Read the shipped flow of that name, or the file at that path.

    Raises FileError with the line of a mistake, or the names of the shipped flows if there is no such file.
    """
    return yaml_file.load(flow_path(name_or_path), Flow)


def flow_path(name_or_path: str | Path) -> Path:
    """Where the shipped flow of that name is, or the path itself.

    Raises FileError with the names of the shipped flows if there is none of that name.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = SHIPPED / f"{name_or_path}.yaml"
        if not path.is_file():
            shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
            raise FileError(path, None, f"no such flow; shipped are {shipped}; a file's name ends in .yaml")
    return path


def schema() -> dict[str, Any]:
    """The JSON Schema of flow files; what the language brings along need not be there."""
    found = Flow.model_json_schema(by_alias=True)
    found["properties"]["language"]["enum"] = phrasebook.languages()
    found["required"] = [name for name in found["required"] if name not in {"confirmation", "sentences", "intents"}]
    for name, definition in found["$defs"].items():
        if name in {"Keys", "Sentences", "ReadBack"}:
            definition.pop("required", None)
        elif name.endswith("Slot"):
            definition["required"] = [key for key in definition["required"] if key in {"type", "options"}]
    return found
