"""Which line of a persona answers what the agent has just said."""

import re
from dataclasses import dataclass

from callcenter.simulation.persona import Line, Persona


@dataclass(frozen=True, slots=True)
class Cue:
    """A line to be played, and whether it was chosen for lack of a better one."""

    line: Line
    fallback: bool = False


class Script:
    """A persona's lines; each is used once, unless it repeats."""

    def __init__(self, persona: Persona) -> None:
        self._unused = list(persona.lines)
        self._otherwise = Line(on="", say=persona.otherwise, repeat=True) if persona.otherwise else None

    def cue(self, said: str, lately: str | None = None) -> Cue | None:
        """The first line whose pattern is in what the agent `said` since the caller's last turn.

        For a line that takes no turn only what it said `lately`, since the last of those, counts.
        None when no line fits and there is nothing to say otherwise: the caller stays silent.
        """
        for line in self._unused:
            if re.search(line.on, said if line.takes_turn or lately is None else lately, re.IGNORECASE):
                return Cue(line)
        return Cue(self._otherwise, fallback=True) if self._otherwise and said.strip() else None

    def use(self, line: Line) -> None:
        """The line is played."""
        if not line.repeat:
            self._unused = [other for other in self._unused if other is not line]
