"""Choices by their synonyms, also misspelt by a recogniser, and what the caller does not want."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz

from callcenter import yaml_file
from callcenter.dialogue import spelling
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Words
from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.yaml_file import Part

Options = Mapping[str, Sequence[str]]
"""The words for each option."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_MOST_BETWEEN = 4
"""Words between a refusal and what is refused."""
_SHORTEST = 5
"""Letters; shorter words are too alike to be told apart when misspelt."""
_ALIKE = 82.0
"""Out of 100: `index fans` and `index funds` are 86. The first letters must agree: `weather` and `ether` are 83."""


class Refusals(Part):
    """A language's `choices.yaml`."""

    refused: tuple[Words, ...]
    """Before what is not wanted."""
    between: tuple[Words, ...]
    """Words that may stand between the two."""
    unless: tuple[Words, ...] = ()
    """Sayings with a word of refusal in them that refuse nothing: `pourquoi pas`."""
    after: tuple[Words, ...] = ()
    """Behind what is not wanted; one word alone only if nothing follows before the next comma."""
    all_but: tuple[Words, ...]
    """What makes it all but that."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    before: re.Pattern[str]
    after: re.Pattern[str]
    all_but: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns:
    words = yaml_file.load(SHIPPED / language / "choices.yaml", Refusals)
    longest = sorted(words.between, key=len, reverse=True)
    single = [word for word in words.after if " " not in word]
    several = [word for word in words.after if " " in word]
    return _Patterns(
        re.compile(
            rf"(?:(?P<kept>{spelling.pattern(words.unless)})|{spelling.pattern(words.refused)})"
            rf"(?:[\s']*{spelling.pattern(longest)}){{0,{_MOST_BETWEEN}}}[\s']*$"
        ),
        re.compile(rf"\s+(?:{spelling.pattern(several)}|{spelling.pattern(single)}(?=\s*(?:$|[.,;!?])))"),
        re.compile(spelling.pattern(words.all_but)),
    )


@dataclass(frozen=True, slots=True)
class _Mention:
    option: str
    start: int
    end: int
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The options wanted and those refused, in the order they were named."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    all_but: bool
    """`Anything but …`: the rest is wanted."""
    spans: tuple[Found, ...]


def parse(heard: Heard, options: Options, fuzzy: bool) -> Choices | None:
    """What `heard` says of `options`, longer synonyms first; misspelt words count only where `fuzzy`."""
    known = _patterns(heard.language)
    mentions = sorted(_exact(heard.text, options, known), key=lambda mention: mention.start)
    if not mentions and fuzzy:
        mentions = list(_alike(heard.text, options, known))
    if not mentions:
        return None
    wanted = tuple(dict.fromkeys(mention.option for mention in mentions if mention.wanted))
    unwanted = tuple(dict.fromkeys(mention.option for mention in mentions if not mention.wanted))
    all_but = bool(unwanted and not wanted and known.all_but.search(heard.text))
    spans = tuple(Found(value=mention.option, start=mention.start, end=mention.end) for mention in mentions)
    return Choices(wanted=wanted, unwanted=unwanted, all_but=all_but, spans=spans)


def _exact(text: str, options: Options, known: _Patterns) -> Iterator[_Mention]:
    words = sorted(((word, option) for option in options for word in options[option]), key=lambda pair: -len(pair[0]))
    left = text
    for word, option in words:
        for match in _spelt(word).finditer(left):
            yield _mention(option, left, match.span(), known)
            left = left[: match.start()] + "\x1f" * len(match[0]) + left[match.end() :]


@cache
def _spelt(word: str) -> re.Pattern[str]:
    return re.compile(spelling.pattern([word.lower()]))


def _alike(text: str, options: Options, known: _Patterns) -> Iterator[_Mention]:
    """The closest option, if any is close enough."""
    plain = spelling.plain(text)
    spans = [match.span() for match in _WORD.finditer(plain)]
    scores = [
        (fuzz.ratio(word, plain[start:end], score_cutoff=_ALIKE), option, start, end)
        for option, words in options.items()
        for word in map(_plain, words)
        for start, end in _windows(spans, word.count(" ") + 1)
        if plain[start] == word[0] and end - start >= _SHORTEST
    ]
    score, option, start, end = max(scores, default=(0.0, "", 0, 0))
    if score >= _ALIKE:
        yield _mention(option, text, (start, end), known)


_plain = cache(spelling.plain)


def _windows(spans: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Where `size` words in a row begin and end."""
    return [(spans[first][0], spans[first + size - 1][1]) for first in range(len(spans) - size + 1)]


def _mention(option: str, text: str, span: tuple[int, int], known: _Patterns) -> _Mention:
    """`span` with the words that refuse it, if there are any."""
    start, end = span
    before = known.before.search(text[:start])
    if before and before["kept"] is None:
        return _Mention(option, before.start(), end, False)
    after = known.after.match(text, end)
    return _Mention(option, start, after.end() if after else end, not after)
