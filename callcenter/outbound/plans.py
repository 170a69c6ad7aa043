"""Campaigns without a call: made from contacts, looked at, paused and cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from callcenter.errors import ConfigurationError
from callcenter.outbound.hours import Hours
from callcenter.outbound.outcomes import CANCELLED
from callcenter.outbound.pacing import Pace
from callcenter.outbound.progress import Progress, Stored, past, progress
from callcenter.store import campaigns, do_not_call
from callcenter.store.contacts import Campaign, Contact
from callcenter.store.database import Database
from callcenter.store.statements import Session

FOR_EVER, EVERYBODY = datetime(9999, 1, 1, tzinfo=UTC), 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a campaign would do if it began now."""

    contacts: int
    now: int
    """Could be called at once."""
    later: int
    """Are outside their hours."""
    next_opening: datetime | None
    """When the first of these can be called."""
    do_not_call: int
    known: int
    """Are in the campaign of this name already."""


async def preview(database: Database, name: str, contacts: Sequence[Contact], hours: Hours, now: datetime) -> Preview:
    """Look at a campaign without making it."""
    numbers = [contact.number for contact in contacts]
    async with database.session() as session:
        campaign = await campaigns.find(session, name)
        known = await campaigns.known_numbers(session, campaign.id) if campaign else set()
        barred = await do_not_call.among(session, numbers)
    openings = [hours.opening(now, contact.zones) for contact in contacts if contact.number not in barred]
    later = [opening for opening in openings if opening and opening > now]
    return Preview(
        contacts=len(contacts),
        now=sum(opening is not None for opening in openings) - len(later),
        later=len(later),
        next_opening=min(later, default=None),
        do_not_call=len(barred),
        known=len(known.intersection(numbers)),
    )


async def create(database: Database, name: str, flow: str, contacts: Sequence[Contact]) -> Campaign:
    """The campaign `name` with `contacts`; one that is there already goes on, with those of them that are new."""
    async with database.session() as session:
        return await campaigns.create(session, name, flow, contacts, datetime.now(UTC))


async def look(database: Database, pace: Pace, hours: Hours, names: Sequence[str]) -> list[Progress]:
    """How far the campaigns of these names are; without any, those that are not finished.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session:
        return [
            progress(datetime.now(UTC), await _stored(session, one), pace, hours)
            for one in await _named(session, names)
        ]


async def cancel(database: Database, names: Sequence[str]) -> int:
    """Call nobody any more who waits in these campaigns; how many these are. Calls that go on, go on.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session, session.transaction():
        waiting = [
            contact
            for one in await _named(session, names)
            for contact in await campaigns.due(session, one.id, FOR_EVER, EVERYBODY)
        ]
        for contact in waiting:
            await campaigns.drop(session, contact.id, CANCELLED)
    return len(waiting)


async def pause(database: Database, names: Sequence[str], *, paused: bool) -> int:
    """Have nobody of these campaigns called for now, or again; how many campaigns these are.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session:
        found = await _named(session, names)
        for one in found:
            await campaigns.pause(session, one.id, paused=paused)
    return len(found)


async def _named(session: Session, names: Sequence[str]) -> list[Campaign]:
    found = {name: await campaigns.find(session, name) for name in names}
    if missing := [name for name, one in found.items() if one is None]:
        raise ConfigurationError(f"there is no campaign {missing[0]}: `callcenter campaigns` lists them")
    return [one for one in found.values() if one] if names else await campaigns.unfinished(session)


async def _stored(session: Session, one: Campaign) -> Stored:
    return Stored(
        campaign=one,
        tally=await campaigns.tally(session, one.id),
        waiting=await campaigns.due(session, one.id, FOR_EVER, EVERYBODY),
        past=past(await campaigns.attempts(session, one.id)),
    )
