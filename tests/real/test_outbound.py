"""Calls out over a SIP trunk of a real Asterisk, as the shipped example has it, to a provider on loopback."""

import asyncio
import json
import os
import signal
import sys
import wave
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from callcenter import config
from callcenter.config import Outbound
from callcenter.demo import House
from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, to_samples
from callcenter.outbound import campaign, plans
from callcenter.outbound.campaign import Order
from callcenter.outbound.endpoint import TrunkAri
from callcenter.outbound.news import News
from callcenter.store import campaigns, do_not_call, queries
from callcenter.store.contacts import Campaign, Contact, Tally
from callcenter.store.database import Database
from tests.real.provider import Provider

pytestmark = [pytest.mark.real, pytest.mark.timeout(200)]

SPEECH = Path(__file__).parents[1] / "captures/speech"
TRUNK = "PJSIP/{number}@trunk"
HOURS = {"mon-sun": "0:00-24:00"}
PERSON, BUSY, SLEEPER, QUICK, MACHINE, NO_WAY, NOBODY, DECLINES, AWAY = (f"+1212555010{digit}" for digit in range(9))


def tone(seconds: float, *hz: float) -> Samples:
    """Several at once; silence without any."""
    time = np.arange(int(seconds * NARROWBAND)) / NARROWBAND
    return sum((0.2 * np.sin(2 * np.pi * each * time) for each in hz), 0 * time).astype(np.float32)


def hello(*then: Samples) -> Samples:
    """A word as short as a person's, and what follows."""
    return np.concatenate([tone(0.2), tone(0.5, 400, 700), *then])


def greeting() -> Samples:
    """Four words as long and as loud as a machine's, and a beep."""
    words = [tone(0.6, 400, 700), tone(0.12), tone(0.6, 300, 900), tone(0.12)] * 2
    return np.concatenate([tone(0.3), *words, tone(0.8), tone(0.4, 1000), tone(0.1)])


def index_funds() -> Samples:
    """A person who says so."""
    with wave.open(str(SPEECH / "index_funds.wav")) as file:
        return to_samples(file.readframes(file.getnframes()))


@pytest_asyncio.fixture
async def provider(house: House) -> AsyncIterator[Provider]:
    """Has a trunk to the house."""
    people: dict[str, Samples | int | None] = {
        PERSON: hello(tone(3.3), index_funds()),
        BUSY: 486,
        SLEEPER: None,
        QUICK: hello(),
        MACHINE: greeting(),
        NO_WAY: 503,
        DECLINES: 603,
        AWAY: 480,
    }
    async with Provider.serving(house.asterisk, people) as provider:
        await reachable(house)
        yield provider


async def reachable(house: House, *, is_it: bool = True) -> None:
    """Wait until Asterisk finds the provider there, or not there."""
    async with TrunkAri(house.settings.asterisk) as ari, asyncio.timeout(15):
        while bool(await ari.trouble(TRUNK)) is is_it:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def outbound(**changes: Any) -> Outbound:
    """Settings under which nobody is called twice in a test, unless it says so."""
    usual = {
        "trunk": TRUNK,
        "caller": '"Acme" <+12125550199>',
        "hours": HOURS,
        "at_once": 8,
        "per_minute": 600,
        "ring_s": 5,
        "tries": 1,
    }
    return Outbound(**{**usual, **changes})


async def made(database: Database, name: str, numbers: Sequence[str]) -> Campaign:
    """A campaign to `numbers`."""
    contacts = [Contact(number=number, zones=("UTC",), line=line) for line, number in enumerate(numbers)]
    return await plans.create(database, name, "investment", contacts)


async def conducted(house: House, name: str, numbers: Sequence[str], settings: Outbound) -> tuple[Tally, list[Any]]:
    """The tally of a whole campaign, and its attempts."""
    async with Database(house.settings.database, house.settings.paths) as database:
        one = await made(database, name, numbers)
        order = Order.of(house.settings, settings)
        tally = await campaign.conduct(one, order, database, print, asyncio.Event())
        async with database.session() as session:
            attempts = await campaigns.attempts(session, one.id)
    return tally, [*attempts]


def first_word_s(pcm: bytes) -> float:
    """When the machine was told something, from the end of its beep on; it must be some words."""
    recorded = to_samples(pcm)
    spoken = [at for at in range(0, len(recorded) - 800, 800) if rms_dbfs(recorded[at : at + 800]) > -45]
    assert len(spoken) > 10
    return spoken[0] / NARROWBAND


