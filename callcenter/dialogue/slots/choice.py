"""Choices by their synonyms, also misspelt by a recogniser, and what the caller does not want."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from callcenter.dialogue.slots.heard import Found, Heard

Options = Mapping[str, Sequence[str]]
"""The words for each option."""

_NEGATION = re.compile(
    r"\b(?:not?|never|without|except(?: for)?|(?:any|every)thing but|all but|rather than|instead of|nothing in"
    r"|(?:do|would|am|are)n't|don't (?:want|like)|not interested in)"
    r"(?:\s+(?:want|like|need|really|interested|in|any|the|too|so|very|into|do|doing|about|for|a|of|to|invest)){0,4}\s*$"
)
_ALL_BUT = re.compile(r"\b(?:anything|everything|all) (?:but|except)\b")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SHORTEST = 5
"""Letters; shorter words are too alike to be told apart when misspelt."""
_ALIKE = 82.0
"""Out of 100: `index fans` and `index funds` are 86. The first letters must agree: `weather` and `ether` are 83."""


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
    mentions = sorted(_exact(heard.text, options), key=lambda mention: mention.start)
    if not mentions and fuzzy:
        mentions = list(_alike(heard.text, options))
    if not mentions:
        return None
    wanted = tuple(dict.fromkeys(mention.option for mention in mentions if mention.wanted))
    unwanted = tuple(dict.fromkeys(mention.option for mention in mentions if not mention.wanted))
    all_but = bool(unwanted and not wanted and _ALL_BUT.search(heard.text))
    spans = tuple(Found(value=mention.option, start=mention.start, end=mention.end) for mention in mentions)
    return Choices(wanted=wanted, unwanted=unwanted, all_but=all_but, spans=spans)


def _exact(text: str, options: Options) -> Iterator[_Mention]:
    words = sorted(((word, option) for option in options for word in options[option]), key=lambda pair: -len(pair[0]))
    for word, option in words:
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text):
            yield _mention(option, text, *match.span())
            text = text[: match.start()] + "\x1f" * len(match[0]) + text[match.end() :]


def _alike(text: str, options: Options) -> Iterator[_Mention]:
    """The closest option, if any is close enough."""
    scores = [
        (fuzz.ratio(word, text[start:end]), option, start, end)
        for option, words in options.items()
        for word in words
        for start, end in _windows(text, word.count(" ") + 1)
        if end - start >= _SHORTEST and text[start] == word[0]
    ]
    score, option, start, end = max(scores, default=(0.0, "", 0, 0))
    if score >= _ALIKE:
        yield _mention(option, text, start, end)


def _windows(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Where `size` words in a row begin and end."""
    spans = [match.span() for match in _WORD.finditer(text)]
    return ((spans[first][0], spans[first + size - 1][1]) for first in range(len(spans) - size + 1))


def _mention(option: str, text: str, start: int, end: int) -> _Mention:
    refused = _NEGATION.search(text, 0, start)
    return _Mention(option, refused.start() if refused else start, end, not refused)
