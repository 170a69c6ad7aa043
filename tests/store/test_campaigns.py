import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from callcenter.store import campaigns, do_not_call, statements
from callcenter.store.campaigns import Claim
from callcenter.store.contacts import AttemptEnd, Campaign, Contact, Tally, Waiting
from callcenter.store.database import Database
from callcenter.store.records import CallEnded, CallStarted

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NUMBERS = ("+33612345670", "+33612345671", "+33612345672")


def people(numbers: Sequence[str] = NUMBERS) -> list[Contact]:
    return [Contact(number=number, zones=("UTC",), data={"n": number[-1]}, line=n) for n, number in enumerate(numbers)]


async def made(database: Database, name: str = "autumn", numbers: Sequence[str] = NUMBERS) -> Campaign:
    async with database.session() as session:
        return await campaigns.create(session, name, "energy", people(numbers), NOON)


async def due(database: Database, campaign: Campaign, at: datetime = NOON) -> list[Waiting]:
    async with database.session() as session:
        return await campaigns.due(session, campaign.id, at, 10)


def wish(contact: UUID, *, at: datetime = NOON, at_once: int = 9, attempt: UUID | None = None) -> Claim:
    return Claim(attempt=attempt or uuid4(), contact=contact, at=at, at_once=at_once, longest=120 * MINUTE)


async def claimed(database: Database, claim: Claim) -> bool:
    async with database.session() as session:
        return await campaigns.claim(session, claim)


async def ended(database: Database, attempt: UUID, outcome: str, again: datetime | None = None) -> bool:
    end = AttemptEnd(attempt=attempt, outcome=outcome, at=NOON + MINUTE, cause=17)
    async with database.session() as session, session.transaction():
        noted = await campaigns.end(session, end)
        if noted:
            await campaigns.settle(session, noted[0], outcome, again)
    return noted is not None


async def tally(database: Database, campaign: Campaign) -> Tally:
    async with database.session() as session:
        return await campaigns.tally(session, campaign.id)


async def test_contacts_are_called_in_the_files_order(database: Database) -> None:
    campaign = await made(database)
    found = await due(database, campaign)
    assert [contact.number for contact in found] == list(NUMBERS)
    assert (found[1].zones, found[1].data, found[1].barred) == (("UTC",), {"n": "1"}, False)
    assert await due(database, campaign, NOON - MINUTE) == []


async def test_a_campaign_that_is_there_goes_on(database: Database) -> None:
    first = await made(database, numbers=NUMBERS[:2])
    (contact, _) = await due(database, first)
    attempt = uuid4()
    assert await claimed(database, wish(contact.id, attempt=attempt))
    assert await ended(database, attempt, "refused")
    again = await made(database, numbers=NUMBERS)
    assert (again.id, again.created) == (first.id, first.created)
    assert [contact.number for contact in await due(database, again)] == list(NUMBERS[1:])
    async with database.session() as session:
        assert await campaigns.find(session, "autumn") == first
        assert await campaigns.find(session, "winter") is None
        assert await campaigns.known_numbers(session, first.id) == set(NUMBERS)
        assert await campaigns.unfinished(session) == [first]


async def test_an_attempt_from_its_claim_to_its_end(database: Database) -> None:
    campaign = await made(database)
    contact = (await due(database, campaign))[0]
    attempt = uuid4()
    assert await claimed(database, wish(contact.id, attempt=attempt))
    assert not await claimed(database, wish(contact.id))
    async with database.session() as session:
        (noted,) = await campaigns.open_attempts(session, campaign.id)
        assert (noted.id, noted.contact, noted.number, noted.begun) == (attempt, contact.id, contact.number, NOON)
        assert await campaigns.last_begun(session, campaign.id) == NOON
    assert (await tally(database, campaign)).dialling == 1
    assert await ended(database, attempt, "busy", NOON + 5 * MINUTE)
    assert not await ended(database, attempt, "no_answer")
    async with database.session() as session:
        assert await campaigns.open_attempts(session, campaign.id) == []
        assert await campaigns.outcomes(session, contact.id) == ["busy"]
    assert contact.id not in {found.id for found in await due(database, campaign)}
    assert (await due(database, campaign, NOON + 5 * MINUTE))[-1].id == contact.id


