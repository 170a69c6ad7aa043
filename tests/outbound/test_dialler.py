import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.asterisk.stream import EventStream
from callcenter.background import running
from callcenter.control import Watchers, serving
from callcenter.errors import ConfigurationError, innermost
from callcenter.outbound.attempt import Attempt
from callcenter.outbound.dialler import Dialler
from callcenter.outbound.endpoint import TrunkAri
from callcenter.outbound.hours import Hours
from callcenter.outbound.ledger import Ledger
from callcenter.outbound.news import News
from callcenter.outbound.outcomes import Policy
from callcenter.outbound.pacing import Pace
from callcenter.outbound.trunk import Dialling, Trunk, channel_of
from callcenter.store import campaigns, do_not_call, statements
from callcenter.store.campaigns import Claim
from callcenter.store.contacts import Campaign, Contact, Tally
from callcenter.store.database import Database
from callcenter.store.records import CallEnded, CallStarted
from tests.outbound.telephone_network import TelephoneNetwork
from tests.waiting import until

ALWAYS = Hours.parse({"mon-sun": "0:00-24:00"})
AT_ONCE = timedelta()
ONCE = Policy(delays={}, tries=1)


@dataclass(kw_only=True)
class Campaigning:
    """A campaign and what it takes."""

    database: Database
    network: TelephoneNetwork
    campaign: Campaign
    control: Path = Path("none.sock")
    endpoint: str = "Net/{number}"
    policy: Policy = ONCE
    pace: Pace = field(default_factory=lambda: Pace(at_once=20, per_minute=60_000))
    news: list[News] = field(default_factory=list)

    async def run(self, stop: asyncio.Event | None = None) -> Tally:
        """All of it, as one process would."""
        async with asyncio.timeout(60), TrunkAri(self.network.settings) as ari, running() as start:
            trunk = Trunk(self.dialling, ari, EventStream(self.network.settings))
            start(trunk.run())
            ledger = Ledger(database=self.database, campaign=self.campaign, policy=self.policy)
            return await Dialler(trunk, ledger, self.pace, ALWAYS, self.news.append).run(stop or asyncio.Event())

    @property
    def dialling(self) -> Dialling:
        """How."""
        return Dialling(
            endpoint=self.endpoint,
            caller="",
            ring_s=1,
            agent="ai-call-center",
            flow="energy",
            listen=True,
            message=None,
            instance="d1",
            control=self.control,
            noted_s=1.5,
        )

    async def outcomes(self) -> dict[str, list[str]]:
        """Of all attempts, by number."""
        async with self.database.session() as session:
            found = await campaigns.attempts(session, self.campaign.id)
        return {
            number: [str(attempt["outcome"]) for attempt in found if attempt["number"] == number]
            for number in sorted({str(attempt["number"]) for attempt in found})
        }

    async def claim(self, number: str) -> UUID:
        """An attempt that a process noted, and was killed."""
        now, attempt = datetime.now(UTC), uuid4()
        async with self.database.session() as session:
            waiting = await campaigns.due(session, self.campaign.id, now, 100)
            contact = next(each.id for each in waiting if each.number == number)
            assert await campaigns.claim(
                session, Claim(attempt=attempt, contact=contact, at=now, at_once=9, longest=timedelta(hours=1))
            )
        return attempt

    async def talk(self, channel: str, outcome: str | None = "qualified") -> None:
        """What a daemon stores of a call."""
        call, now = uuid4(), datetime.now(UTC)
        async with self.database.session() as session:
            started = CallStarted(call=call, channel=channel, caller="", did="", flow="energy", at=now)
            await statements.store(session, started)
            if outcome:
                await statements.store(session, CallEnded(call=call, outcome=outcome, reason="agent", at=now))


async def begun(
    database: Database, network: TelephoneNetwork, numbers: Sequence[str], name: str = "test"
) -> Campaigning:
    """A campaign to `numbers`."""
    contacts = [
        Contact(number=number, zones=("UTC",), data={"name": f"No {number}"}, line=line)
        for line, number in enumerate(numbers)
    ]
    async with database.session() as session:
        campaign = await campaigns.create(session, name, "energy", contacts, datetime.now(UTC))
    return Campaigning(database=database, network=network, campaign=campaign)


