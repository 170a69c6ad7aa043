from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from callcenter.store import statements
from callcenter.store.costs import Costs, FlowCosts, PhraseCosts, ProviderCosts, costs
from callcenter.store.database import Database
from callcenter.store.records import Record
from callcenter.usage import Charge
from tests.store import samples

EARS, MIND = samples.EARS["deepgram"], samples.MIND["model"]


@pytest.fixture
async def filled(database: Database) -> Database:
    """Calls 1 to 3 are about investment, 2 and 3 with qualified leads, 3 goes on; 4 is about energy; 5 used nothing."""
    async with database.session() as session:
        for number in range(1, 6):
            flow = "investment" if number < 4 else "energy" if number == 4 else "support"
            await statements.store(session, replace(samples.started(number), flow=flow))
        for number, status in ((1, "partial"), (2, "qualified"), (3, "qualified"), (4, "callback")):
            await statements.store(session, samples.lead(number, status))
        for index in range(2):
            await statements.store(session, replace(samples.turn(3, index), usage=samples.EARS))
        bills = {1: samples.EARS, 2: samples.EARS | samples.MIND, 4: samples.MOUTH, 5: {}}
        for number, usage in bills.items():
            await statements.store(session, replace(samples.ended(number), usage=usage))
    return database


async def test_costs_by_flow_and_provider(filled: Database) -> None:
    async with filled.session() as session:
        found = await costs(session)
    usage = Charge(seconds_heard=6.0, tokens_in=800, tokens_out=40, cost=1.5)
    assert found.flows == [
        FlowCosts(
            flow="energy",
            calls=1,
            leads=0,
            usage=samples.MOUTH["openai:speech"],
            cost_per_call=None,
            cost_per_lead=None,
        ),
        FlowCosts(flow="investment", calls=3, leads=2, usage=usage, cost_per_call=0.5, cost_per_lead=0.75),
        FlowCosts(flow="support", calls=1, leads=0, usage=Charge(), cost_per_call=None, cost_per_lead=None),
    ]
    assert found.providers == [
        ProviderCosts(provider="deepgram", calls=3, usage=EARS + EARS + EARS + EARS),
        ProviderCosts(provider="model", calls=1, usage=MIND),
        ProviderCosts(provider="openai:speech", calls=1, usage=samples.MOUTH["openai:speech"]),
    ]


def minute(number: int) -> datetime:
    return samples.NOON + timedelta(minutes=number)


@pytest.mark.parametrize(
    ("since", "calls", "cost", "seconds"),
    [
        (minute(1), {"energy": 1, "investment": 3, "support": 1}, 1.5, 6.0),
        (minute(2), {"energy": 1, "investment": 2, "support": 1}, 1.25, 4.5),
        (minute(3), {"energy": 1, "investment": 1, "support": 1}, 0.5, 3.0),
        (minute(5), {"support": 1}, 0, 0.0),
        (minute(6), {}, 0, 0.0),
    ],
)
async def test_only_calls_since(
    filled: Database, since: datetime, calls: dict[str, int], cost: float, seconds: float
) -> None:
    async with filled.session() as session:
        found = await costs(session, since=since)
    assert {row.flow: row.calls for row in found.flows} == calls
    assert sum(row.usage.cost or 0 for row in found.flows) == cost
    assert sum(row.usage.cost or 0 for row in found.providers) == cost
    assert sum(row.usage.seconds_heard for row in found.flows) == seconds


@pytest.mark.parametrize(
    ("status", "leads", "per_lead"),
    [("qualified", 2, 0.75), ("partial", 1, 1.5), ("callback", 0, None), ("none", 0, None)],
)
async def test_per_lead_of_that_status(filled: Database, status: str, leads: int, per_lead: float | None) -> None:
    async with filled.session() as session:
        found = {row.flow: row for row in (await costs(session, status=status)).flows}
    assert (found["investment"].leads, found["investment"].cost_per_lead) == (leads, per_lead)


async def test_of_no_calls(database: Database) -> None:
    async with database.session() as session:
        assert await costs(session) == Costs(flows=[], providers=[], phrases=[])


@pytest.fixture
async def bought(database: Database) -> Database:
    """Phrases 1 and 2 were bought for investment, 2 twice told; 3 for energy, at no known price, with one of a call."""
    call: list[Record] = [replace(samples.started(1), flow="energy"), samples.ended(1)]
    phrases = [samples.phrase(1), samples.phrase(2), samples.phrase(2), samples.phrase(3, flow="energy", cost=None)]
    async with database.session() as session:
        for record in [*call, *phrases]:
            await statements.store(session, record)
    return database


async def test_phrases_are_told_apart_from_calls_and_each_once(bought: Database) -> None:
    async with bought.session() as session:
        found = await costs(session)
    cloud = "openai:speech"
    assert found.phrases == [
        PhraseCosts(flow="energy", provider=cloud, phrases=1, usage=Charge(characters_spoken=40)),
        PhraseCosts(flow="investment", provider=cloud, phrases=2, usage=Charge(characters_spoken=80, cost=0.25)),
    ]
    assert [(row.flow, row.usage) for row in found.flows] == [("energy", Charge())]
    assert found.providers == []


@pytest.mark.parametrize(("since", "phrases"), [(1, 3), (2, 2), (3, 1), (4, 0)])
async def test_only_phrases_since(bought: Database, since: int, phrases: int) -> None:
    async with bought.session() as session:
        found = await costs(session, since=minute(since))
    assert sum(row.phrases for row in found.phrases) == phrases
