"""The forms in which a language says values: its `spoken.yaml`."""

from functools import cache
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from callcenter import yaml_file
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Text, fields
from callcenter.yaml_file import Part

Word = Annotated[str, Field(min_length=1)]


def _template(*allowed: str) -> AfterValidator:
    def check(text: str) -> str:
        unknown = [name for name in fields(text) if name not in allowed]
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is not filled in here; allowed is {' '.join(allowed)}")
        return text

    return AfterValidator(check)


class Large(Part):
    """`1.5 million`: said of amounts that are a round number of hundredths of it."""

    of: int = Field(gt=1)
    one: Text
    below_two: Annotated[str, _template("number")] = ""
    """Where one and a half takes no plural."""
    more: Annotated[str, _template("number")]


class Amounts(Part):
    """Numbers and money. No sign of a currency: a voice would read `$` before the number."""

    thousands: str
    """Between groups of three digits."""
    decimal: Word
    large: tuple[Large, ...] = ()
    """The largest first."""
    plain: Annotated[str, _template("number", "currency")]
    after_large: Annotated[str, _template("number", "currency")]
    """Where the number ends with million."""
    elided: dict[Word, Word] = Field(default_factory=dict)
    """What sounds cannot meet, and what is said instead: ` de e`, ` d'e`."""
    range: Annotated[str, _template("low", "high")]
    """In the place of the number."""


class Phones(Part):
    """Telephone numbers and postcodes, in words: a voice would read a group as one number."""

    digits: Annotated[tuple[Word, ...], Field(min_length=10, max_length=10)]
    pairs: Annotated[tuple[Word, ...], Field(min_length=90, max_length=90)] | None = None
    """From ten to ninety-nine, where numbers are said in pairs."""
    groups: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """By country, where people group digits otherwise than they are printed."""
    plus: Text
    postcode: Literal["digits", "number"]
    """Whether a postcode of digits alone is said as one number."""


class Clock(Part):
    """How times within some hours are said."""

    hours: tuple[int, int]
    """The first and the last."""
    full: bool = False
    """Only at the full hour."""
    says: Annotated[str, _template("hour", "hour12", "minute", "minutes")]
    """`minute` has two digits, `minutes` as many as needed."""


class Moments(Part):
    """Dates and times of day."""

    whole: Annotated[str, _template("day", "clock")]
    near: tuple[Text, ...]
    """From today."""
    weekdays: Annotated[tuple[Text, ...], Field(min_length=7, max_length=7)]
    months: Annotated[tuple[Text, ...], Field(min_length=12, max_length=12)]
    weekday: Annotated[str, _template("weekday")]
    """Within six days."""
    date: Annotated[str, _template("weekday", "number", "month")]
    number: Annotated[str, _template("number")]
    numbers: dict[int, Text] = Field(default_factory=dict)
    """Days of the month that are said otherwise."""
    clock: tuple[Clock, ...]
    """The first that fits."""

    @model_validator(mode="after")
    def _all_day(self) -> Self:
        spans = [rule.hours for rule in self.clock if not rule.full]
        lacking = [hour for hour in range(24) if not any(first <= hour <= last for first, last in spans)]
        if lacking:
            raise ValueError(f"clock has no rule for the hours {', '.join(map(str, lacking))}")
        return self


class Forms(Part):
    """A file `spoken.yaml`."""

    amounts: Amounts
    phones: Phones
    moments: Moments
    yes: Text
    no: Text
    last: Annotated[str, _template("first", "last")]
    """The end of a list."""


@cache
def load_forms(code: str) -> Forms:
    """The language of that ISO 639-1 code. Raises FileError when there is none, or with the line of a mistake."""
    return yaml_file.load(SHIPPED / code / "spoken.yaml", Forms)
