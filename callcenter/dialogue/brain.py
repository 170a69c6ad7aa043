"""The seam of deciding: what happened goes in, actions come out, whatever decides."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal, Protocol

Status = Literal["new", "partial", "qualified", "refused", "callback"]
"""Of a lead."""

Outcome = Literal["qualified", "partial", "refused", "callback", "transferred", "hung_up", "busy"]
"""Of a call; `hung_up` is a caller who left before anything was found out, `busy` one for whom there was no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The call has just been answered; the brain greets."""

    caller: str
    """The caller's number, empty when withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The caller said something."""

    text: str
    confidence: float = 1.0
    interrupted: bool = False
    """The agent was cut short by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """The caller pressed keys; a closing `#` is left out."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """The caller has said nothing for the limit's length."""

    times: int
    """In a row, from 1."""
    last: bool = False
    """No more will be waited for: say goodbye and hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misheard:
    """The caller spoke, but the recogniser failed."""

    last: bool = False
    """It has failed too often: apologise and hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """The person who was rung did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The call must end now: say goodbye and hang up."""

    reason: Literal["length", "shutdown"]


Happening = Answered | Said | Keyed | Silent | Misheard | TransferFailed | Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak a text; the next action follows at once, its sound after this one's."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Speak a question and listen."""

    text: str
    slot: str
    """What the answer is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Ring a person, and connect the caller when they answer."""

    to: str
    """A dial string: `PJSIP/…`, `Local/…@…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call, once everything said has been played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Say nothing and go on listening: the caller has not finished, or asked for a moment."""

    patience_s: float | None = None
    """Silence is told after so many seconds rather than the usual."""


Action = Say | Ask | Transfer | HangUp | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A slot with its value."""

    value: Any
    """What JSON can hold: the flow says of which type."""
    heard: str
    """The caller's words that it was taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What is known of the caller's wish so far."""

    status: Status = "new"
    slots: dict[str, Filled] = field(default_factory=dict)


class Completeness(Enum):
    """Whether a caller who pauses has said what they want to say."""

    COMPLETE = auto()
    """It answers what was asked."""
    OPEN = auto()
    """Nobody can tell."""
    UNFINISHED = auto()
    """More must follow: a number lacks digits, or the last word was `and`."""


class Brain(Protocol):
    """Decides what to say and do in one call."""

    @property
    def lead(self) -> Lead:
        """As of the last reply."""

    @property
    def outcome(self) -> Outcome:
        """What the call's outcome is if it ends now."""

    def completeness(self, text: str) -> Completeness:
        """Whether a caller who has said `text` so far, and pauses, has finished. Changes nothing; takes under 5 ms."""

    def reply(self, happening: Happening) -> AsyncIterator[Action]:
        """What to do about `happening`, as it is decided. The last action is an Ask, a Say, a Wait or a HangUp."""
