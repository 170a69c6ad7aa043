"""What a caller does when: a persona's script against what the agent says and what sounds on the wire."""

from dataclasses import dataclass
from typing import Literal

from callcenter.simulation.persona import Line, Persona
from callcenter.simulation.script import Cue, Script

STOPPED_S = 0.4
"""The agent has stopped when it has made no sound for this long; shorter pauses are between its words."""
PUZZLED_S = 1.5
"""Before a caller says that they have not understood, they wait this long for the agent to go on."""
ANNOUNCED_S = 1.0
"""A clause that was announced begins to sound within this time, or is not waited for."""
EVENT_DELAY_S = 0.3
"""A clause may sound this long before the event that announces it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Do what a line says."""

    line: Line
    interrupting: bool
    """The agent is talking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Hang up."""

    reason: Literal["patience"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    text: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    line: Line
    due: float


class Conduct:
    """Decides for one caller. Times are those of the loop.

    What the agent says counts only once sound has come over the line, so no call passes on a silent one.
    """

    def __init__(self, persona: Persona, answered: float) -> None:
        self._script = Script(persona)
        self._patience = persona.patience
        self._clauses: list[_Clause] = []
        self._before_aside = 0
        """How many of them came before the caller's last cough or the like."""
        self._pending: _Pending | None = None
        self._idle_since = answered

    def agent_says(self, text: str, at: float, *, filler: bool = False) -> None:
        """A clause of the agent begins to play; a filler such as "One moment, please." wants no answer."""
        if filler:
            return
        self._clauses.append(_Clause(text=text, at=at))

    def begins_turn(self, line: Line) -> None:
        """The caller begins to do `line`; only what the agent says from here on asks for another."""
        self._script.use(line)
        self._pending = None
        if line.takes_turn:
            self._clauses.clear()
        self._before_aside = len(self._clauses)

    def ends_turn(self, at: float) -> None:
        """The caller has done it."""
        self._idle_since = at

    def decide(self, now: float, sounded: float | None) -> Play | Leave | None:
        """What to do `now`; the agent's last sound came at `sounded`. None is to wait."""
        quiet_since = max(self._idle_since, sounded or 0.0)
        if now - quiet_since >= self._patience:
            return Leave(reason="patience")
        if sounded is None:
            return None
        talking = now - sounded < STOPPED_S
        cue = self._cue([clause for clause in self._clauses if clause.at - EVENT_DELAY_S <= sounded])
        if cue is None:
            return None
        if cue.line.barge_in is not None:
            due = self._asked_at(cue.line, sounded) + cue.line.barge_in
            return Play(line=cue.line, interrupting=talking) if now >= due or not talking else None
        if talking or self._more_to_come(now, sounded):
            return None
        return self._after_stop(cue, now, sounded)

    def _after_stop(self, cue: Cue, now: float, sounded: float) -> Play | None:
        """A line is due a while after the stop it was first chosen at, however often the agent asks again."""
        if self._pending is None or self._pending.line is not cue.line:
            wait = max(cue.line.after, PUZZLED_S) if cue.fallback else cue.line.after
            self._pending = _Pending(line=cue.line, due=sounded + wait)
        elif cue.fallback:
            self._pending = _Pending(line=cue.line, due=max(self._pending.due, sounded + PUZZLED_S))
        return Play(line=cue.line, interrupting=False) if now >= self._pending.due else None

    def _cue(self, clauses: list[_Clause]) -> Cue | None:
        """The line for `clauses`, which begin with the first since the caller's last turn."""
        said = [clause.text for clause in clauses]
        return self._script.cue(" ".join(said), " ".join(said[self._before_aside :]))

    def _more_to_come(self, now: float, sounded: float) -> bool:
        return any(clause.at > sounded and now - clause.at < ANNOUNCED_S for clause in self._clauses)

    def _asked_at(self, line: Line, sounded: float) -> float:
        """When the clause began with which `line` came to fit."""
        for count, clause in enumerate(self._clauses, start=1):
            cue = self._cue(self._clauses[:count])
            if cue and cue.line is line:
                return clause.at
        return sounded
