"""The reading side, for the command line and the dashboard. `codec.plain` turns the results into JSON."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record as Row

from callcenter.errors import StoreError
from callcenter.store.records import SlotValue
from callcenter.store.statements import BILL_SO_FAR, COST_SO_FAR, Session
from callcenter.usage import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call; `ended`, `outcome` and `reason` are None while it goes on."""

    id: UUID
    instance: str
    channel: str
    caller: str
    did: str
    flow: str
    variant: str
    """Of the flow's wording; empty for its own."""
    started: datetime
    ended: datetime | None
    outcome: str | None
    reason: str | None
    recording: str | None
    """The path of the sound, if it was kept."""
    turns: int
    usage: dict[str, Charge] = field(default_factory=dict)
    """By provider; so far, while it goes on."""
    cost: float | None = None
    """Of that, at the prices of the time; None where nothing that was used had one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """One exchange; timings in milliseconds by stage."""

    index: int
    heard: str
    said: str
    heard_by_caller: str
    state: str
    """Of the flow, in which the conversation was afterwards."""
    sentiment: str
    timings: dict[str, float]
    usage: dict[str, Charge] = field(default_factory=dict)
    """By provider, since the turn before."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLead:
    """A lead with the call that it came from."""

    call: UUID
    caller: str
    did: str
    flow: str
    status: str
    slots: dict[str, SlotValue]
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A call with everything that is kept of it."""

    call: StoredCall
    turns: list[StoredTurn]
    lead: StoredLead | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many there are."""

    calls: int
    outcomes: dict[str, int]
    """Of calls that have ended."""
    leads: dict[str, int]
    """By status."""


_CALL = f"""
SELECT id, instance, channel, caller, did, flow, variant, started, ended, outcome, reason, recording,
    (SELECT count(*) FROM turns WHERE turns.call = calls.id) AS turns,
    CASE WHEN ended IS NULL THEN {BILL_SO_FAR} ELSE usage END AS usage,
    (CASE WHEN ended IS NULL THEN {COST_SO_FAR} ELSE cost END)::float8 AS cost
FROM calls
"""

_CALLS = f"""
{_CALL}
WHERE ($1::timestamptz IS NULL OR started >= $1) AND ($2::text IS NULL OR outcome = $2)
    AND ($3::text IS NULL OR did = $3)
ORDER BY started DESC, id LIMIT $4
"""

_CALLS_BETWEEN = f"""
{_CALL}
WHERE id BETWEEN $1 AND $2 ORDER BY started DESC LIMIT 6
"""

_TURNS = """
SELECT index, heard, said, heard_by_caller, state, sentiment, timings, usage, at
FROM turns WHERE call = $1 ORDER BY index
"""

_LEADS = """
SELECT leads.*, calls.caller, calls.did, calls.flow,
    coalesce((SELECT jsonb_object_agg(name, jsonb_build_object('value', value, 'heard', heard))
              FROM slots WHERE slots.call = leads.call), '{}') AS slots
FROM leads JOIN calls ON calls.id = leads.call
WHERE ($1::uuid IS NULL OR leads.call = $1) AND ($2::text IS NULL OR status = $2)
    AND ($3::timestamptz IS NULL OR updated >= $3)
ORDER BY updated DESC, leads.call LIMIT $4 OFFSET $5
"""

_OUTCOMES = """
SELECT outcome, count(*) FROM calls WHERE ($1::timestamptz IS NULL OR started >= $1) GROUP BY outcome ORDER BY outcome
"""

_VARIANTS = """
SELECT variant, outcome, count(*) FROM calls
WHERE flow = $1 AND outcome IS NOT NULL AND ($2::timestamptz IS NULL OR started >= $2)
GROUP BY variant, outcome ORDER BY variant, outcome
"""

_STATUSES = """
SELECT status, count(*) FROM leads WHERE ($1::timestamptz IS NULL OR created >= $1) GROUP BY status ORDER BY status
"""


async def calls(
    session: Session,
    *,
    since: datetime | None = None,
    outcome: str | None = None,
    did: str | None = None,
    limit: int = 50,
) -> list[StoredCall]:
    """Calls, newest first."""
    return [_call(row) for row in await session.fetch(_CALLS, since, outcome, did, limit)]


async def leads(
    session: Session,
    *,
    status: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[StoredLead]:
    """Leads, last changed first; `since` is about that change."""
    return [_lead(row) for row in await session.fetch(_LEADS, None, status, since, limit, offset)]


async def transcript(session: Session, prefix: str) -> Transcript:
    """The call whose id begins with `prefix`. Raises StoreError when there is none, or more than one."""
    found = [_call(row) for row in await session.fetch(_CALLS_BETWEEN, *_between(prefix))]
    if not found:
        raise StoreError(f"no call begins with {prefix!r}")
    if len(found) > 1:
        raise StoreError(f"several calls begin with {prefix!r}: {', '.join(str(call.id) for call in found[:5])}")
    call = found[0]
    turns = [StoredTurn(**_priced(row)) for row in await session.fetch(_TURNS, call.id)]
    lead = await session.fetchrow(_LEADS, call.id, None, None, 1, 0)
    return Transcript(call=call, turns=turns, lead=_lead(lead) if lead else None)


async def totals(session: Session, since: datetime | None = None) -> Totals:
    """Counts of calls begun and leads made `since`, or ever."""
    outcomes = {row["outcome"]: row["count"] for row in await session.fetch(_OUTCOMES, since)}
    statuses = {row["status"]: row["count"] for row in await session.fetch(_STATUSES, since)}
    ended = {outcome: count for outcome, count in outcomes.items() if outcome is not None}
    return Totals(calls=sum(outcomes.values()), outcomes=ended, leads=statuses)


def _between(prefix: str) -> tuple[UUID, UUID]:
    """The lowest and the highest UUID that begins with `prefix`."""
    digits = prefix.replace("-", "")
    try:
        return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    except ValueError as error:
        raise StoreError(f"{prefix!r} does not begin the id of a call: only 0-9, a-f and - are in it") from error


def _call(row: Row) -> StoredCall:
    return StoredCall(**_priced(row))


def _priced(row: Row) -> dict[str, Any]:
    """The columns of a row, with its usage as what it is."""
    columns: dict[str, Any] = dict(row)
    columns["usage"] = {provider: Charge(**charge) for provider, charge in columns["usage"].items()}
    return columns


def _lead(row: Row) -> StoredLead:
    columns: dict[str, Any] = dict(row)
    slots = {name: SlotValue(**slot) for name, slot in columns.pop("slots").items()}
    return StoredLead(slots=slots, **columns)


async def outcomes_by_variant(
    session: Session, flow: str, *, since: datetime | None = None
) -> list[tuple[str, str, int]]:
    """How many calls of `flow` have ended how, by the variant of its wording; empty is its own."""
    return [(row["variant"], row["outcome"], row["count"]) for row in await session.fetch(_VARIANTS, flow, since)]
