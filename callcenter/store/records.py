"""What is kept of calls, and of what is bought for them: each record can be stored again without harm."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.usage import Charge

QUALIFIED = "qualified"
"""The status of leads that are counted where nobody says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """A call has arrived."""

    call: UUID
    channel: str
    caller: str
    did: str
    flow: str
    variant: str = ""
    """Of the flow's wording; empty for its own."""
    instance: str = ""
    """The installation that took it, the same after a restart: each closes only its own lost calls."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """One exchange is over."""

    call: UUID
    index: int
    """From 0, the greeting."""
    heard: str
    """What the caller said, as recognised; empty for the greeting and for silences."""
    said: str
    """What the agent meant to answer."""
    heard_by_caller: str
    """What of it was played before the turn ended."""
    timings: dict[str, float]
    """Milliseconds: by stage (endpoint, recognise, queue, think, voice, wire), their sum (total), and beside them."""
    state: str = ""
    """Of the flow, in which the conversation was afterwards."""
    sentiment: str = ""
    """Of what the caller said: negative, neutral or positive; empty if they said nothing."""
    usage: dict[str, Charge] = field(default_factory=dict)
    """By provider, since the turn before."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue:
    """A slot and the caller's words that its value was taken from."""

    value: Any
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChanged:
    """A lead as it now is; slots that it no longer has are removed."""

    call: UUID
    status: str
    slots: dict[str, SlotValue] = field(default_factory=dict)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """A call is over."""

    call: UUID
    outcome: str
    reason: str
    """Why it ended: `agent`, `caller`, `limit`, `shutdown`, `error: …`, `lost`."""
    recording: str | None = None
    """The path of the sound, if it was kept."""
    usage: dict[str, Charge] = field(default_factory=dict)
    """By provider, of the whole call: its turns, and what came after the last of them."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PhrasePrepared:
    """A phrase was rendered for calls to come, by somebody who is paid for it."""

    phrase: UUID
    flow: str
    """That needed it first."""
    provider: str
    charge: Charge
    at: datetime


Record = CallStarted | TurnEnded | LeadChanged | CallEnded | PhrasePrepared
