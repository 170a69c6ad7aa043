"""The seam of deciding: what happened goes in, actions come out, whatever decides."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal, Protocol

from callcenter.usage import Bill

Status = str
"""Of a lead: the outcome so far, where a flow declares it; else `NEW` or `PARTIAL`."""

Outcome = str
"""Of a call: one that the flow declares, or one of these."""

NEW: Status = "new"
"""Nothing was found out."""
PARTIAL = "partial"
"""Something was found out, but nothing that the flow has a name for."""
HUNG_UP: Outcome = "hung_up"
"""A caller who left before anything was found out."""
TRANSFERRED: Outcome = "transferred"
"""Connected to a person."""
BUSY: Outcome = "busy"
"""One for whom there was no room."""


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
    """The caller spoke, but was not understood: it was hardly a word, or all recognisers failed."""

    deaf: bool = False
    """They did so again: offer keys, for nobody hears the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """The person who was rung did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a service has answered to a Fetch."""

    result: Literal["ok", "failed"]
    """`failed` after a time-out, an HTTP error, or an answer that is no JSON object."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The answer's JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The call must end now: say goodbye and hang up."""

    reason: Literal["length", "shutdown"]


Happening = Answered | Said | Keyed | Silent | Misheard | TransferFailed | Fetched | Ending


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
    patience_s: float | None = None
    """Silence is told after so many seconds rather than the usual."""
    keys: str = ""
    """A pattern of keys that are a whole answer, so that no more need be waited for; empty if more may always come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Ring a person, and connect the caller when they answer."""

    to: str
    """A dial string: `PJSIP/…`, `Local/…@…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Ask a service, and tell by a Fetched what it says."""

    url: str
    method: Literal["get", "post", "put", "delete"]
    send: Mapping[str, Any]
    """As a JSON object, or in the query of a `get`."""
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call, once everything said has been played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Say nothing and go on listening: the caller has not finished, or asked for a moment."""

    patience_s: float | None = None
    """Silence is told after so many seconds rather than the usual."""


Action = Say | Ask | Transfer | Fetch | HangUp | Wait


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

    status: Status = NEW
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

    @property
    def state(self) -> str:
        """Where in the flow the conversation is."""

    @property
    def variant(self) -> str:
        """Of the flow's wording; empty for its own."""

    @property
    def sentiment(self) -> str:
        """Of what the caller said last: negative, neutral, positive."""

    @property
    def spent(self) -> Bill:
        """What the call has used so far of those who are paid for deciding; it only grows."""

    def completeness(self, text: str) -> Completeness:
        """Whether a caller who has said `text` so far, and pauses, has finished. Changes nothing; takes under 5 ms."""

    def heard_by_caller(self, text: str) -> None:
        """What was played of the last reply, once its turn is over."""

    def reply(self, happening: Happening) -> AsyncGenerator[Action, None]:
        """What to do about `happening`, as it is decided. The last action is an Ask, a Say, a Wait,
        a Transfer, a Fetch or a HangUp."""
