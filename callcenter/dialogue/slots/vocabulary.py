"""The words that each language says numbers, money, lengths of time, telephone numbers and postcodes with."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from callcenter import yaml_file
from callcenter.dialogue.parts import Words
from callcenter.yaml_file import Part

_LANGUAGES = Path(__file__).parents[1] / "languages"


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression for what is left once number words have become digits, all in lower case."""
Patterns = tuple[Pattern, ...]


class Reading(Part):
    """How words become digits, before anything is looked for."""

    spaced: bool = False
    """Whether `50 000` is written for fifty thousand."""
    elided: tuple[Words, ...] = ()
    """What stands before an apostrophe as a word of its own: `d'` of `d'un`."""
    respelled: dict[Words, Words] = Field(default_factory=dict)
    """Spellings and plurals that text2num does not know, by what it knows."""
    plain: tuple[Words, ...] = ()
    """Words that are no numbers although text2num takes them for some: `segunda-feira`."""
    point: tuple[Words, ...] = ()
    """Words for the decimal comma."""
    unlinked: bool = False
    """Whether `cento vinte` is said for `cento e vinte`, which alone text2num knows."""
    collective: dict[Words, int] = Field(default_factory=dict)
    """Numbers said as a thing: `une vingtaine`."""
    collective_of: dict[Words, int] = Field(default_factory=dict)
    """The same, only before one of `of`: `une quinzaine de kilos`, since `une quinzaine` is two weeks."""
    of: tuple[Words, ...] = ()
    halves: tuple[Words, ...] = ()
    """Before a collective: `media docena`."""
    articles: tuple[Words, ...] = ()
    """Words for one that are an article too."""
    ranges: dict[Words, Words] = Field(default_factory=dict)
    """What opens a range, and the word between its ends, which is one within numbers too: `between`, `and`."""
    negative: Pattern | None = None
    """What makes a number that follows it at the beginning negative."""
    idle: tuple[Words, ...] = ()
    """What follows a `one` that counts nothing: `one moment`."""
    none: tuple[Words, ...] = ()
    """Answers to `how many` that mean zero."""


class Amounts(Part):
    """Quantities and money."""

    units: dict[Words, float]
    """What multiplies the number before it."""
    parts: dict[Words, float]
    """What multiplies the unit after it: `half`, `quelques`."""
    of: Patterns = ()
    """Between a number and its unit or currency: `de`."""
    article: Patterns = ()
    """Between a part and its unit."""
    half: Patterns
    """`and a half`."""
    currencies: Patterns
    cents: Patterns = ()
    """Names of a hundredth."""
    decimal: Patterns = ()
    """Between an amount and its cents where no currency is said: `con`."""
    between: Patterns
    """Between the ends of a range."""
    between_and: Patterns
    """Between the ends of a range after one of `opened_by`."""
    opened_by: Patterns
    hedge: Patterns
    """May follow `between` and precede a number: `maybe`."""
    out_of: Patterns = ()
    """`3 of 4` is no amount of 4."""
    other: Patterns
    """What makes the number before it something else than money."""
    sharing: Patterns
    """Between two numbers that share what follows: `10 to 15 years`."""
    age: Patterns = ()
    """What makes a bare number after it something else than money."""


class Lengths(Part):
    """Lengths of time."""

    units: dict[Words, float]
    """How many of it make a year."""
    counts: dict[Words, float]
    """`half a`, `a few`."""
    fixed: dict[Words, float] = Field(default_factory=dict)
    """Whole expressions, in years: `l'année prochaine`."""
    more: Patterns
    less: Patterns
    past_before: Patterns
    """What makes a length that follows it one that is over: `for the last`, `depuis`; also an age."""
    past_after: Patterns
    around: Patterns
    """Words that may stand beside a bare number which is the answer."""


class Phones(Part):
    """Telephone numbers, and digits said one by one."""

    zero: tuple[Words, ...]
    zeros: tuple[Words, ...] = ()
    """The plural, of which a number is said: `deux zéros`."""
    digits: dict[Words, str] = Field(default_factory=dict)
    """Other words for a digit: `meia` is 6."""
    repeat: dict[Words, int]
    """`double`."""
    times: tuple[Words, ...] = ()
    """After a number: `deux fois le six`."""
    article: tuple[Words, ...] = ()
    links: tuple[Words, ...] = ()
    """Words between groups of figures: `et`."""
    tens_and: tuple[Words, ...] = ()
    """Between the tens and the ones of a number of which a recogniser wrote only the words apart: `60 et 1`."""
    ones: Pattern = r"[1-9]\b"
    """The ones that follow such tens."""
    plus: tuple[Words, ...]
    dash: tuple[Words, ...]
    """Separators said aloud."""
    ordinals: tuple[Words, ...] = ()
    """Endings that text2num gives to digits."""
    plausible: int
    """Digits in a row that are a telephone number even when it was not asked for."""
    large: Pattern
    """Words of a number that is an amount."""
    own: Patterns
    """How the caller means the number that they are calling from."""


class Numbers(Part):
    """A file `numbers.yaml` of a language."""

    reading: Reading
    amounts: Amounts
    lengths: Lengths
    phones: Phones
    postcode: Pattern
    """What announces a postcode."""


@cache
def numbers(language: str) -> Numbers:
    """The words of that ISO 639-1 code. Raises FileError when there are none, or with the line of a mistake."""
    return yaml_file.load(_LANGUAGES / language / "numbers.yaml", Numbers)


def any_word(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest first; one that never matches for none."""
    found = [re.escape(word).replace(r"\ ", " ") for word in sorted(words, key=len, reverse=True)]
    return f"(?:{'|'.join(found)})" if found else r"(?!)"


def any_of(patterns: Iterable[str]) -> str:
    """A pattern for any of `patterns`, in their order; one that never matches for none."""
    found = [*patterns]
    return f"(?:{'|'.join(found)})" if found else r"(?!)"