async def test_who_does_not_want_calls_is_never_rung(house: House, provider: Provider) -> None:
    async with Database(house.settings.database, house.settings.paths) as database:
        async with database.session() as session:
            await do_not_call.add(session, [QUICK], "asked", datetime.now(UTC))
        try:
            tally, attempts = await conducted(house, "barred", [QUICK], outbound())
        finally:
            async with database.session() as session:
                await do_not_call.remove(session, [QUICK])
    assert (tally.outcomes, attempts, provider.rung) == ({"do_not_call": 1}, [], {})


async def test_a_trunk_that_is_down_uses_nobody_up(house: House, provider: Provider) -> None:
    """It is found down before anybody is called; then it goes down with the call on its way; then it is up."""
    news: list[News] = []
    order = Order.of(house.settings, outbound(tries=1, retries={"trunk": (0.01,), "no_answer": ()}))
    provider.go_down()
    await reachable(house, is_it=False)
    async with Database(house.settings.database, house.settings.paths) as database:
        one = await made(database, "down", [BUSY, SLEEPER])
        conducting = asyncio.create_task(campaign.conduct(one, order, database, news.append, asyncio.Event()))
        await told(news, "waiting for the trunk: the trunk trunk does not answer Asterisk")
        assert not provider.rung
        provider.go_down(down=False)
        await told(news, "busy")
        async with asyncio.timeout(20):
            while not provider.rung[SLEEPER]:  # noqa: ASYNC110 - Asterisk decides when
                await asyncio.sleep(0.05)
        provider.go_down()
        await told(news, "trunk", SLEEPER)
        provider.people[SLEEPER] = 480
        provider.go_down(down=False)
        tally = await conducting
    assert tally.outcomes == {"busy": 1, "no_answer": 1}
    assert provider.rung == {BUSY: 1, SLEEPER: 2}


async def told(news: Sequence[News], what: str, number: str = "") -> None:
    """Wait for news."""
    async with asyncio.timeout(20):
        while not any(each.what.startswith(what) and each.number.startswith(number) for each in news):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_every_outcome_of_a_campaign_that_is_killed_on_its_way(house: House, provider: Provider) -> None:
    """Nobody is lost, and the network was rung once for each attempt."""
    outcomes = {
        PERSON: "partial",
        QUICK: "partial",  # of them the name is known
        SLEEPER: "no_answer",
        MACHINE: "message",
        BUSY: "busy",
        NO_WAY: "congestion",
        NOBODY: "invalid",
        DECLINES: "rejected",
        AWAY: "no_answer",
    }
    never: dict[str, tuple[float, ...]] = {"no_answer": (), "busy": (), "congestion": (), "lost": (0.01,)}
    settings = outbound(
        at_once=3, tries=2, retries=never, machine="message", message="This is Acme. Please call us back."
    )
    wanted = {"name": "killed", "flow": "investment", "numbers": [*outcomes], "outbound": settings.model_dump()}
    first = await begun(house, wanted)
    async with asyncio.timeout(30):
        while not (await house.daemon.status())["calls"]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await begun(house, wanted)
    async with asyncio.timeout(60):
        output, _ = await second.communicate()
    assert second.returncode == 0, output.decode()
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        one = await campaigns.find(session, "killed")
        assert one
        attempts = {str(attempt["id"]): attempt for attempt in await campaigns.attempts(session, one.id)}
        tally = await campaigns.tally(session, one.id)
        last = {str(attempt["number"]): attempt for attempt in attempts.values()}
        had = await queries.transcript(session, str(last[PERSON]["call"]))
    assert {number: attempt["outcome"] for number, attempt in last.items()} == outcomes
    assert (tally.done, tally.waiting, tally.dialling) == (9, 0, 0)
    assert provider.rung == Counter(str(attempt["number"]) for attempt in attempts.values())
    assert sum(attempt["outcome"] == "lost" for attempt in attempts.values()) == len(attempts) - 9 <= 1
    assert provider.most_at_once <= 3
    assert all("+12125550199" in caller for caller in provider.callers)
    assert (had.call.caller, had.call.flow, had.call.reason) == (PERSON, "investment", "caller")
    assert had.lead
    assert had.lead.slots["interest"].value == ["funds"]
    assert had.lead.slots["name"].value == "Karen Mitchell"
    assert 0 < first_word_s(provider.heard[MACHINE]) < 1.5
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}


async def begun(house: House, wanted: dict[str, Any]) -> asyncio.subprocess.Process:
    """A process that conducts the campaign."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.real.campaign_process"),
        env={**os.environ, **config.as_environment(house.settings)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(json.dumps(wanted).encode())
    process.stdin.close()
    return process
