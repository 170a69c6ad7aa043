"""Campaigns in PostgreSQL: every step of a contact is one transaction, so that a crash leaves it done or not done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from asyncpg import Record as Row

from callcenter.store.codec import storable
from callcenter.store.contacts import AttemptEnd, Campaign, Contact, Conversation, OpenAttempt, Tally, Waiting
from callcenter.store.statements import Session

_CLAIM_LOCK = 0x6469616C
"""The key of the advisory lock that lets one process begin a call at a time: "dial" in ASCII."""

_CREATE = """
INSERT INTO campaigns (id, name, flow, created) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET flow = excluded.flow RETURNING *
"""

_ADD = """
INSERT INTO contacts (id, campaign, number, zones, data, line, due) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (campaign, number) DO NOTHING
"""

_UNFINISHED = """
SELECT * FROM campaigns WHERE EXISTS (SELECT FROM contacts WHERE campaign = campaigns.id AND state <> 'done')
ORDER BY created
"""

_DUE = """
SELECT id, number, zones, data, EXISTS (SELECT FROM do_not_call WHERE number = contacts.number) AS barred
FROM contacts WHERE campaign = $1 AND state = 'waiting' AND due <= $2 ORDER BY due, line LIMIT $3
"""

_CLAIM = """
INSERT INTO attempts (id, contact, number, begun)
SELECT $1, id, number, $3 FROM contacts
WHERE id = $2 AND state = 'waiting' AND due <= $3
    AND NOT EXISTS (SELECT FROM campaigns WHERE id = contacts.campaign AND paused)
    AND NOT EXISTS (SELECT FROM do_not_call WHERE number = contacts.number)
    AND NOT EXISTS (SELECT FROM attempts WHERE number = contacts.number AND ended IS NULL AND begun > $5)
    AND (SELECT count(*) FROM attempts WHERE ended IS NULL AND begun > $5) < $4
RETURNING contact
"""

_DIALLING = "UPDATE contacts SET state = 'dialling' WHERE id = $1"

_END = """
UPDATE attempts SET ended = $2, outcome = $3, cause = $4, call = $5 WHERE id = $1 AND ended IS NULL
RETURNING contact, number
"""

_OUTCOMES = "SELECT outcome FROM attempts WHERE contact = $1 AND ended IS NOT NULL ORDER BY ended, begun"

_DONE = "UPDATE contacts SET state = 'done', outcome = $2 WHERE id = $1"

_AGAIN = "UPDATE contacts SET state = 'waiting', outcome = $2, due = $3 WHERE id = $1"

_POSTPONE = "UPDATE contacts SET due = $2 WHERE id = $1 AND state = 'waiting'"

_DROP = "UPDATE contacts SET state = 'done', outcome = $2 WHERE id = $1 AND state = 'waiting'"

_OPEN = """
SELECT attempts.id, contact, attempts.number, begun FROM attempts JOIN contacts ON contacts.id = contact
WHERE campaign = $1 AND ended IS NULL ORDER BY begun
"""

_LAST_BEGUN = "SELECT max(begun) FROM attempts JOIN contacts ON contacts.id = contact WHERE campaign = $1"

_NEXT_DUE = "SELECT min(due) FROM contacts WHERE campaign = $1 AND state = 'waiting'"

_CONVERSATION = "SELECT id AS call, ended, outcome FROM calls WHERE channel = $1 ORDER BY started DESC LIMIT 1"

_TALLY = "SELECT state, outcome, count(*), min(due) AS due FROM contacts WHERE campaign = $1 GROUP BY state, outcome"

_ATTEMPTS = """
SELECT attempts.* FROM attempts JOIN contacts ON contacts.id = contact WHERE campaign = $1 ORDER BY begun
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The wish to begin a call."""

    attempt: UUID
    contact: UUID
    at: datetime
    at_once: int
    """No more calls than this, all campaigns together."""
    longest: timedelta
    """An attempt that was begun longer ago is over, whether its end was noted or not."""


async def create(session: Session, name: str, flow: str, contacts: Sequence[Contact], now: datetime) -> Campaign:
    """The campaign `name`, which may be there already, with `contacts` added to those it has."""
    async with session.transaction():
        row = await session.fetchrow(_CREATE, uuid4(), storable(name), storable(flow), now)
        assert row
        campaign = Campaign(**row)
        await session.executemany(_ADD, [_row(campaign, contact, now) for contact in contacts])
    return campaign


def _row(campaign: Campaign, contact: Contact, now: datetime) -> tuple[object, ...]:
    zones, data = list(contact.zones), storable(contact.data)
    return uuid4(), campaign.id, contact.number, zones, data, contact.line, now


async def reserve(session: Session, campaign: UUID) -> bool:
    """Have `campaign` for as long as `session` is connected; False when another process has it."""
    had: bool = await session.fetchval("SELECT pg_try_advisory_lock($1)", campaign.int & (1 << 63) - 1)
    return had


async def find(session: Session, name: str) -> Campaign | None:
    """The campaign of that name."""
    row = await session.fetchrow("SELECT * FROM campaigns WHERE name = $1", name)
    return Campaign(**row) if row else None


async def unfinished(session: Session) -> list[Campaign]:
    """Those with somebody still to call, oldest first."""
    return [Campaign(**row) for row in await session.fetch(_UNFINISHED)]


async def pause(session: Session, campaign: UUID, *, paused: bool) -> None:
    """Have nobody of it called until it is resumed."""
    await session.execute("UPDATE campaigns SET paused = $2 WHERE id = $1", campaign, paused)


async def known_numbers(session: Session, campaign: UUID) -> set[str]:
    """The numbers of its contacts."""
    return {row["number"] for row in await session.fetch("SELECT number FROM contacts WHERE campaign = $1", campaign)}


async def due(session: Session, campaign: UUID, now: datetime, limit: int) -> list[Waiting]:
    """The contacts whose turn has come, those who wait longest first."""
    return [_waiting(row) for row in await session.fetch(_DUE, campaign, now, limit)]


def _waiting(row: Row) -> Waiting:
    return Waiting(**{**row, "zones": tuple(row["zones"])})


async def claim(session: Session, wish: Claim) -> bool:
    """Note that a contact is called; False, and nothing noted, when they may not be.

    They may not while anybody calls that number, when it is on the do-not-call list, and when there are enough calls.
    """
    async with session.transaction():
        await session.execute("SELECT pg_advisory_xact_lock($1)", _CLAIM_LOCK)
        contact = await session.fetchval(
            _CLAIM, wish.attempt, wish.contact, wish.at, wish.at_once, wish.at - wish.longest
        )
        if contact:
            await session.execute(_DIALLING, contact)
    return contact is not None


async def end(session: Session, ended: AttemptEnd) -> tuple[UUID, str] | None:
    """Note how an attempt ended; returns contact and number, None when it is noted already.

    To be followed by `settle` in the same transaction.
    """
    row = await session.fetchrow(_END, ended.attempt, ended.at, storable(ended.outcome), ended.cause, ended.call)
    return (row["contact"], row["number"]) if row else None


async def outcomes(session: Session, contact: UUID) -> list[str]:
    """Of the contact's attempts, in order."""
    return [row["outcome"] for row in await session.fetch(_OUTCOMES, contact)]


