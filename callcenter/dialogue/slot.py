"""The slots of a flow file: what is to be found out, how it is asked for, and the words that it is known by."""

import re
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from callcenter.dialogue.parts import Name, Text, Texts, ValueTemplate, Words
from callcenter.yaml_file import Part

Value = bool | int | float | str
"""One that a flow compares a slot with. Of text `*` stands for anything."""


class Check(Part):
    """What a value must be to be taken; any other is answered with the slot's `wrong`, and the slot asked again."""

    pattern: str = ""
    """A regular expression for all of a text."""
    least: float | None = None
    most: float | None = None
    only: tuple[Value, ...] = ()
    """The values that are allowed; of text `*` stands for anything."""
    never: tuple[Value, ...] = ()
    open: Name | None = None
    """One of the flow's `people`: a moment must be within their hours."""
    within_days: int | None = Field(default=None, ge=0)
    """A moment must be no more days from today: 0 is today only, 14 two weeks."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    def holds(self, value: Any) -> bool:
        """Whether `value` may be taken, its hours aside; of a range both ends must be in it."""
        if not self._is_within(value):
            return False
        if self.pattern and not re.fullmatch(self.pattern, str(value), re.IGNORECASE):
            return False
        allowed = not self.only or any(same(value, wanted) for wanted in self.only)
        return allowed and not any(same(value, wanted) for wanted in self.never)

    def _is_within(self, value: Any) -> bool:
        low, high = (value[0], value[-1]) if isinstance(value, list) and value else (value, value)
        if isinstance(low, bool) or not isinstance(low, int | float):
            return True
        return not (self.least is not None and low < self.least) and not (self.most is not None and high > self.most)


def same(value: Any, wanted: Value) -> bool:
    """Whether a slot's `value` is `wanted`; of a list one is enough, and `yes` and `no` are True and False."""
    if isinstance(value, list):
        return any(same(one, wanted) for one in value)
    if isinstance(value, bool):
        return value is {"yes": True, "no": False}.get(str(wanted).lower(), wanted)
    if isinstance(value, str):
        return fnmatchcase(value.lower(), str(wanted).lower())
    return bool(value == wanted)


class Option(Part):
    """One of the values of a choice."""

    says: Text
    """As the agent reads it back."""
    words: tuple[Words, ...] = ()
    """Synonyms that mean it at any time of the call."""
    if_asked: tuple[Words, ...] = ()
    """Synonyms that mean it only as the answer to this slot's question."""


class DurationOption(Option):
    """One of the lengths that a duration falls into."""

    years: float | None = Field(default=None, gt=0)
    """The longest it holds; the last option has no limit."""


class _Slot(Part):
    """What all slots have. What a flow leaves out is the language's, by the type of the slot."""

    ask: Text
    again: Texts
    """Other wordings, one for each time that the answer was not understood."""
    why: Text
    """The answer to `why do you ask`."""
    named: tuple[Words, ...] = ()
    """Words by which a caller names the slot when correcting it."""
    required: bool = True
    """Asked again as often as the flow's limit says; if not, only once, and then it is left open."""
    check: Check = Check()
    wrong: Text
    """Said of a value that fails the check."""


class ChoiceSlot(_Slot):
    """One of several options."""

    type: Literal["choice"]
    options: dict[str, Option] = Field(min_length=2)


class ChoicesSlot(_Slot):
    """Any of several options, as a list."""

    type: Literal["choices"]
    options: dict[str, Option] = Field(min_length=2)
    rest: Text | None = None
    """The option that `anything but …` leaves out: what is none of the others."""

    @field_validator("rest")
    @classmethod
    def _an_option(cls, rest: str | None, info: ValidationInfo) -> str | None:
        options = info.data.get("options", {})
        if options and rest is not None and rest not in options:
            raise ValueError(f"must be one of the options: {', '.join(options)}")
        return rest


class MoneySlot(_Slot):
    """An amount in the flow's currency: a number, or `[low, high]`."""

    type: Literal["money"]
    guess: ValueTemplate
    """Asked after a small bare number such as `fifty`, which then means thousands."""
    thousands: bool = True
    """Whether a small bare number means thousands at all."""


class NumberSlot(_Slot):
    """A plain number: of people, of square metres, of a contract that is only counted."""

    type: Literal["number"]


class DurationSlot(_Slot):
    """How long, as the option that the length falls into."""

    type: Literal["duration"]
    options: dict[str, DurationOption] = Field(min_length=2)

    @field_validator("options")
    @classmethod
    def _rising(cls, options: dict[str, DurationOption]) -> dict[str, DurationOption]:
        limits = [option.years for option in options.values()]
        if limits[-1] is not None or None in limits[:-1] or limits[:-1] != sorted(limits[:-1], key=lambda x: x or 0):
            raise ValueError("years must rise from option to option, and the last has none")
        return options


class NameSlot(_Slot):
    """A person's name."""

    type: Literal["name"]


class PhoneSlot(_Slot):
    """A telephone number, in E.164."""

    type: Literal["phone"]


class PostcodeSlot(_Slot):
    """A postcode of the flow's country, as it is written there."""

    type: Literal["postcode"]


class MomentSlot(_Slot):
    """A date and time, as ISO 8601 local time."""

    type: Literal["moment"]


class YesNoSlot(_Slot):
    """Yes or no, as true or false."""

    type: Literal["yes_no"]
    yes: tuple[Words, ...] = ()
    """What means yes as an answer to this question, besides what always does."""
    no: tuple[Words, ...] = ()


class TextSlot(_Slot):
    """All that the caller answers, in their words. Asked for only; nothing else that they say is one."""

    type: Literal["text"]


Slot = Annotated[
    ChoiceSlot
    | ChoicesSlot
    | MoneySlot
    | NumberSlot
    | DurationSlot
    | NameSlot
    | PhoneSlot
    | PostcodeSlot
    | MomentSlot
    | YesNoSlot
    | TextSlot,
    Field(discriminator="type"),
]
