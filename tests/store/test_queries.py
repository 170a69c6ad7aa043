import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from callcenter.errors import StoreError
from callcenter.store import codec, queries, statements
from callcenter.store.database import Database
from callcenter.usage import Charge
from tests.store import samples


@pytest.fixture
async def filled(database: Database) -> Database:
    async with database.session() as session:
        for number in range(1, 5):
            for record in samples.whole(number, turns=number):
                await statements.store(session, record)
        for record in (samples.started(5, did="9001"), samples.lead(5, "qualified"), samples.ended(5, "refused")):
            await statements.store(session, record)
        await statements.store(session, samples.started(6))
    return database


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"limit": 2}, [6, 5]),
        ({"since": samples.NOON + timedelta(minutes=4)}, [6, 5, 4]),
        ({"outcome": "refused"}, [5]),
        ({"did": "9001"}, [5]),
        ({"did": "9000", "outcome": "qualified", "limit": 1}, [4]),
        ({"did": "0"}, []),
    ],
)
async def test_calls(filled: Database, filters: dict[str, object], numbers: list[int]) -> None:
    async with filled.session() as session:
        found = await queries.calls(session, **filters)  # type: ignore[arg-type]
    assert [call.id for call in found] == [samples.call(number) for number in numbers]
    assert all(call.turns == call.id.int >> 96 for call in found if call.outcome == "qualified")


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"status": "qualified"}, [5]),
        ({"since": samples.NOON + timedelta(minutes=4)}, [5, 4]),
        ({"limit": 2, "offset": 1}, [4, 3]),
        ({"status": "none"}, []),
    ],
)
async def test_leads(filled: Database, filters: dict[str, object], numbers: list[int]) -> None:
    async with filled.session() as session:
        found = await queries.leads(session, **filters)  # type: ignore[arg-type]
    assert [lead.call for lead in found] == [samples.call(number) for number in numbers]
    assert all(lead.slots["amount"].value == (lead.call.int >> 96) - 1 for lead in found if lead.status == "partial")


@pytest.mark.parametrize("prefix", ["00000004", "00000004-0000", "000000040000", str(samples.call(4)).upper()])
async def test_transcript_by_prefix(filled: Database, prefix: str) -> None:
    async with filled.session() as session:
        kept = await queries.transcript(session, prefix)
    assert kept.call.id == samples.call(4)
    assert len(kept.turns) == kept.call.turns == 4
    assert kept.lead is not None
    assert json.loads(json.dumps(asdict(kept), default=codec.plain))["lead"]["slots"]["amount"]["value"] == 3


@pytest.mark.parametrize("recording", [None, "/recordings/2026-11-21/é.wav"])
async def test_where_the_recording_is(database: Database, recording: str | None) -> None:
    async with database.session() as session:
        for record in (samples.started(1), samples.started(2), samples.ended(1, recording=recording)):
            await statements.store(session, record)
        kept = await queries.transcript(session, str(samples.call(1)))
        listed = await queries.calls(session)
    assert kept.call.recording == recording
    assert [call.recording for call in listed] == [None, recording]


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("0000", "several calls begin"),
        ("", "several"),
        ("9", "no call"),
        ("x", "only 0-9"),
        ("0" * 33, "only 0-9"),
    ],
)
async def test_a_prefix_that_is_not_one_call(filled: Database, prefix: str, message: str) -> None:
    async with filled.session() as session:
        with pytest.raises(StoreError, match=message):
            await queries.transcript(session, prefix)


async def test_totals(filled: Database) -> None:
    async with filled.session() as session:
        totals = await queries.totals(session)
        recent = await queries.totals(session, samples.NOON + timedelta(minutes=5))
    assert totals == queries.Totals(
        calls=6, outcomes={"qualified": 4, "refused": 1}, leads={"partial": 4, "qualified": 1}
    )
    assert recent == queries.Totals(calls=2, outcomes={"refused": 1}, leads={"qualified": 1})


async def test_outcomes_by_variant(database: Database) -> None:
    async with database.session() as session:
        for number, variant in enumerate(["", "warm", "warm", ""]):
            await statements.store(session, replace(samples.started(number), variant=variant))
            if number < 3:
                await statements.store(session, samples.ended(number, "refused" if number == 1 else "qualified"))
        found = await queries.outcomes_by_variant(session, "investment")
        assert found == [("", "qualified", 1), ("warm", "qualified", 1), ("warm", "refused", 1)]
        later = samples.NOON + timedelta(minutes=2)
        assert await queries.outcomes_by_variant(session, "investment", since=later) == [("warm", "qualified", 1)]
        assert await queries.outcomes_by_variant(session, "energy") == []
        assert (await queries.calls(session))[1].variant == "warm"


async def test_what_a_call_used_and_cost(database: Database) -> None:
    async with database.session() as session:
        for number in (1, 2, 3):
            await statements.store(session, samples.started(number))
        for number in (1, 2):
            for index, usage in enumerate([{}, samples.EARS | samples.MIND, samples.EARS | samples.MOUTH]):
                await statements.store(session, replace(samples.turn(number, index), usage=usage))
        whole = {**samples.MIND, **samples.MOUTH, "deepgram": Charge(seconds_heard=9.25, cost=2.0)}
        await statements.store(session, replace(samples.ended(1), usage=whole))
        over = await queries.transcript(session, str(samples.call(1)))
        listed = {call.id: call for call in await queries.calls(session)}
    assert (over.call.usage, over.call.cost) == (whole, 2.5)
    assert [turn.usage for turn in over.turns] == [{}, samples.EARS | samples.MIND, samples.EARS | samples.MOUTH]
    assert listed[samples.call(1)] == over.call
    going_on = listed[samples.call(2)]
    ears = samples.EARS["deepgram"]
    assert (going_on.usage, going_on.cost) == ({**samples.MIND, **samples.MOUTH, "deepgram": ears + ears}, 1.0)
    assert (listed[samples.call(3)].usage, listed[samples.call(3)].cost) == ({}, None)
    assert json.loads(json.dumps(asdict(over), default=codec.plain))["turns"][1]["usage"]["model"]["cost"] == 0.5


async def test_a_turn_that_is_stored_again_has_used_what_it_says_then(database: Database) -> None:
    async with database.session() as session:
        await statements.store(session, samples.started(1))
        for usage in (samples.EARS | samples.MIND, samples.EARS):
            await statements.store(session, replace(samples.turn(1, 0), usage=usage))
        found = await queries.transcript(session, str(samples.call(1)))
    assert [turn.usage for turn in found.turns] == [samples.EARS]
    assert found.call.cost == 0.25


async def test_nothing_that_was_used_has_a_price(database: Database) -> None:
    free = {"remote": Charge(seconds_heard=3.0, cost=0.0)}
    async with database.session() as session:
        for number, usage in ((1, samples.MOUTH), (2, free)):
            await statements.store(session, samples.started(number))
            await statements.store(session, replace(samples.ended(number), usage=usage))
        found = await queries.calls(session)
    assert [(call.usage, call.cost) for call in found] == [(free, 0.0), (samples.MOUTH, None)]


async def test_the_state_and_the_sentiment_of_a_turn(database: Database) -> None:
    async with database.session() as session:
        await statements.store(session, samples.started(1))
        await statements.store(session, replace(samples.turn(1, 0), state="need", sentiment="negative"))
        found = await queries.transcript(session, str(samples.call(1)))
    assert [(turn.state, turn.sentiment) for turn in found.turns] == [("need", "negative")]