async def test_how_far_a_campaign_is(database: Database) -> None:
    campaign = await made(database)
    first, second, third = await due(database, campaign)
    attempt = uuid4()
    await claimed(database, wish(first.id, attempt=attempt))
    await ended(database, attempt, "qualified")
    async with database.session() as session:
        await campaigns.drop(session, second.id, "do_not_call")
        await campaigns.drop(session, first.id, "do_not_call")  # who is done stays so
        await campaigns.postpone(session, third.id, NOON + MINUTE)
        assert await campaigns.next_due(session, campaign.id) == NOON + MINUTE
    assert await tally(database, campaign) == Tally(
        waiting=1, dialling=0, done=2, outcomes={"qualified": 1, "do_not_call": 1}, next_due=NOON + MINUTE
    )


async def test_who_is_on_the_list_cannot_be_claimed(database: Database) -> None:
    campaign = await made(database)
    async with database.session() as session:
        await do_not_call.add(session, [NUMBERS[0], NUMBERS[2]], "asked", NOON)
        await do_not_call.add(session, [NUMBERS[0]], "again", NOON + MINUTE)
        assert await do_not_call.among(session, NUMBERS) == {NUMBERS[0], NUMBERS[2]}
    contacts = await due(database, campaign)
    assert [contact.barred for contact in contacts] == [True, False, True]
    assert [await claimed(database, wish(contact.id)) for contact in contacts] == [False, True, False]
    async with database.session() as session:
        assert [(entry.number, entry.reason) for entry in await do_not_call.listed(session)] == [
            (NUMBERS[0], "asked"),
            (NUMBERS[2], "asked"),
        ]
        assert await do_not_call.remove(session, [*NUMBERS, "+1"]) == 2
    assert [await claimed(database, wish(contact.id)) for contact in contacts] == [True, False, True]


async def test_the_limit_holds_for_all_campaigns_together(database: Database) -> None:
    first, second = await made(database), await made(database, "winter", ("+33712345670", "+33712345671"))
    contacts = [*await due(database, first), *await due(database, second)]
    results = await asyncio.gather(*(claimed(database, wish(contact.id, at_once=3)) for contact in contacts))
    assert sum(results) == 3
    later = NOON + 121 * MINUTE
    free = next(contact for contact, result in zip(contacts, results, strict=True) if not result)
    assert not await claimed(database, wish(free.id, at=NOON + MINUTE, at_once=3))
    assert await claimed(database, wish(free.id, at=later, at_once=3))  # the three were left behind


async def test_a_number_is_rung_once_at_a_time(database: Database) -> None:
    first, second = await made(database), await made(database, "winter")
    one, other = (await due(database, first))[0], (await due(database, second))[0]
    attempt = uuid4()
    assert await claimed(database, wish(one.id, attempt=attempt))
    assert not await claimed(database, wish(other.id))
    await ended(database, attempt, "busy", NOON + MINUTE)
    assert await claimed(database, wish(other.id))


@pytest.mark.parametrize("ends", [0, 1, 2])
async def test_the_conversation_of_an_attempt(database: Database, ends: int) -> None:
    """Where a daemon was killed its successor has had another with the same caller."""
    calls = [uuid4(), uuid4()]
    async with database.session() as session:
        assert await campaigns.conversation(session, "out-1") is None
        for number, call in enumerate(calls):
            started = CallStarted(call=call, channel="out-1", caller="", did="", flow="", at=NOON + number * MINUTE)
            await statements.store(session, started)
        for call in calls[:ends]:
            await statements.store(session, CallEnded(call=call, outcome="refused", reason="agent", at=NOON))
        had = await campaigns.conversation(session, "out-1")
    assert had
    assert (had.call, had.outcome) == (calls[1], "refused" if ends == 2 else None)


async def test_one_process_has_a_campaign(database: Database) -> None:
    campaign = await made(database)
    async with database.session() as first:
        assert await campaigns.reserve(first, campaign.id)
        async with database.session() as second:
            assert not await campaigns.reserve(second, campaign.id)
            assert await campaigns.reserve(second, uuid4())
    async with database.session() as session:
        assert await campaigns.reserve(session, campaign.id)
