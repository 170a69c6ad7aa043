"""What is kept of outbound calls: campaigns, whom they call, and each attempt to."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Contacts who are called about one flow."""

    id: UUID
    name: str
    flow: str
    created: datetime
    paused: bool = False
    """Nobody is called until it is resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call."""

    number: str
    """E.164, with its plus."""
    zones: tuple[str, ...]
    """Time zones that they may be in."""
    data: dict[str, str] = field(default_factory=dict)
    """What is known of them, under the names of slots."""
    line: int = 0
    """Where in the file they stand; contacts are called in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A contact whose turn has come."""

    id: UUID
    number: str
    zones: tuple[str, ...]
    data: dict[str, str]
    barred: bool
    """On the do-not-call list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """A call to a contact of which it is not known how it ended."""

    id: UUID
    contact: UUID
    number: str
    begun: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """How an attempt ended."""

    attempt: UUID
    outcome: str
    at: datetime
    cause: int | None = None
    """Q.850, of a call that Asterisk told the end of."""
    call: UUID | None = None
    """The conversation that it led to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The stored call that an attempt led to; both are None while it goes on."""

    call: UUID
    ended: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far a campaign is."""

    waiting: int
    dialling: int
    done: int
    outcomes: dict[str, int]
    """Of contacts that are done."""
    next_due: datetime | None
    """When the first of those waiting is called, or looked at, again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """A number that is never called."""

    number: str
    reason: str
    added: datetime