async def settle(session: Session, contact: UUID, outcome: str, due: datetime | None) -> None:
    """After an attempt: call the contact again when it is `due`, or never when that is None."""
    if due is None:
        await session.execute(_DONE, contact, storable(outcome))
    else:
        await session.execute(_AGAIN, contact, storable(outcome), due)


async def postpone(session: Session, contact: UUID, until: datetime) -> None:
    """Do not look at a waiting contact before `until`."""
    await session.execute(_POSTPONE, contact, until)


async def drop(session: Session, contact: UUID, outcome: str) -> None:
    """Do not call a waiting contact at all."""
    await session.execute(_DROP, contact, outcome)


async def open_attempts(session: Session, campaign: UUID) -> list[OpenAttempt]:
    """Attempts of which the end is not noted, oldest first."""
    return [OpenAttempt(**row) for row in await session.fetch(_OPEN, campaign)]


async def last_begun(session: Session, campaign: UUID) -> datetime | None:
    """When its latest attempt was begun."""
    begun: datetime | None = await session.fetchval(_LAST_BEGUN, campaign)
    return begun


async def next_due(session: Session, campaign: UUID) -> datetime | None:
    """When the first of its waiting contacts is to be looked at; None when nobody waits."""
    due: datetime | None = await session.fetchval(_NEXT_DUE, campaign)
    return due


async def conversation(session: Session, channel: str) -> Conversation | None:
    """The call that was had on `channel`; the latest where a daemon died and its successor took it over."""
    row = await session.fetchrow(_CONVERSATION, channel)
    return Conversation(**row) if row else None


async def tally(session: Session, campaign: UUID) -> Tally:
    """How far the campaign is."""
    rows = await session.fetch(_TALLY, campaign)

    def count(state: str) -> int:
        return sum(row["count"] for row in rows if row["state"] == state)

    return Tally(
        waiting=count("waiting"),
        dialling=count("dialling"),
        done=count("done"),
        outcomes={row["outcome"]: row["count"] for row in rows if row["state"] == "done"},
        next_due=min((row["due"] for row in rows if row["state"] == "waiting"), default=None),
    )


async def attempts(session: Session, campaign: UUID) -> list[dict[str, object]]:
    """Every attempt of a campaign as it is stored, oldest first."""
    return [dict(row) for row in await session.fetch(_ATTEMPTS, campaign)]
