"""A simulated call as it went, before it is measured and judged."""

from dataclasses import dataclass, field
from typing import Any

from callcenter.simulation.measure import Span
from callcenter.simulation.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the agent said, and what the caller did about it."""

    agent: str
    caller: str = ""
    """Empty where the caller said nothing more; keys are written as themselves."""
    heard: str = ""
    """What the agent took it for."""
    speech: Span | None = None
    """Seconds on the recording's timeline."""
    interrupted: bool = False
    """The agent was talking as the caller began."""
    compared: bool = False
    """What was heard can be compared with what was said: it was spoken text, and the call went on."""
    timings: dict[str, float] = field(default_factory=dict)
    """The answer's milliseconds by stage, as the daemon measured them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A call that was answered, as it went."""

    turns: tuple[Turn, ...]
    recording: Recording
    answered: float
    ended: float
    """Seconds on the recording's timeline."""
    ended_by: str
    """`agent`, `caller`, `patience`, or `limit`."""
    lead: dict[str, Any]
    """`status` and `slots`, as the daemon last told them."""
    outcome: str | None
    """As the daemon told it; None when it did not."""
