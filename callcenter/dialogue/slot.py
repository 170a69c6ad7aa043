"""The slots of a flow file: what is to be found out, how it is asked for, and the words that it is known by."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from callcenter.dialogue.parts import Text, Texts, ValueTemplate, Words
from callcenter.yaml_file import Part


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
    ask: Text
    again: Texts
    """Other wordings, one for each time that the answer was not understood."""
    why: Text
    """The answer to `why do you ask`."""
    named: tuple[Words, ...] = ()
    """Words by which a caller names the slot when correcting it."""


class ChoiceSlot(_Slot):
    """One of several options."""

    type: Literal["choice"]
    options: dict[str, Option] = Field(min_length=2)


class ChoicesSlot(_Slot):
    """Any of several options, as a list."""

    type: Literal["choices"]
    options: dict[str, Option] = Field(min_length=2)
    rest: Text
    """The option that `anything but …` leaves out: what is none of the others."""

    @field_validator("rest")
    @classmethod
    def _an_option(cls, rest: str, info: ValidationInfo) -> str:
        options = info.data.get("options", {})
        if options and rest not in options:
            raise ValueError(f"must be one of the options: {', '.join(options)}")
        return rest


class MoneySlot(_Slot):
    """An amount in the flow's currency: a number, or `[low, high]`."""

    type: Literal["money"]
    least: float = Field(default=1, gt=0)
    most: float = Field(default=1_000_000_000, gt=0)
    out_of_range: Text
    guess: ValueTemplate
    """Asked after a small bare number such as `fifty`, which then means thousands."""


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


class MomentSlot(_Slot):
    """A date and time, as ISO 8601 local time."""

    type: Literal["moment"]


Slot = Annotated[
    ChoiceSlot | ChoicesSlot | MoneySlot | DurationSlot | NameSlot | PhoneSlot | MomentSlot, Field(discriminator="type")
]
