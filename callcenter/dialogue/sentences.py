"""Text cut into clauses for speech, as it arrives: at sentence ends, and once at a comma in a long first clause."""

import re

_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s)")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|St|Prof|vs|etc|approx|e\.g|i\.e|[A-Z])\.$")
_HALF_DAY = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_COMMA = re.compile(r"[,;:](?=\s)")
_LONG = 80
"""Characters; a first clause that is longer is cut at a comma, so that its sound is there sooner."""
_SHORT = 12
"""Characters that a clause cut at a comma has at least."""


class Splitter:
    """Cuts streamed text into clauses. Together they are the text: each keeps the space that follows it."""

    def __init__(self) -> None:
        self._pending = ""
        self._first = True

    def feed(self, text: str) -> list[str]:
        """The clauses that are complete once `text` has arrived."""
        self._pending += text
        clauses = []
        while (cut := self._cut()) is not None:
            clauses.append(self._pending[:cut])
            self._pending = self._pending[cut:]
            self._first = False
        return clauses

    def flush(self) -> list[str]:
        """The rest, at the end of the text; the splitter can then be fed another one."""
        rest, self._pending, self._first = self._pending, "", True
        return [rest] if rest.strip() else []

    def _cut(self) -> int | None:
        """Where the first complete clause ends: behind the space after it, once something follows that."""
        end = next((match.end() for match in _END.finditer(self._pending) if self._ends(match)), None)
        if self._first and (end is None or end > _LONG):
            comma = self._comma()
            end = comma if comma is not None else end
        if end is None:
            return None
        following = re.compile(r"\s+(?=\S)").match(self._pending, end)
        return following.end() if following else None

    def _comma(self) -> int | None:
        if len(self._pending) <= _LONG:
            return None
        return next((match.end() for match in _COMMA.finditer(self._pending) if match.end() >= _SHORT), None)

    def _ends(self, match: re.Match[str]) -> bool:
        """Whether a sentence ends here. After `p.m.` and the like it does only before a capital letter."""
        before, after = self._pending[: match.end()], self._pending[match.end() :].lstrip()
        if _HALF_DAY.search(before):
            return not after or after[0].isupper()
        return not _ABBREVIATION.search(before)


def clauses(text: str) -> list[str]:
    """The clauses of a whole text, without the spaces between them."""
    splitter = Splitter()
    return [clause.strip() for clause in [*splitter.feed(text), *splitter.flush()]]
