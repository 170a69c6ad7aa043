"""Which options of a choice an utterance names."""

import re
from functools import lru_cache

from callcenter.dialogue import spelling
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot
from callcenter.dialogue.slots import choice
from callcenter.dialogue.slots.heard import Found, Heard


def mentioned(
    slot: ChoiceSlot | ChoicesSlot | DurationSlot, heard: Heard, asked: bool, question: str = ""
) -> choice.Choices | None:
    """The options of `slot` that `heard` names, but for those in `question`, words of it that ask something.

    Who asks what a heat pump is has not said that theirs is one.
    """
    at = heard.text.find(question) if question else -1
    rest = heard.without(Found(value=None, start=at, end=at + len(question))) if at >= 0 else heard
    words = {
        name: as_heard((*option.words, *option.if_asked) if asked else option.words, heard.language)
        for name, option in slot.options.items()
    }
    if not asked and not _any(tuple(words.values())).search(rest.text):
        return None
    return choice.parse(rest, words, asked)


@lru_cache(maxsize=256)
def _any(options: tuple[tuple[str, ...], ...]) -> re.Pattern[str]:
    """Whichever word: most sentences have none, and are not looked through for each."""
    return re.compile(spelling.pattern(word.lower() for words in options for word in words))


@lru_cache(maxsize=4096)
def as_heard(words: tuple[str, ...], language: str) -> tuple[str, ...]:
    """`words`, and how `Heard.text` has those with a number in them: `una cita` is `1 cita` there."""
    return tuple(dict.fromkeys(form for word in words for form in (word, Heard.of(word, language).text)))
