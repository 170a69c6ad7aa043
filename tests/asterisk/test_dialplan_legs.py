"""The way by the dialplan, against a small Asterisk."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from callcenter.asterisk import dialplan_legs
from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import ChannelDestroyed, ChannelDtmfReceived, StasisStart
from callcenter.asterisk.names import Names
from callcenter.errors import CallerHungUp, LegError
from tests.asterisk.conftest import Client
from tests.peers.ari_server import AriServer
from tests.waiting import until

CALLER = "1795232810.1"
PERSON = "cc-test-c1-person1"
WANTED = {"external_host": "127.0.0.1:9092", "data": "7f9d", "format": "slin"}


def arrive(server: AriServer, client: Client) -> DialplanLegs:
    mailbox = client.switchboard.open(CALLER)
    server.call(CALLER)
    server.dialplan = lambda channel: True
    return DialplanLegs(client.ari, mailbox, CALLER, Names(instance="test", call="c1"))


async def connect(channel: Mapping[str, str]) -> None:
    assert channel == {}


async def never(channel: Mapping[str, str]) -> None:
    await asyncio.get_running_loop().create_future()


async def soon(act: Callable[[], None]) -> None:
    await asyncio.sleep(0.05)
    act()


async def test_the_dialplan_is_told_where_the_sound_goes(server: AriServer, client: Client) -> None:
    legs = arrive(server, client)
    await legs.open(WANTED, connect)
    assert server.requests[-5:] == ["subscribe", "answer", "variable", "variable", "goOn"]
    assert server.variables == {"CALLCENTER_UUID": "7f9d", "CALLCENTER_AUDIOSOCKET": "127.0.0.1:9092"}
    assert isinstance(await legs.next(), StasisStart)
    server.press(CALLER, "5")
    assert await legs.next() == ChannelDtmfReceived(channel_id=CALLER, digit="5")
    server.destroy(CALLER)
    assert await legs.next() == ChannelDestroyed(channel_id=CALLER, cause=16)
    assert await legs.caller_is_gone()
    await legs.close()
    assert not server.bridges
    assert not server.channels


@pytest.mark.parametrize("step", ["subscribe", "answer", "variable", "goOn"])
async def test_a_caller_who_was_not_lent_is_given_back_at_once(server: AriServer, client: Client, step: str) -> None:
    legs = arrive(server, client)
    server.faults[step] = 500
    with pytest.raises(LegError, match=CALLER):
        await legs.open(WANTED, connect)
    server.faults.clear()
    server.dialplan = lambda channel: False
    await legs.close()
    async with asyncio.timeout(4):
        await legs.give_back()
    assert server.variables["CALLCENTER"] == "declined"
    assert not server.channels


async def test_a_caller_leaves_before_the_sound_is_there(server: AriServer, client: Client) -> None:
    legs = arrive(server, client)

    async def hang_up(channel: Mapping[str, str]) -> None:
        server.destroy(CALLER)
        await never(channel)

    with pytest.raises(CallerHungUp):
        await legs.open(WANTED, hang_up)
    await legs.close()


async def test_audiosocket_that_does_not_reach_us_is_a_fault_at_once(server: AriServer, client: Client) -> None:
    legs = arrive(server, client)

    async def fail(channel: Mapping[str, str]) -> None:
        server.come_back(CALLER)
        await never(channel)

    with pytest.raises(LegError, match="audiosocket_listen"):
        await legs.open(WANTED, fail)
    server.dialplan = lambda channel: False
    await legs.close()
    await legs.give_back()
    assert server.variables["CALLCENTER"] == "declined"


@pytest.mark.parametrize("back", ["early", "late"])
async def test_a_caller_is_given_back_once_the_dialplan_has_done_so(
    server: AriServer, client: Client, back: str
) -> None:
    legs = arrive(server, client)
    await legs.open(WANTED, connect)
    server.dialplan = lambda channel: False
    if back == "early":
        server.come_back(CALLER)
        await asyncio.sleep(0.05)
    await legs.close()
    coming = asyncio.create_task(soon(lambda: None if back == "early" else server.come_back(CALLER)))
    await legs.turn_away()
    await coming
    assert server.variables["CALLCENTER"] == "busy"
    assert not server.channels


async def test_a_dialplan_that_keeps_the_caller_loses_it(
    server: AriServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialplan_legs, "BACK_S", 0.05)
    legs = arrive(server, client)
    await legs.open(WANTED, connect)
    await legs.close()
    await legs.give_back()
    assert "CALLCENTER" not in server.variables
    assert not server.channels


async def test_a_caller_is_taken_back_for_a_person(server: AriServer, client: Client) -> None:
    legs = arrive(server, client)
    await legs.open(WANTED, connect)
    assert await legs.ring_person("Local/9100@people", "+15550001", 1.0)
    coming = asyncio.create_task(soon(lambda: server.come_back(CALLER)))
    talking = asyncio.create_task(legs.connect_person())
    await coming
    await until(lambda: server.bridges == {"cc-test-c1-bridge": {CALLER, PERSON}})
    server.hang_up(PERSON)
    await talking
    assert not await legs.caller_is_gone()
    await legs.hang_up()
    await legs.close()
    assert not server.channels
    assert not server.bridges
