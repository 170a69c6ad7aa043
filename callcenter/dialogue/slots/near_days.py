"""Days, months and hours that a recogniser wrote almost right: `mertredi à 11 heures`, `je dis à 15 heures`."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from callcenter.dialogue.slots.dates import Vocabulary, group, is_clear, load_dates
from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.dialogue.spelling import plain

_WORD = re.compile(r"(?<![\w'-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w'])")
_GAP = re.compile(r"[\s,.]*(?:[^\W\d_]{1,3}[\s,.]+)?")
"""Between a day and its time of day: at most one small word."""
_PAUSE = re.compile(r"\s*")
_AFTER_NUMBER = re.compile(r"(?<![\d:.,])(?:[12]\d|3[01]|0?[1-9])(?:[a-zº]{1,2})?\s+(?:(?:de|of)\s+)?$")
_BEFORE_NUMBER = re.compile(r"\s+(?:the\s+)?(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w:]|[.,]\d)")
_SHORT, _LONG = 5, 7
"""Letters of a name of a day of which one may be wrong, and of one of which two may be."""
_LONG_MONTH = 8
"""The same of a month: ordinary words are more like those."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What was heard, with what was meant where a name or a time was written wrong."""

    heard: Heard
    _changes: tuple[tuple[int, int], ...] = ()
    """In order: where the changed words end in the text after it, and how many letters it has more than before."""

    def back(self, found: Found) -> Found:
        """`found` in the mended text, where it is in what was heard."""
        return Found(value=found.value, start=self._place(found.start), end=self._place(found.end))

    def _place(self, place: int) -> int:
        for end, longer in reversed(self._changes):
            place -= longer if place >= end else 0
        return place

    def changed(self, words: "_Words") -> "Mended":
        """The same with `words` as they were meant."""
        heard = self.heard.respelled(words.start, words.end, words.meant)
        change = (words.start + len(words.meant), len(heard.text) - len(self.heard.text))
        return Mended(heard, (*self._changes, change))


@dataclass(frozen=True, slots=True)
class _Words:
    start: int
    end: int
    meant: str


def mend(heard: Heard, asked: bool) -> Mended:
    """`heard` with the one name in it that is nearly a month beside a number, or else nearly a day of the week.

    A day only where no other is said, beside a time of day or as the answer to a question for it (`asked`). A time that
    is written as other words (`enzeur`) only at the end of such an answer.
    """
    mended = Mended(heard)
    for wrong in (_hours, _names):
        words = next(wrong(plain(mended.heard.text), heard.language, asked), None)
        mended = mended.changed(words) if words else mended
    return mended


def _hours(text: str, language: str, asked: bool) -> Iterator[_Words]:
    vocabulary = load_dates(language)
    if not asked or _times(text, vocabulary):
        return
    for saying, meant in vocabulary.tables.misheard_hours.items():
        if match := re.search(rf"(?<![\w']){re.escape(saying)}(?=\W*$)", text):
            yield _Words(*match.span(), plain(meant))


def _names(text: str, language: str, asked: bool) -> Iterator[_Words]:
    vocabulary = load_dates(language)
    tables = vocabulary.tables
    yield from _near(text, _months(language), tables.others, _is_beside_number)
    if any(day.search(text) for day in vocabulary.day):
        return
    times = [match.span() for match in _times(text, vocabulary)]
    for saying, meant in tables.misheard.items():
        for match in re.finditer(rf"(?<![\w']){re.escape(saying)}(?=\s)", text):
            if any(_PAUSE.fullmatch(text, match.end(), start) for start, _ in times if start >= match.end()):
                yield _Words(*match.span(), plain(meant))
    places = [*times, *(match.span() for part in vocabulary.part for match in part.finditer(text))]

    def fits(text: str, start: int, end: int) -> bool:
        return asked or any(_is_beside(text, (start, end), place) for place in places)

    yield from _near(text, _weekdays(language), tables.others, fits)


def _times(text: str, vocabulary: Vocabulary) -> Iterable[re.Match[str]]:
    """Those that are certainly one, or follow a word such as `at`."""
    found = (match for clock in vocabulary.clock for match in clock.finditer(text) if group(match, "hour"))
    return [match for match in found if is_clear(match) or group(match, "at")]


def _is_beside(text: str, name: tuple[int, int], place: tuple[int, int]) -> bool:
    first, last = sorted([name, place])
    return first[1] <= last[0] and bool(_GAP.fullmatch(text, first[1], last[0]))


def _is_beside_number(text: str, start: int, end: int) -> bool:
    return bool(_AFTER_NUMBER.search(text[:start]) or _BEFORE_NUMBER.match(text, end))


def _near(
    text: str, names: dict[str, int], others: frozenset[str], fits: Callable[[str, int, int], bool]
) -> Iterator[_Words]:
    """Words of `text` that are like one of `names` (with the letters that may be wrong), where it `fits`."""
    for match in _WORD.finditer(text):
        word = match[0]
        if word in others or word in names or word.removesuffix("s") in names:
            continue
        meant = _meant(word, names)
        if meant and fits(text, *match.span()):
            yield _Words(*match.span(), meant)


def _meant(word: str, names: dict[str, int]) -> str | None:
    """The one of `names` that is nearest to `word`, unless two are."""
    distances = {name: OSA.distance(word, name, score_cutoff=wrong) for name, wrong in names.items()}
    near = sorted((distance, name) for name, distance in distances.items() if distance <= names[name])
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    return near[0][1]


@cache
def _weekdays(language: str) -> dict[str, int]:
    return _wrong(load_dates(language).tables.weekdays, _LONG)


@cache
def _months(language: str) -> dict[str, int]:
    return _wrong(load_dates(language).tables.months, _LONG_MONTH)


def _wrong(names: Iterable[str], long: int) -> dict[str, int]:
    """How many letters may be wrong of each name that is long enough."""
    lengths = {name: len(name.partition("-")[0]) for name in names if name.replace("-", "").isalpha()}
    return {name: 2 if length >= long else 1 for name, length in lengths.items() if length >= _SHORT}