@asynccontextmanager
async def going_on(campaigning: Campaigning) -> AsyncIterator[asyncio.Event]:
    """While a process works on it; what it yields stops it."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(campaigning.run(stop))
        yield stop


async def test_every_outcome(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": "person", "+2": 17, "+3": "machine", "+4": "unserved", "+5": "none", "+6": 1, "+7": 19}
    campaigning = await begun(database, network, [*network.people, "+8"])
    network.talk = campaigning.talk
    tally = await campaigning.run()
    assert await campaigning.outcomes() == {
        "+1": ["qualified"],
        "+2": ["busy"],
        "+3": ["machine"],
        "+4": ["abandoned"],
        "+5": ["failed"],
        "+6": ["invalid"],
        "+7": ["no_answer"],
        "+8": ["congestion"],
    }
    assert (tally.done, tally.waiting, tally.dialling, network.channels) == (8, 0, 0, {})
    assert [news.what for news in campaigning.news if news.number == "+2"] == ["dialling", "busy"]


async def test_what_a_call_takes_along(database: Database, network: TelephoneNetwork) -> None:
    campaigning = await begun(database, network, ["+2"])
    await campaigning.run()
    async with database.session() as session:
        (attempt,) = await campaigns.attempts(session, campaigning.campaign.id)
    known = "known=%7B%22name%22%3A%22No%20%2B2%22%7D"
    assert network.variables == {
        "CALLCENTER_DIALLER": "ai-call-center-dialler",
        "CALLCENTER_LISTEN": "yes",
        "CALLCENTER_AGENT": f"ai-call-center,flow=energy,contact={attempt['id']},{known}",
        "CALLCENTER_NUMBER": "+2",
    }


async def test_never_more_at_once_than_allowed(database: Database, network: TelephoneNetwork) -> None:
    network.people = dict.fromkeys((f"+{n}" for n in range(10, 30)), "sleeper")
    campaigning = await begun(database, network, list(network.people))
    campaigning.pace = Pace(at_once=3, per_minute=60_000)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(campaigning.run())
        await until(lambda: network.most_at_once == 3)
        await asyncio.sleep(0.3)
        network.people = dict.fromkeys(network.people, 17)
        network.end(17)
    assert network.most_at_once == 3
    assert working.result().outcomes == {"busy": 20}


async def test_two_campaigns_share_the_limit_and_never_ring_a_number_at_once(
    database: Database, network: TelephoneNetwork
) -> None:
    network.people = {f"+{n}": 17 for n in range(10, 18)}
    network.rings_s = 0.15
    both = [await begun(database, network, list(network.people), name=name) for name in ("one", "two")]
    for each in both:
        each.pace = Pace(at_once=3, per_minute=60_000)
    await asyncio.gather(*(each.run() for each in both))
    assert network.most_at_once <= 3
    assert network.most_of_one == 1


async def test_tried_again_as_the_policy_says(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": 17, "+2": 19}
    campaigning = await begun(database, network, ["+1", "+2"])
    campaigning.policy = Policy(delays={"busy": (AT_ONCE, AT_ONCE)}, tries=9)
    tally = await campaigning.run()
    assert network.rung == {"+1": 3, "+2": 1}
    assert tally.outcomes == {"busy": 1, "no_answer": 1}


async def test_who_refuses_is_barred_if_the_settings_say_so(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": "person"}
    campaigning = await begun(database, network, ["+1"])
    network.talk = lambda channel: campaigning.talk(channel, "refused")
    delays = {"refused": (AT_ONCE,)}
    campaigning.policy = Policy(delays=delays, tries=9, barring=frozenset({"refused"}))
    assert (await campaigning.run()).outcomes == {"refused": 1}
    async with database.session() as session:
        assert await do_not_call.among(session, ["+1"]) == {"+1"}
    assert network.rung == {"+1": 1}


async def test_who_is_barred_meanwhile_is_not_rung(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": 17}
    campaigning = await begun(database, network, ["+1"])
    campaigning.policy = Policy(delays={"busy": (timedelta(seconds=0.3),)}, tries=9)
    async with going_on(campaigning):
        await until(lambda: any(news.what == "busy" for news in campaigning.news))
        async with database.session() as session:
            await do_not_call.add(session, ["+1"], "asked", datetime.now(UTC))
    assert network.rung == {"+1": 1}
    assert campaigning.news[-1].what == "do_not_call"


async def test_who_is_barred_once_it_was_decided_to_call_them_is_not_rung(
    database: Database, network: TelephoneNetwork
) -> None:
    """Between the decision and the claim, and between the claim and the dialling."""
    network.people = {"+1": 17, "+2": 17}
    campaigning = await begun(database, network, ["+1", "+2"])
    ledger = Ledger(database=database, campaign=campaigning.campaign, policy=ONCE)
    now = datetime.now(UTC)
    async with database.session() as session:
        one, two = await campaigns.due(session, campaigning.campaign.id, now, 2)
        claimed = await ledger.begin(two, now, 9)
        await do_not_call.add(session, ["+1", "+2"], "asked", now)
    assert not one.barred
    assert await ledger.begin(one, now, 9) is None
    assert claimed
    async with TrunkAri(network.settings) as ari:
        trunk = Trunk(campaigning.dialling, ari, EventStream(network.settings))
        assert (await Attempt(claimed, trunk, ledger).run({})).outcome == "do_not_call"
    assert not network.rung


async def test_a_trunk_that_is_down(database: Database, network: TelephoneNetwork) -> None:
    """Nobody is called while it is; whose call it takes down is called again though they have but one try."""
    network.people = {"+1": "sleeper"}
    network.trunk = "offline"
    campaigning = await begun(database, network, ["+1"])
    campaigning.endpoint = "PJSIP/{number}@trunk"
    campaigning.policy = Policy(delays={"trunk": (AT_ONCE,)}, tries=1)
    async with going_on(campaigning):
        await until(lambda: campaigning.news)
        assert campaigning.news[0].what.startswith("waiting for the trunk: the trunk trunk does not answer")
        assert not network.rung
        network.trunk = "online"
        await until(lambda: network.rung["+1"])
        network.trunk, network.people = "offline", {"+1": 17}
        network.end(19)
        await until(lambda: any(news.what == "trunk" for news in campaigning.news))
        network.trunk = "online"
    assert await campaigning.outcomes() == {"+1": ["trunk", "busy"]}


async def test_a_trunk_that_is_not_there(database: Database, network: TelephoneNetwork) -> None:
    campaigning = await begun(database, network, ["+1"])
    campaigning.endpoint = "PJSIP/{number}@nowhere"
    async with going_on(campaigning) as stop:
        await until(lambda: campaigning.news)
        stop.set()
    assert "Asterisk has no PJSIP endpoint nowhere" in campaigning.news[0].what
    assert not network.rung


async def test_a_trunk_that_refuses_everything_is_not_offered_the_whole_list(
    database: Database, network: TelephoneNetwork
) -> None:
    network.people = {f"+{n}": 34 for n in range(10, 30)}
    campaigning = await begun(database, network, list(network.people))
    campaigning.pace = Pace(at_once=1, per_minute=60_000)
    async with going_on(campaigning) as stop:
        await until(lambda: any("3 calls in a row" in news.what for news in campaigning.news))
        await asyncio.sleep(0.3)
        stop.set()
    assert network.rung.total() == 3


async def test_nobody_is_rung_while_no_agent_is_there(database: Database, network: TelephoneNetwork) -> None:
    network.agent = False
    campaigning = await begun(database, network, ["+1"])
    async with going_on(campaigning):
        await until(lambda: campaigning.news)
        assert "waiting for an agent" in campaigning.news[0].what
        assert not network.rung
        network.agent = True
    assert network.rung == {"+1": 1}


async def test_nobody_is_rung_while_the_agent_has_no_room(
    database: Database, network: TelephoneNetwork, tmp_path: Path
) -> None:
    report: dict[str, Any] = {"draining": False, "admission": {"state": "full"}}
    campaigning = await begun(database, network, ["+1"])
    campaigning.control = tmp_path / "control.sock"
    async with serving(campaigning.control, Watchers(), lambda: report), going_on(campaigning):
        await until(lambda: campaigning.news)
        assert not network.rung
        report["admission"]["state"] = "open"
        await until(lambda: network.rung["+1"])


async def test_what_a_killed_process_left(database: Database, network: TelephoneNetwork) -> None:
    """One attempt was noted and not placed, one is talking, one rings, one was over; nobody is rung again for it."""
    network.people = {"+2": "person", "+3": "person"}
    network.rings_s = 0.4
    campaigning = await begun(database, network, ["+1", "+2", "+3", "+4"])
    campaigning.policy = Policy(delays={"lost": (timedelta(seconds=0.1),)}, tries=9)
    attempts = {number: await campaigning.claim(number) for number in ("+1", "+2", "+3", "+4")}
    network.talk = campaigning.talk
    network.begin(channel_of(attempts["+2"]), "+2")
    network.begin(channel_of(attempts["+3"]), "+3")
    await asyncio.sleep(0.2)
    await campaigning.talk(channel_of(attempts["+4"]), "refused")
    tally = await campaigning.run()
    assert await campaigning.outcomes() == {
        "+1": ["lost", "congestion"],
        "+2": ["qualified"],
        "+3": ["qualified"],
        "+4": ["refused"],
    }
    assert network.rung == {"+1": 1, "+2": 1, "+3": 1}
    assert tally.done == 4


async def test_a_call_that_ends_while_no_events_come(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": "sleeper"}
    campaigning = await begun(database, network, ["+1"])
    async with going_on(campaigning):
        await until(lambda: network.channels)
        await asyncio.sleep(0.1)
        network.drop()
        await asyncio.sleep(0.02)
        network.channels.clear()
    assert list(await campaigning.outcomes()) == ["+1"]
    assert (await campaigning.outcomes())["+1"][0] in {"failed", "no_answer"}


async def test_stopping_ends_what_rings_and_leaves_who_talks(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": "person", "+2": "sleeper"}
    campaigning = await begun(database, network, ["+1", "+2"])
    talking, over = asyncio.Event(), asyncio.Event()

    async def talk(channel: str) -> None:
        talking.set()
        await over.wait()
        await campaigning.talk(channel)

    network.talk = talk
    async with going_on(campaigning) as stop:
        await talking.wait()
        await until(lambda: network.rung["+2"])
        stop.set()
    assert await campaigning.outcomes() == {"+1": ["None"], "+2": ["stopped"]}
    assert len(network.channels) == 1
    over.set()
    network.people["+2"] = 17
    assert (await campaigning.run()).outcomes == {"qualified": 1, "busy": 1}
    assert network.rung == {"+1": 1, "+2": 2}


async def test_a_second_process_is_noticed(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": "sleeper"}
    campaigning = await begun(database, network, ["+1"])
    working = asyncio.create_task(campaigning.run())
    await until(lambda: network.channels)
    network.emit({"type": "ApplicationReplaced", "application": "x"})
    with pytest.raises(ExceptionGroup) as caught:
        await working
    assert isinstance(innermost(caught.value), ConfigurationError)


async def test_who_says_so_is_barred_as_soon_as_the_call_is_stored(
    database: Database, network: TelephoneNetwork
) -> None:
    """Whatever becomes of the campaign, and for other campaigns too."""
    call, now = uuid4(), datetime.now(UTC)
    async with database.session() as session:
        started = CallStarted(call=call, instance="x", channel="1", caller="+1", did="", flow="energy", at=now)
        await statements.store(session, started)
        await statements.store(session, CallEnded(call=call, outcome="do_not_call", reason="agent", at=now))
        assert await do_not_call.among(session, ["+1"]) == {"+1"}
    campaigning = await begun(database, network, ["+1"])
    assert (await campaigning.run()).outcomes == {"do_not_call": 1}
    assert not network.rung


async def test_a_paused_campaign(database: Database, network: TelephoneNetwork) -> None:
    network.people = {"+1": 17}
    campaigning = await begun(database, network, ["+1"])
    async with database.session() as session:
        await campaigns.pause(session, campaigning.campaign.id, paused=True)
    async with going_on(campaigning):
        await until(lambda: campaigning.news)
        assert "paused" in campaigning.news[0].what
        assert not network.rung
        async with database.session() as session:
            await campaigns.pause(session, campaigning.campaign.id, paused=False)
    assert network.rung == {"+1": 1}
