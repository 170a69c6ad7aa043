"""The rules of a flow: on what condition, and what then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from callcenter.dialogue.parts import Name, Names, Templates, listed
from callcenter.dialogue.people import Person
from callcenter.dialogue.slot import Value, same
from callcenter.yaml_file import Part

ANY = "any"
"""In `heard`: whatever slot."""
ANSWERS = "answers"
"""The counter of the questions that the caller has asked, this one included."""

Values = Annotated[tuple[Value, ...], BeforeValidator(listed, json_schema_input_type=Value | tuple[Value, ...])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a condition can depend on."""

    now: datetime
    """Local time."""
    state: str
    known: Mapping[str, Any]
    """The slots' values."""
    counts: Mapping[str, int]
    people: Mapping[str, Person]
    intent: str | None = None
    heard: frozenset[str] = frozenset()
    """The slots that the caller has just filled."""
    sentiment: str = ""
    result: str | None = None
    """Of the state's action."""
    outcome: str = ""
    """What the call comes to so far."""


class Condition(Part):
    """All that is said must hold; of several names in one place one is enough, but for `known` and `unknown`."""

    intent: Names | None = None
    """What the caller means by what they have just said."""
    heard: Names | None = None
    """Slots that the caller has just filled; `any` for whichever."""
    sentiment: Names | None = None
    """Of what the caller has just said: negative, neutral, positive."""
    result: Names | None = None
    """Of the state's action: `nobody` of a transfer; `ok`, `failed` or what the service says of a fetch."""
    is_: dict[Name, Values] = Field(default_factory=dict, alias="is")
    """Slots and the value, or one of the values, that they have; of text `*` stands for anything."""
    above: dict[Name, float] = Field(default_factory=dict)
    """Slots with numbers that are larger."""
    below: dict[Name, float] = Field(default_factory=dict)
    known: Names | None = None
    """Slots that are all filled."""
    unknown: Names | None = None
    """Slots that are all not filled."""
    count: dict[Name, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Counters and how much they are at least. An intent counts how often it was meant, a state how often it was
    entered, both under their names; `answers` counts the questions that the caller asked of the flow's `answers`."""
    open: Name | None = None
    """One of the `people`, who is there at this time."""
    closed: Name | None = None
    """One of the `people`, who is not."""
    state: Names | None = None
    """Where the conversation is."""
    outcome: Names | None = None
    """What the call would come to if it ended now."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("says no condition")
        return self

    @cached_property
    def is_momentary(self) -> bool:
        """Whether it is about what has just happened, rather than about what holds until it changes."""
        return any(part is not None for part in (self.intent, self.heard, self.sentiment, self.result))

    @cached_property
    def is_worded(self) -> bool:
        """Whether it is about the words that were just said."""
        return self.intent is not None or self.heard is not None

    def holds(self, at: Circumstances) -> bool:
        """Whether it does in these circumstances."""
        return self._happened(at) and self._is_known(at) and self._stands(at)

    def _happened(self, at: Circumstances) -> bool:
        return (
            (self.intent is None or at.intent in self.intent)
            and (self.heard is None or bool(at.heard and (ANY in self.heard or at.heard & set(self.heard))))
            and (self.sentiment is None or at.sentiment in self.sentiment)
            and (self.result is None or at.result in self.result)
        )

    def _is_known(self, at: Circumstances) -> bool:
        return (
            all(
                name in at.known and any(same(at.known[name], value) for value in values)
                for name, values in self.is_.items()
            )
            and all(_number(at.known.get(name), low=True, default=limit) > limit for name, limit in self.above.items())
            and all(_number(at.known.get(name), low=False, default=limit) < limit for name, limit in self.below.items())
            and all(name in at.known for name in self.known or ())
            and not any(name in at.known for name in self.unknown or ())
        )

    def _stands(self, at: Circumstances) -> bool:
        return (
            all(at.counts.get(name, 0) >= least for name, least in self.count.items())
            and (self.open is None or at.people[self.open].is_there(at.now))
            and (self.closed is None or not at.people[self.closed].is_there(at.now))
            and (self.state is None or at.state in self.state)
            and (self.outcome is None or at.outcome in self.outcome)
        )


def _number(value: Any, *, low: bool, default: float) -> float:
    """Of a range its low or its high end; the default, which no limit is beyond, if there is none."""
    if isinstance(value, list) and value:
        value = value[0] if low else value[-1]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


class _Conditional(Part):
    if_: Condition | None = Field(default=None, alias="if")
    unless: Condition | None = None

    def fits(self, at: Circumstances) -> bool:
        """Whether `if` holds, and `unless` does not."""
        return (self.if_ is None or self.if_.holds(at)) and (self.unless is None or not self.unless.holds(at))

    @cached_property
    def is_momentary(self) -> bool:
        """Whether it is about what has just happened."""
        return bool(self.if_ and self.if_.is_momentary)

    @cached_property
    def is_worded(self) -> bool:
        """Whether it is about the words that were just said."""
        return bool(self.if_ and self.if_.is_worded)


class Rule(_Conditional):
    """What to do on a condition. Without `go` and `end` the question that was open is asked again."""

    say: Templates = ()
    """Of several the first is said the first time, and so on; the last stays."""
    set: dict[Name, Value] = Field(default_factory=dict)
    """Slots that get a value."""
    forget: Names | None = None
    """Slots that are unknown again, and asked again where a state asks for them."""
    add: Names | None = None
    """Counters that count one up."""
    go: Name | None = None
    """The state to go to."""
    end: Name | bool = False
    """Say goodbye and hang up: with the outcome of that name, or if true with what the outcome rules say."""

    @model_validator(mode="after")
    def _conclusive(self) -> Self:
        if self.if_ is None and self.unless is None:
            raise ValueError("a rule needs if or unless; what always happens stands beside the rules")
        if self.go and self.end:
            raise ValueError("either go or end")
        if both := set(self.set) & set(self.forget or ()):
            raise ValueError(f"either set or forget {', '.join(sorted(both))}")
        return self

    @property
    def concludes(self) -> bool:
        """Whether nothing more is to be done once it is used, rather than only something set or counted."""
        return bool(self.say or self.go or self.end)


class OutcomeRule(_Conditional):
    """What a call comes to on a condition, if it ends without an outcome of its own."""

    outcome: Name

    @model_validator(mode="after")
    def _lasting(self) -> Self:
        for condition in (self.if_, self.unless):
            if condition and (condition.is_momentary or condition.outcome):
                raise ValueError("what a call comes to depends on what is known, not on what was just said")
        return self
