"""A person's name: `my name is Karen Mitchell`, `Karen.`, `K-A-R-E-N`, `Jean Dupont à l'appareil`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from rapidfuzz import fuzz

from callcenter import yaml_file
from callcenter.dialogue import correction, spelling
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Words
from callcenter.dialogue.slots.heard import Found
from callcenter.dialogue.slots.spelled import Letters, Spelling
from callcenter.yaml_file import Part

_LETTERS = r"[^\W\d_]"
_WORD = re.compile(rf"{_LETTERS}+(?:['’-]{_LETTERS}+)*\.?")
_GAP = re.compile(r"[\s,]*")
_STOP = re.compile(r"(?<=\w\w)(?:\s?[!?]|[.!?])+(?=\s|$)")
"""The end of a sentence, not of an initial."""
_NEAR = 50.0
"""Out of 100; letters that are less like the word before them spell another one."""
_ACCENT_TELLS = 2
"""Letters; in words as short as that the accent makes another word."""


class Names(Part):
    """A language's `names.yaml`."""

    certain: tuple[Words, ...]
    """What introduces a name, whatever was asked."""
    introduced: tuple[Words, ...]
    """What introduces one that was asked for, or else one of two words with capital letters or with a title."""
    asked: tuple[Words, ...] = ()
    """What introduces only a name that was asked for."""
    before: tuple[Words, ...] = ()
    """What follows a name with which a sentence begins."""
    lead_ins: tuple[Words, ...]
    titles: tuple[Words, ...]
    particles: tuple[Words, ...]
    """Small words within names, never at their end."""
    most: int = 3
    """Words of a name, particles aside."""
    capitals: bool = False
    """In text that has capital letters, a word without is no name, unless introduced for certain."""
    no_names: tuple[Words, ...]
    """Words that are no names; one that ends with an apostrophe is the beginning of such words."""
    spelled: Spelling = Spelling()


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    words: Names
    certain: re.Pattern[str]
    introduced: re.Pattern[str]
    asked: re.Pattern[str]
    before: re.Pattern[str]
    lead_in: re.Pattern[str]
    title: re.Pattern[str]
    no_names: frozenset[str]
    elided: tuple[str, ...]
    letters: Letters


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as it is put together from the words heard."""

    start: int
    end: int
    words: tuple[str, ...] = ()
    count: int = 0
    """Of the words, without particles."""
    spelled: bool = False
    """Its last word was."""

    def has_capitals(self, known: "_Vocabulary") -> bool:
        """Whether all its words begin with one, particles aside."""
        return all(word != word.lower() for word in self.words if _key(word) not in known.words.particles)

    def found(self, known: "_Vocabulary") -> Found:
        """The name as it is written."""
        words = " ".join(_titled(word, number, known) for number, word in enumerate(self.words))
        return Found(value=re.sub(r"\bMc (?=\w)", "Mc", words), start=self.start, end=self.end)


@cache
def _vocabulary(language: str) -> _Vocabulary:
    words = yaml_file.load(SHIPPED / language / "names.yaml", Names)
    skipped = spelling.pattern(_longest((*words.lead_ins, *words.titles)))
    return _Vocabulary(
        words=words,
        certain=_cue(words.certain),
        introduced=_cue((*words.certain, *words.introduced)),
        asked=_cue((*words.certain, *words.introduced, *words.asked)),
        before=re.compile(rf"[\s,]*{spelling.pattern(words.before)}", re.IGNORECASE),
        lead_in=re.compile(rf"(?:{skipped}[\s,.!]*)+", re.IGNORECASE),
        title=re.compile(spelling.pattern(_longest(words.titles)), re.IGNORECASE),
        no_names=frozenset(form for word in words.no_names if not word.endswith("'") for form in (word, _key(word))),
        elided=tuple(word for word in words.no_names if word.endswith("'")),
        letters=Letters.of(words.spelled),
    )


def _cue(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"{spelling.pattern(_longest(words))}\s+(?=\S)", re.IGNORECASE)


def _longest(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def _key(word: str) -> str:
    lower = word.lower().replace("’", "'")
    return lower if len(lower) <= _ACCENT_TELLS else spelling.plain(lower)


def parse(text: str, asked: bool, language: str = "en") -> Found | None:
    """A name in `text`, the caller's words as recognised, in title case; a bare one only when it was `asked` for.

    After a name and the sign of a correction a bare one with capital letters is the right one.
    """
    known = _vocabulary(language)
    name = next(chain(_introduced(text, asked, known), _followed(text, asked, known)), None)
    if asked and not name:
        name = _fullest(_bare(text, known))
    if asked or name:
        pieces = correction.pieces(text, language)
        start = text.rindex(pieces[-1]) if pieces else 0
        if start > (name.start if name else 0):
            name = next((right for right in _bare(text, known, start) if right.has_capitals(known)), name)
    return name.found(known) if name else None


def is_whole(found: str) -> bool:
    """Whether `found` has a first and a last name; one alone may be all, too."""
    return " " in found


def _introduced(text: str, asked: bool, known: _Vocabulary) -> Iterator[_Name]:
    """What stands behind the words that introduce a name, the last of them first."""
    cues = list((known.asked if asked else known.introduced).finditer(text))
    for cue in reversed(cues):
        name = _read(text, cue.end(), known, strict=False)
        certain = known.certain.match(text, cue.start())
        if name and (certain or _is_likely(name, text, text[cue.end() : name.start], asked, known)):
            yield name


def _followed(text: str, asked: bool, known: _Vocabulary) -> Iterator[_Name]:
    """What stands between the beginning of a sentence and `à l'appareil`."""
    for cue in known.before.finditer(text):
        start = max((stop.end() for stop in _STOP.finditer(text[: cue.start()])), default=0)
        name = _read(text[: cue.start()], start + _blanks(text[start:]), known, strict=True)
        if name and _is_likely(name, text, text[start : name.start], asked, known):
            yield name


def _bare(text: str, known: _Vocabulary, start: int = 0) -> Iterator[_Name]:
    """Sentences from `start` on that are nothing but a name."""
    for end in [*(stop.end() for stop in _STOP.finditer(text, start)), len(text)]:
        name = _read(text[:end], start + _blanks(text[start:end]), known, strict=True)
        if name and _is_likely(name, text, text[start : name.start], True, known):
            yield name
        start = end


def _fullest(names: Iterator[_Name]) -> _Name | None:
    """The first, or what repeats it with more: `Martin. Paul Martin.`"""
    name = next(names, None)
    if not name:
        return None
    longer = (other for other in names if other.count > name.count and _key(other.words[-1]) == _key(name.words[-1]))
    return next(longer, name)


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip())


def _is_likely(name: _Name, text: str, before: str, asked: bool, known: _Vocabulary) -> bool:
    """Whether `name` has the capital letters that it needs in `text`; `before` may hold a title."""
    if asked:
        cased = any(letter.isupper() for letter in text) and not text.isupper()
        return not (known.words.capitals and cased) or name.has_capitals(known)
    proper = [word for word in name.words if _key(word) not in known.words.particles]
    capitals = sum(1 for word in proper if word[0].isupper() and word[1:2].islower())
    return capitals >= (1 if known.title.search(before) else 2)


def _read(text: str, start: int, known: _Vocabulary, strict: bool) -> _Name | None:
    """The name words from `start`; `strict` allows nothing after them."""
    lead_in = known.lead_in.match(text, start)
    if lead_in and not known.letters.read(text, start):
        start = lead_in.end()
    name = _Name(start, start)
    while name.count <= known.words.most and (longer := _longer(name, text, known)):
        name = longer
        if text[name.end - 1] == "." and not name.spelled and len(name.words[-1]) > 1:
            break
    name = _without_repeat(name, text)
    if not 0 < name.count <= known.words.most or all(len(word) == 1 for word in name.words):
        return None
    return name if not strict or _is_all(name, text, known) else None


def _without_repeat(name: _Name, text: str) -> _Name:
    """`Bond, James Bond` without its beginning."""
    first, *rest = name.words or ("",)
    again = len(rest) > 1 and _key(rest[-1]) == _key(first) and text[name.start :].startswith(f"{first},")
    return replace(name, words=tuple(rest), count=name.count - 1) if again else name


def _is_all(name: _Name, text: str, known: _Vocabulary) -> bool:
    """Whether nothing follows, or only what may follow a whole name or tells of its spelling."""
    if not re.search(r"\w", text[name.end :]) or known.letters.begins(text, name.end) is not None:
        return True
    return name.count > 1 and text[name.end] == ","


def _longer(name: _Name, text: str, known: _Vocabulary) -> _Name | None:
    """`name` with the next word or spelling; None if it ends here."""
    gap = _GAP.match(text, name.end)
    place = gap.end() if gap else name.end
    for begin in (place, known.letters.begins(text, name.end) if name.words else None):
        spelled = known.letters.read(text, begin) if begin is not None else None
        if spelled:
            words = _with_spelling(name.words, spelled[0])
            return replace(
                name, words=words, count=name.count + len(words) - len(name.words), end=spelled[1], spelled=True
            )
    separate = bool(name.words) and "," in text[name.end : place]
    if separate and name.count > 1:
        return None
    particles: tuple[str, ...] = ()
    while (word := _WORD.match(text, place)) and _is_particle(word[0], bool(name.words or particles), known):
        particles, place = (*particles, word[0]), word.end() + _blanks(text[word.end() :])
    if not word or (separate and particles):
        return None
    if _is_no_name(word[0], known) and not (name.words and not separate and _is_proper(word, text)):
        return None
    words = (*name.words, *particles, word[0].rstrip("."))
    return replace(name, words=words, count=name.count + 1, end=word.end(), spelled=False)


def _is_particle(word: str, within: bool, known: _Vocabulary) -> bool:
    """Whether `word` is a small one; a name begins with one only if that has a capital letter."""
    return _key(word) in known.words.particles and (within or word[0].isupper())


def _is_no_name(word: str, known: _Vocabulary) -> bool:
    """Whether `word` is an ordinary one, with its accents or with none: `dia` is, but `Díez` is not `diez`."""
    lower = word.rstrip(".").lower().replace("’", "'")
    key = _key(lower)
    return lower in known.no_names or key in known.words.particles or key.startswith(known.elided or "\0")


def _is_proper(word: re.Match[str], text: str) -> bool:
    """Whether it is written as names are at the end of a clause, which makes one of an ordinary word: `Juan Diez`."""
    letters = word[0].rstrip(".")
    is_written = len(letters) > _ACCENT_TELLS and letters.isalpha() and letters.istitle()
    return is_written and (word[0].endswith(".") or not re.match(r"\s*\w", text[word.end() :]))


def _with_spelling(words: tuple[str, ...], spelled: str) -> tuple[str, ...]:
    """`Karen, K-A-R-I-N`: the spelling stands for the word before it, if it is near; accents are not spelled."""
    spelled = spelled.capitalize()
    if not words or fuzz.ratio(words[-1].lower(), spelled.lower()) < _NEAR:
        return (*words, spelled)
    same = spelling.plain(words[-1].lower()) == spelling.plain(spelled.lower())
    return (*words[:-1], words[-1].capitalize() if same else spelled)


def _titled(word: str, number: int, known: _Vocabulary) -> str:
    """Title case; a name written with capitals inside (McDonald) is kept, and so is a particle's small letter."""
    if number and _key(word) in known.words.particles and word.islower() and word != "mc":
        return word
    if word != word.lower() and not word.isupper():
        return word
    return "-".join(_capital(part) for part in word.lower().split("-"))


def _capital(part: str) -> str:
    """`O'Neil`, but `d'Arc`."""
    first, apostrophe, rest = part.replace("’", "'").partition("'")
    if apostrophe and len(first) == 1 and rest:
        return ("d" if first == "d" else first.upper()) + apostrophe + rest.capitalize()
    return re.sub(r"^Mc([a-z])(?=[a-z]{2})", lambda match: "Mc" + match[1].upper(), part.capitalize())
