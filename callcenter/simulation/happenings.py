"""What happens in a simulated call, as it happens, for whoever looks on."""

from dataclasses import dataclass
from typing import Any, Protocol

from callcenter.simulation.report import CallResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """The phone dials."""

    name: str
    """Of the persona."""
    caller: str
    """The number that it calls from."""
    wants: tuple[str, ...] = ()
    """The slots that the call should fill."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSays:
    """A clause begins to play."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSays:
    """The caller begins to talk, or to press keys."""

    text: str
    interrupting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the agent took it for."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadIs:
    """The lead has changed."""

    status: str
    slots: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """An exchange is over: milliseconds by stage."""

    timings: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The call has ended, or never came about."""

    result: CallResult


Happening = Dialled | Answered | AgentSays | CallerSays | Heard | LeadIs | Timed | Over


class Audience(Protocol):
    """Looks on."""

    def see(self, call: int, happening: Happening) -> None:
        """Something happens in the call of that index, from 0. Must return at once."""
