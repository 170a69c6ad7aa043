"""Legs against a small Asterisk that can refuse, stall, garble and hang up at every step."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from callcenter.asterisk import ari as ari_module
from callcenter.asterisk.events import ChannelDtmfReceived, StasisEnd, StasisStart
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.asterisk.switchboard import Mailbox
from callcenter.errors import CallerHungUp, LegError
from tests.asterisk.conftest import Client
from tests.peers.ari_server import AriServer, Fault
from tests.waiting import until

CALLER = "1795232810.1"
NAMES = Names(instance="test", call="c1")
WANTED = {"external_host": "127.0.0.1:4000", "format": "ulaw"}
STEPS = ["bridge", "snoop", "externalMedia", "addChannel", "answer", "silence"]
AT_ONCE_S = 4.0
"""Less than a request to Asterisk may take."""
STATUSES = [400, 401, 404, 409, 412, 422, 500, Fault.CUT]


async def connect(channel: Mapping[str, str]) -> None:
    """Sound can flow."""


def arrive(server: AriServer, client: Client) -> tuple[Legs, Mailbox]:
    mailbox = client.switchboard.open(CALLER)
    server.call(CALLER)
    return Legs(client.ari, mailbox, CALLER, NAMES), mailbox


def left_over(server: AriServer) -> list[str]:
    return sorted(name for name in (*server.channels, *server.bridges) if name.startswith("cc-"))


async def test_opens_and_closes(server: AriServer, client: Client) -> None:
    legs, mailbox = arrive(server, client)

    made: list[Mapping[str, str]] = []

    async def connect_and_note(channel: Mapping[str, str]) -> None:
        assert "answer" not in server.requests
        made.append(channel)

    await legs.open(WANTED, connect_and_note)

    assert made == [{"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "40234"}]

    assert server.bridges == {"cc-test-c1-bridge": {"cc-test-c1-snoop", "cc-test-c1-media"}}
    assert server.requests[-2:] == ["silence", "addChannel"]
    await legs.close()
    await legs.close()
    assert left_over(server) == []
    assert not client.switchboard.route(StasisEnd(channel_id=CALLER))
    assert mailbox.dropped == 0


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEPS)
async def test_refused(server: AriServer, client: Client, step: str, status: int | Fault) -> None:
    legs, _ = arrive(server, client)
    server.faults[step] = status

    with pytest.raises(LegError, match=CALLER):
        await legs.open(WANTED, connect)

    await legs.close()
    assert left_over(server) == []


@pytest.mark.parametrize("step", STEPS)
async def test_stalled(server: AriServer, client: Client, step: str) -> None:
    """A caller who hangs up while a request stalls is noticed at once."""
    legs, _ = arrive(server, client)
    server.faults[step] = Fault.STALL
    server.before[step] = lambda: server.hang_up(CALLER)

    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(CallerHungUp):
            await legs.open(WANTED, connect)
        await legs.close()

    assert left_over(server) == []


async def test_garbage(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    server.faults["externalMedia"] = Fault.GARBAGE

    with pytest.raises(LegError, match="not understood"):
        await legs.open(WANTED, connect)
    await legs.close()


@pytest.mark.parametrize("step", STEPS)
async def test_caller_hangs_up_at_every_step(server: AriServer, client: Client, step: str) -> None:
    legs, _ = arrive(server, client)
    server.before[step] = lambda: server.hang_up(CALLER)

    with pytest.raises(CallerHungUp):
        await legs.open(WANTED, connect)

    await legs.close()
    assert left_over(server) == []


async def test_refusal_before_the_event_that_explains_it(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    server.before["answer"] = lambda: server.channels.pop(CALLER)

    with pytest.raises(CallerHungUp):
        await legs.open(WANTED, connect)
    await legs.close()


async def test_cancelled(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    server.faults["answer"] = Fault.STALL

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await legs.open(WANTED, connect)

    await legs.close()
    assert left_over(server) == []


async def test_keys_pressed_meanwhile_are_kept(server: AriServer, client: Client) -> None:
    legs, mailbox = arrive(server, client)
    server.before["snoop"] = lambda: server.press(CALLER, "5")

    await legs.open(WANTED, connect)

    events = [await mailbox.next() for _ in range(4)]
    assert ChannelDtmfReceived(channel_id=CALLER, digit="5") in events
    assert isinstance(events[0], StasisStart)
    await legs.close()


async def test_close_when_asterisk_is_gone(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    await server.deafen()

    async with asyncio.timeout(5):
        await legs.close()
        await legs.hang_up()


@pytest.mark.parametrize("status", [401, 404, 409, 500, Fault.CUT])
async def test_close_refused(server: AriServer, client: Client, status: int | Fault) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    server.faults["hangup"] = server.faults["destroy"] = status

    await legs.close()


async def test_close_gives_up(server: AriServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    server.faults["destroy"] = Fault.STALL
    monkeypatch.setattr("callcenter.asterisk.legs.CLOSE_S", 0.2)

    async with asyncio.timeout(AT_ONCE_S):
        await legs.close()

    assert left_over(server) == ["cc-test-c1-bridge"]


async def test_hang_up(server: AriServer, client: Client) -> None:
    legs, mailbox = arrive(server, client)
    await legs.open(WANTED, connect)

    await legs.hang_up()

    async with asyncio.timeout(AT_ONCE_S):
        await mailbox.until(lambda: mailbox.left(CALLER))
    await legs.close()
    assert server.channels == {}


@pytest.mark.parametrize("leg", [NAMES.snoop, NAMES.media])
async def test_a_leg_that_asterisk_ends_is_told(server: AriServer, client: Client, leg: str) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    async with asyncio.TaskGroup() as group:
        broken = group.create_task(legs.broken())
        await asyncio.sleep(0.1)
        assert not broken.done()
        server.hang_up(leg)
    assert broken.result() == f"Asterisk has ended {leg}"
    await legs.close()


async def test_legs_that_make_way_for_a_person_are_not_broken(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    broken = asyncio.create_task(legs.broken())
    assert await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(legs.connect_person())
        await until(lambda: left_over(server) == ["cc-test-c1-bridge", "cc-test-c1-person1"])
        assert not broken.done()
        server.hang_up(CALLER)
    assert not broken.done()
    broken.cancel()
    await legs.close()


@pytest.mark.parametrize("who", [CALLER, "cc-test-c1-person1"])
async def test_person_answers(server: AriServer, client: Client, who: str) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)

    assert await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(legs.connect_person())
        await until(lambda: server.bridges == {"cc-test-c1-bridge": {CALLER, "cc-test-c1-person1"}})
        assert not talk.done()
        server.hang_up(who)

    await legs.close()
    assert left_over(server) == []


async def test_a_caller_without_room_goes_back_to_the_dialplan(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    await legs.close()
    await legs.turn_away()
    assert server.requests[-2:] == ["variable", "goOn"]
    assert server.channels == {}


@pytest.mark.parametrize("step", ["variable", "goOn"])
@pytest.mark.parametrize("status", [404, 409, 500, Fault.CUT])
async def test_a_caller_whom_the_dialplan_cannot_have_is_hung_up(
    server: AriServer, client: Client, step: str, status: int | Fault
) -> None:
    legs, _ = arrive(server, client)
    server.faults[step] = status
    for give_back in (legs.give_back, legs.turn_away):
        await give_back()
        assert server.requests[-1] == "hangup"
    assert server.channels == {}
    await legs.close()


async def test_work_ends_when_the_caller_leaves(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    assert await legs.while_caller_stays(asyncio.sleep(0, "done")) == "done"
    server.hang_up(CALLER)
    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(CallerHungUp):
            await legs.while_caller_stays(asyncio.sleep(10))
    await legs.close()


async def ring(server: AriServer, client: Client, prepare: Callable[[], None]) -> bool:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    prepare()
    try:
        return await legs.ring_person("PJSIP/person", "+15550001", timeout=0.2)
    finally:
        await legs.close()
        assert left_over(server) == []


async def test_person_does_not_answer(server: AriServer, client: Client) -> None:
    server.answers = False
    assert not await ring(server, client, lambda: None)


@pytest.mark.parametrize("status", [400, 401, 409, 500, Fault.CUT])
async def test_person_cannot_be_rung(server: AriServer, client: Client, status: int | Fault) -> None:
    assert not await ring(server, client, lambda: server.faults.update(originate=status))


async def test_second_attempt_to_ring(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    server.answers = False
    assert not await legs.ring_person("PJSIP/person", "+15550001", timeout=0.2)
    server.answers = True
    assert await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    await legs.close()
    assert left_over(server) == []


async def test_caller_hangs_up_while_it_rings(server: AriServer, client: Client) -> None:
    server.before["originate"] = lambda: server.hang_up(CALLER)
    with pytest.raises(CallerHungUp):
        await ring(server, client, lambda: server.faults.update(originate=Fault.STALL))


@pytest.mark.parametrize("step", ["stopSilence", "addChannel"])
async def test_cannot_be_connected(server: AriServer, client: Client, step: str) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    assert await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    server.faults[step] = 409
    with pytest.raises(LegError, match="connected"):
        await legs.connect_person()
    await legs.close()
    assert left_over(server) == []


async def test_person_leaves_before_being_connected(server: AriServer, client: Client) -> None:
    legs, _ = arrive(server, client)
    await legs.open(WANTED, connect)
    assert await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    server.hang_up("cc-test-c1-person1")
    async with asyncio.timeout(AT_ONCE_S):
        await legs.connect_person()
    await legs.close()


async def test_unanswered_request_is_said(server: AriServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ari_module, "TIMEOUT_S", 0.2)
    async with ari_module.Ari(server.settings) as impatient:
        legs = Legs(impatient, client.switchboard.open(CALLER), CALLER, NAMES)
        server.call(CALLER)
        server.faults["answer"] = Fault.STALL
        with pytest.raises(LegError, match="did not answer POST"):
            await legs.open(WANTED, connect)
        await legs.close()
