"""Number words as digits: text2num, told by the language's data what it gets wrong."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from text_to_num import find_numbers

from callcenter.dialogue.slots.vocabulary import Numbers, Reading, numbers

_MOST_DECIMALS = 3
"""Words of a number after its decimal comma."""
_THOUSAND = 1000
_WIDEST = 200
"""Times that the high end of a range may be the low one; `entre vinte e cinco mil` is no range from 20 to 5000."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as text2num wants it."""

    word: str
    plain: bool

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: "_Token") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return self.plain


def digits(words: Sequence[str], language: str) -> Iterator[tuple[int, int, str]]:
    """Ranges of `words` (lower case, punctuation apart), in order: numbers with their digits, other words with none."""
    if not words:
        return
    vocabulary = numbers(language)
    reading = vocabulary.reading
    things = _collective(words, reading)
    plain = _plain(words, vocabulary) | {index for thing in things for index in thing}
    tokens = [_Token(reading.respelled.get(word, word), index in plain) for index, word in enumerate(words)]
    for opener in (at for at, word in enumerate(words) if word in reading.ranges):
        _part_ends(tokens, opener, reading.ranges[words[opener]], language)
    found = [(number.start, number.end, number.text) for number in find_numbers(tokens, language, 0.0)]
    if reading.unlinked:
        found = _linked(found)
    counted = {end for _, end, _ in found}
    things |= {
        range(at, at + 1): reading.collective[words[at][:-1]] for at in counted if _is_plural(words, at, reading)
    }
    place = 0
    for start, end, number in _multiplied(found, things):
        yield from ((index, index + 1, "") for index in range(place, start))
        yield start, end, number
        place = end
    yield from ((index, index + 1, "") for index in range(place, len(words)))


def _plain(words: Sequence[str], vocabulary: Numbers) -> set[int]:
    """The words that text2num must leave alone.

    After a decimal comma these are multipliers too: it makes `1,5000000` of `un virgule cinq million`.
    """
    reading, units = vocabulary.reading, vocabulary.amounts.units
    plain = {at for at, word in enumerate(words) if word in reading.plain}
    for point in (at for at, word in enumerate(words) if word in reading.point):
        after = range(point + 2, min(point + 2 + _MOST_DECIMALS, len(words)))
        plain |= {at for at in after if words[at] in units}
    return plain


def _part_ends(tokens: list[_Token], opener: int, link: str, language: str) -> None:
    """Make the `and` between the ends of a range no part of a number.

    Without it text2num takes `between one thousand and two thousand` for 1002000. Of several places the
    likeliest counts.
    """
    after = tokens[opener + 1 :]
    whole = next((end for end, token in enumerate(after) if not _is_number(token, link, language)), len(after))
    splits = []
    for at in (at for at in range(1, whole - 1) if after[at].word == link):
        low, high = _value(after[:at], language), _value(after[at + 1 : whole], language)
        if low and high and low < high <= _WIDEST * low * _shared(low, high):
            splits.append((_oddity(low, high), at))
    if splits:
        at = opener + 1 + min(splits)[-1]
        tokens[at] = _Token(tokens[at].word, True)


def _is_number(token: _Token, link: str, language: str) -> bool:
    return not token.plain and (token.word in {link, "-"} or bool(find_numbers([token], language, 0.0)))


def _value(tokens: list[_Token], language: str) -> float | None:
    """Of tokens that are one number."""
    found = find_numbers(tokens, language, 0.0)
    whole = len(found) == 1 and found[0].start == 0 and found[0].end == len(tokens)
    return float(found[0].value) if whole else None


def _oddity(low: float, high: float) -> float:
    """How unlikely the two are the ends of a range: people round both alike, and name no wide one."""
    ends = [str(int(number)) for number in (low, high)]
    figures = [len(end.rstrip("0")) for end in ends]
    zeros = min(len(end) - of for end, of in zip(ends, figures, strict=True))
    return sum(figures) - zeros + log2(high / low) / 2


def _shared(low: float, high: float) -> float:
    """`one to two hundred thousand`: what is said of the high end is meant of the low one too."""
    if low >= _THOUSAND or high < _THOUSAND:
        return 1.0
    return next((unit for unit in (1e6, 1e5, 1e3) if low * unit < high), 1.0)


def _linked(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Hundreds with the tens and tens with the ones that follow at once: `cento vinte mil` for `cento e vinte mil`."""
    linked: list[tuple[int, int, str]] = []
    for start, end, digits in found:
        before = linked[-1] if linked else (0, -1, "")
        thousands = digits[:-3] if len(digits) > 3 and len(before[2]) <= 3 else digits
        if before[1] == start and _has_room(before[2], thousands):
            linked[-1] = (before[0], end, before[2][: -len(thousands)] + digits)
        else:
            linked.append((start, end, digits))
    return linked


def _has_room(before: str, digits: str) -> bool:
    """Whether `digits` fit into the zeros of `before`; `10` has none, since after it another number begins."""
    fits = re.fullmatch(r"[1-9]\d?", digits) and re.fullmatch(rf"[1-9]\d*0{{{len(digits)}}}", before)
    return bool(fits) and before != "10"


def _collective(words: Sequence[str], reading: Reading) -> dict[range, int]:
    """Numbers said as a thing, with what stands before them: `une vingtaine`, `half a dozen`."""
    found = {}
    for index, word in enumerate(words):
        number = reading.collective.get(word)
        if number is None and index + 1 < len(words) and words[index + 1] in reading.of:
            number = reading.collective_of.get(word)
        if number is None:
            continue
        start = _before(words, index, reading.articles)
        half = _before(words, start, (*reading.halves, "-"))
        if half < start:
            start, number = _before(words, half, reading.articles), number // 2
        found[range(start, index + 1)] = number
    return found


def _is_plural(words: Sequence[str], at: int, reading: Reading) -> bool:
    """`douzaines`, which only a number before it makes a number: `deux douzaines`."""
    return at < len(words) and words[at].endswith("s") and words[at][:-1] in reading.collective


def _before(words: Sequence[str], index: int, expected: Sequence[str]) -> int:
    """Where the words of `expected` begin that stand right before `index`."""
    while index > 0 and words[index - 1] in expected:
        index -= 1
    return index


def _multiplied(found: list[tuple[int, int, str]], things: dict[range, int]) -> list[tuple[int, int, str]]:
    """With the numbers said as things, times the number before them: `two dozen`."""
    numbers_at = {end: (start, end, digits) for start, end, digits in found}
    for thing, number in things.items():
        before = numbers_at.pop(thing.start, None)
        times = int(before[2]) if before and before[2].isdecimal() else 1
        if before and times == 1:
            numbers_at[before[1]] = before
        start = before[0] if before and times > 1 else thing.start
        numbers_at[thing.stop] = (start, thing.stop, str(number * times))
    return sorted(numbers_at.values())
