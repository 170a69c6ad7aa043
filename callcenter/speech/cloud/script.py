"""Which words of a text are spoken by when, before it is known how long all of it takes."""

import re
from itertools import accumulate

PACE = 15.0
"""Letters a second, where nothing is known of a voice."""
DIGIT = 6
"""As many letters as a digit takes to be said, like a sign that is a word of its own, and a letter that is spelt."""
SIGNS = "€$£%@&+=#°²³/§,;:.!?…"
"""In the middle of a word; the stops are then said, as in `www.example.com`, `12:30` and `3.5`."""
PAUSES = ",;:.!?…"
PAUSE = 4
"""After a comma or the like."""

_UNSAYABLE = re.compile("[b-df-hj-np-tv-xz]+", re.IGNORECASE)
"""Consonants alone, as in `www`, are spelt."""


class Script:
    """A text and how far it has been spoken. Its parts, put together, are the text."""

    def __init__(self, text: str) -> None:
        self._words = re.findall(r"\s*\S+\s*", text)
        self._ends = list(accumulate(letters(word) for word in self._words))
        self._said = 0

    @property
    def letters(self) -> int:
        """How much there is to say, in letters; 0 where nothing is to be said."""
        return self._ends[-1] if self._words else 0

    def until(self, said: float) -> str:
        """The words that end before so many letters and are new. The last word is kept for `rest`."""
        begin = self._said
        while self._said < len(self._words) - 1 and self._ends[self._said] <= said:
            self._said += 1
        return "".join(self._words[begin : self._said])

    def rest(self) -> str:
        """All others."""
        begin, self._said = self._said, len(self._words)
        return "".join(self._words[begin:])


def letters(word: str) -> int:
    """How many letters would take as long as `word` with the pause after it."""
    bare = word.strip()
    end = len(bare.rstrip(PAUSES))
    return sum(map(_letters, re.findall(r"[^\W\d_]+|.", bare[:end]))) + PAUSE * (len(bare) - end) + 1


def _letters(part: str) -> int:
    """Of a run of letters, or of another sign, in the middle of a word."""
    if part.isalpha():
        spelt = len(part) > 1 and (part.isupper() or _UNSAYABLE.fullmatch(part))
        return len(part) * (DIGIT if spelt else 1)
    return DIGIT if part.isdigit() or part in SIGNS else 1
