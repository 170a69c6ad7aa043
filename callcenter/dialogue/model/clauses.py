"""A model's answer, cut into clauses as it is written, and cut off where an answer on the telephone should end."""

import re
from dataclasses import dataclass

from callcenter.dialogue.sentences import Splitter

MOST_CLAUSES = 4
"""Spoken of one answer."""
MOST_CHARACTERS = 400
"""Of one answer; about 25 s of speech."""


_MARKUP = re.compile(r"[*_#`~]+|[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]+")
"""Of texts that are to be read, and pictures."""
_CODE = re.compile(r"[{}<>|\\]")
"""Of tools that a model writes down instead of using them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Something to be said."""

    text: str
    last: bool = False
    """Of its answer."""

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return "?" in self.text


class Answer:
    """One as it arrives. One question is its end: callers answer the last they hear, or none."""

    def __init__(self, may_ask: bool) -> None:
        """Unless it `may_ask`, its questions are left out."""
        self._splitter = Splitter()
        self._may_ask = may_ask
        self.clauses = 0
        """So many were whole so far, and to be said."""
        self._characters = 0
        self.over = False
        """No more of it is to be said."""

    @property
    def is_endless(self) -> bool:
        """Whether it was over before one clause of it was whole."""
        return self.over and not self.clauses

    def feed(self, text: str) -> list[Clause]:
        """The clauses that are whole once `text` has arrived."""
        self._characters += len(text)
        found = [clause for part in self._splitter.feed(text) for clause in self._taken(part)]
        self.over = self.over or self._characters > MOST_CHARACTERS
        return found

    def end(self) -> list[Clause]:
        """The rest."""
        return [clause for part in self._splitter.flush() for clause in self._taken(part, last=True)]

    def _taken(self, part: str, last: bool = False) -> list[Clause]:
        clause = Clause(text=" ".join(_MARKUP.sub("", part).split()), last=last)
        if self.over or not _is_sayable(clause.text) or (clause.asks and not self._may_ask):
            return []
        self.clauses += 1
        self.over = clause.asks or self.clauses == MOST_CLAUSES
        return [Clause(text=clause.text, last=last or self.over)]


def _is_sayable(text: str) -> bool:
    return any(character.isalnum() for character in text) and not _CODE.search(text)
