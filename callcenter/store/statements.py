"""The SQL that stores records; each can be run again without harm."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection
from asyncpg.pool import PoolConnectionProxy

from callcenter.store.codec import storable
from callcenter.store.records import CallEnded, CallStarted, LeadChanged, PhrasePrepared, Record, TurnEnded
from callcenter.usage import Charges, cost_of

Session = Connection | PoolConnectionProxy
"""A connection, borrowed from the pool or not."""

_CALL_STARTED = """
INSERT INTO calls (id, instance, channel, caller, did, flow, variant, started)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO NOTHING
"""

DO_NOT_CALL = "do_not_call"
"""The outcome of a call in which somebody has asked not to be called again."""

_BAR = """
INSERT INTO do_not_call (number, reason, added)
SELECT caller, 'said so in call ' || id, $2 FROM calls WHERE id = $1 AND caller LIKE '+%'
ON CONFLICT (number) DO NOTHING
"""

_TURN_ENDED = """
INSERT INTO turns (call, index, heard, said, heard_by_caller, state, sentiment, timings, usage, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (call, index) DO UPDATE SET heard = excluded.heard, said = excluded.said,
    heard_by_caller = excluded.heard_by_caller, state = excluded.state, sentiment = excluded.sentiment,
    timings = excluded.timings, usage = excluded.usage, at = excluded.at
"""

_LEAD_CHANGED = """
INSERT INTO leads (call, status, created, updated) VALUES ($1, $2, $3, $3)
ON CONFLICT (call) DO UPDATE SET status = excluded.status, updated = excluded.updated
"""

_SLOTS_GONE = "DELETE FROM slots WHERE call = $1 AND name <> ALL ($2::text[])"

_SLOT = """
INSERT INTO slots (call, name, value, heard) VALUES ($1, $2, $3::text::jsonb, $4)
ON CONFLICT (call, name) DO UPDATE SET value = excluded.value, heard = excluded.heard
"""

_CALL_ENDED = """
UPDATE calls SET ended = $2, outcome = $3, reason = $4, recording = $5, usage = $6, cost = $7::float8::numeric
WHERE id = $1
"""

_PHRASE_PREPARED = """
INSERT INTO phrases (id, flow, provider, characters, cost, prepared) VALUES ($1, $2, $3, $4, $5::float8::numeric, $6)
ON CONFLICT (id) DO NOTHING
"""

BILL_SO_FAR = """
coalesce(
    (SELECT jsonb_object_agg(provider, bill) FROM (
        SELECT provider, jsonb_strip_nulls(jsonb_build_object(
            'seconds_heard', sum(seconds_heard), 'characters_spoken', sum(characters_spoken),
            'tokens_in', sum(tokens_in), 'tokens_out', sum(tokens_out), 'cost', sum(charges.cost))) AS bill
        FROM charges WHERE charges.call = calls.id GROUP BY provider) AS bills),
    '{}')
"""
"""What a call that goes on has used by its turns, as JSON; it stands in a query about `calls`."""

COST_SO_FAR = "(SELECT sum(charges.cost) FROM charges WHERE charges.call = calls.id)"

_CLOSE_LOST = f"""
UPDATE calls SET
    ended = coalesce(
        (SELECT max(at) FROM turns WHERE turns.call = calls.id),
        (SELECT updated FROM leads WHERE leads.call = calls.id),
        started),
    outcome = coalesce(
        (SELECT status FROM leads WHERE leads.call = calls.id AND status NOT IN ('new', 'partial')),
        (SELECT 'partial' FROM slots WHERE slots.call = calls.id LIMIT 1),
        'hung_up'),
    reason = 'lost',
    usage = {BILL_SO_FAR},
    cost = {COST_SO_FAR}
WHERE ended IS NULL AND instance = $1 AND started < $2
RETURNING id
"""


async def store(session: Session, record: Record) -> None:
    """Store `record`. Raises LookupError when it ends a call that is not stored, else what asyncpg raises."""
    match record:
        case CallStarted():
            await session.execute(_CALL_STARTED, record.call, *_texts(record), record.at)
        case TurnEnded():
            words = (record.heard, record.said, record.heard_by_caller, record.state, record.sentiment)
            texts = (storable(text) for text in words)
            figures = (storable(record.timings), _bill(record.usage))
            await session.execute(_TURN_ENDED, record.call, record.index, *texts, *figures, record.at)
        case LeadChanged():
            await _store_lead(session, record)
        case CallEnded():
            ending = tuple(storable(text) for text in (record.outcome, record.reason, record.recording))
            ending += (_bill(record.usage), storable(cost_of(record.usage)))
            if await session.execute(_CALL_ENDED, record.call, record.at, *ending) == "UPDATE 0":
                raise LookupError(f"call {record.call} ended but is not stored")
            if record.outcome == DO_NOT_CALL:
                await session.execute(_BAR, record.call, record.at)
        case PhrasePrepared(charge=charge):
            names = (storable(record.flow), storable(record.provider))
            price = (charge.characters_spoken, storable(charge.cost))
            await session.execute(_PHRASE_PREPARED, record.phrase, *names, *price, record.at)


def _texts(record: CallStarted) -> list[str]:
    texts = (record.instance, record.channel, record.caller, record.did, record.flow, record.variant)
    return [storable(text) for text in texts]


def _bill(charges: Charges) -> Any:
    return storable({provider: charge.as_json() for provider, charge in charges.items()})


async def _store_lead(session: Session, record: LeadChanged) -> None:
    rows = [
        (record.call, storable(name), json.dumps(storable(slot.value)), storable(slot.heard))
        for name, slot in record.slots.items()
    ]
    await session.execute(_LEAD_CHANGED, record.call, storable(record.status), record.at)
    await session.execute(_SLOTS_GONE, record.call, [name for _, name, _, _ in rows])
    await session.executemany(_SLOT, rows)


async def close_lost(session: Session, instance: str, before: datetime) -> list[UUID]:
    """End the calls that `instance` started `before` and never ended; return their ids.

    A call ends with its last turn. Its outcome is the lead's status where that is final, `partial` when anything
    was found out, else `hung_up`; what it cost is the sum of its turns.
    """
    return [row["id"] for row in await session.fetch(_CLOSE_LOST, instance, before)]
