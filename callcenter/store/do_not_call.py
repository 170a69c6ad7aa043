"""The numbers that are never called, whatever a campaign wants."""

from collections.abc import Sequence
from datetime import datetime

from callcenter.store.codec import storable
from callcenter.store.contacts import Barred
from callcenter.store.statements import Session

_ADD = "INSERT INTO do_not_call (number, reason, added) VALUES ($1, $2, $3) ON CONFLICT (number) DO NOTHING"


async def add(session: Session, numbers: Sequence[str], reason: str, now: datetime) -> None:
    """Put E.164 `numbers` on the list; those on it already stay as they are."""
    await session.executemany(_ADD, [(number, storable(reason), now) for number in numbers])


async def remove(session: Session, numbers: Sequence[str]) -> int:
    """Take `numbers` off; returns how many were on it."""
    answer = await session.execute("DELETE FROM do_not_call WHERE number = ANY ($1::text[])", list(numbers))
    return int(answer.split()[-1])


async def listed(session: Session) -> list[Barred]:
    """The whole list, newest first."""
    return [Barred(**row) for row in await session.fetch("SELECT * FROM do_not_call ORDER BY added DESC, number")]


async def among(session: Session, numbers: Sequence[str]) -> set[str]:
    """Those of `numbers` that are on the list."""
    query = "SELECT number FROM do_not_call WHERE number = ANY ($1::text[])"
    return {row["number"] for row in await session.fetch(query, list(numbers))}
