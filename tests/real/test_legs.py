"""Legs, event stream and sweep against a real Asterisk. The caller is a Local channel that says back what it hears."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import cast
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from callcenter.asterisk.events import ApplicationReplaced, StasisEnd, StasisStart
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.sweep import missing, stranded, sweep
from callcenter.config import Asterisk
from callcenter.errors import AriError, CallerHungUp, LegError
from tests.asterisk.conftest import Client, connected
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.real

ECHO = {"endpoint": "Local/9000@callcenter", "context": "phones", "extension": "9999", "priority": "1"}
SQUARE_WAVE = (b"\x90" * 10 + b"\x10" * 10) * 8
"""20 ms of 400 Hz in mu-law, loud."""


def settings_of(asterisk: PrivateAsterisk) -> Asterisk:
    return Asterisk(url=asterisk.ari_url, username=asterisk.ari_username, password=SecretStr(asterisk.ari_password))


@pytest_asyncio.fixture
async def client(private_asterisk: PrivateAsterisk) -> AsyncIterator[Client]:
    async with connected(settings_of(private_asterisk)) as client:
        yield client


async def dial(asterisk: PrivateAsterisk, client: Client) -> tuple[str, str]:
    """Place a call; returns the caller's channel in our application and the far half, to hang up."""
    far = f"far-{uuid4().hex[:8]}"
    headers = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    query = {**ECHO, "channelId": far, "callerId": '"Bob" <+15550001>'}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{asterisk.ari_url}/channels", params=query) as response:
            assert response.status == 200, await response.text()
        start = await client.next(StasisStart)
    assert (start.channel.did, start.channel.caller_number) == ("9000", "+15550001")
    assert start.channel.state == "Ring"
    return start.channel.id, far


async def legs_of(asterisk: PrivateAsterisk, client: Client) -> tuple[Legs, str, str]:
    caller, far = await dial(asterisk, client)
    names = Names(instance="test", call=uuid4().hex[:8])
    return Legs(client.ari, client.switchboard.open(caller), caller, names), caller, far


async def nothing_left(client: Client) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await client.ari.channels() or await client.ari.bridges():  # noqa: ASYNC110 - Asterisk is asked
            await asyncio.sleep(0.02)


class Rtp(asyncio.DatagramProtocol):
    """Receives RTP; sends a square wave."""

    def __init__(self) -> None:
        self.loud: list[float] = []
        """When packets with sound came."""
        self.heard = asyncio.Event()
        self.port = 0
        self._sequence = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        if sum((byte ^ 0xFF) & 0x70 >= 0x40 for byte in data[12:]) > 40:
            self.loud.append(time.monotonic())
            self.heard.set()

    @property
    def wanted(self) -> dict[str, str]:
        return {"external_host": f"127.0.0.1:{self.port}", "format": "ulaw"}

    async def connect(self, channel: Mapping[str, str]) -> None:
        self.peer = channel["UNICASTRTP_LOCAL_ADDRESS"], int(channel["UNICASTRTP_LOCAL_PORT"])

    async def play(self, peer: tuple[str, int], seconds: float) -> None:
        for _ in range(int(seconds * 50)):
            header = b"\x80\x00" + self._sequence.to_bytes(2, "big") + (self._sequence * 160).to_bytes(4, "big")
            self._transport.sendto(header + b"cccc" + SQUARE_WAVE, peer)
            self._sequence += 1
            await asyncio.sleep(0.02)

    def close(self) -> None:
        self._transport.abort()


@pytest_asyncio.fixture
async def rtp() -> AsyncIterator[Rtp]:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Rtp, local_addr=("127.0.0.1", 0))
    yield protocol
    protocol.close()
    await asyncio.sleep(0)


async def test_sound_goes_to_the_caller_and_back(private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp) -> None:
    legs, _, _ = await legs_of(private_asterisk, client)
    began = time.monotonic()
    await legs.open(rtp.wanted, rtp.connect)
    opened = time.monotonic()
    async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE_S):
        group.create_task(rtp.play(rtp.peer, 1.0))
        await rtp.heard.wait()
    print(f"legs open in {(opened - began) * 1000:.1f} ms, sound back after {(rtp.loud[0] - opened) * 1000:.1f} ms")
    assert rtp.loud[0] - began < 2
    await until(lambda: len(rtp.loud) >= 40)
    await legs.hang_up()
    await legs.close()
    await nothing_left(client)


@pytest.mark.parametrize("delay_ms", [0, 1, 2, 3, 4, 5, 6, 8, 12])
async def test_caller_hangs_up_while_legs_are_made(
    private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp, delay_ms: int
) -> None:
    legs, caller, far = await legs_of(private_asterisk, client)

    async def hang_up() -> None:
        await asyncio.sleep(delay_ms / 1000)
        await client.ari.hang_up(far)

    async def open_legs() -> None:
        try:
            await legs.open(rtp.wanted, rtp.connect)
            await asyncio.sleep(0.1)
        except CallerHungUp:
            pass
        await legs.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(open_legs())
        group.create_task(hang_up())
    await nothing_left(client)
    assert await missing(client.ari, [caller]) == {caller}


@pytest.mark.parametrize("delay_ms", [0, 1, 2, 3, 4, 5, 6, 8])
async def test_cancelled_while_legs_are_made(
    private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp, delay_ms: int
) -> None:
    legs, _, _ = await legs_of(private_asterisk, client)
    try:
        async with asyncio.timeout(delay_ms / 1000):
            await legs.open(rtp.wanted, rtp.connect)
    except TimeoutError:
        pass
    finally:
        await legs.hang_up()
        await legs.close()
    await nothing_left(client)


async def test_refused(private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp) -> None:
    legs, _, _ = await legs_of(private_asterisk, client)
    with pytest.raises(LegError, match="externalMedia"):
        await legs.open({**rtp.wanted, "format": "no-such-codec"}, rtp.connect)
    await legs.hang_up()
    await legs.close()
    await nothing_left(client)


@pytest.mark.parametrize("caller_leaves", [True, False])
async def test_transfer(private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp, caller_leaves: bool) -> None:
    legs, caller, far = await legs_of(private_asterisk, client)
    await legs.open(rtp.wanted, rtp.connect)
    assert not await legs.ring_person("PJSIP/person", "+15550001", timeout=1)
    assert await legs.ring_person("Local/9999@phones", "+15550001", timeout=5)
    async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE_S):
        talk = group.create_task(legs.connect_person())
        while not any(caller in bridge.channels for bridge in await client.ari.bridges()):  # noqa: ASYNC110 - ...
            await asyncio.sleep(0.02)
        (bridge,) = await client.ari.bridges()
        (person,) = (name for name in bridge.channels if name != caller)
        assert caller in bridge.channels
        assert not talk.done()
        await client.ari.hang_up(far if caller_leaves else person)
    await legs.hang_up()
    await legs.close()
    await nothing_left(client)


async def test_sweep_after_a_crash(private_asterisk: PrivateAsterisk, client: Client, rtp: Rtp) -> None:
    legs, caller, far = await legs_of(private_asterisk, client)
    await legs.open(rtp.wanted, rtp.connect)
    assert await missing(client.ari, [caller, "gone"]) == {"gone"}

    await sweep(client.ari, "other", ())
    assert len(await client.ari.channels()) == 4
    assert await stranded(client.ari, "ai-call-center") == []
    swept = await sweep(client.ari, "test", ())
    assert (len(swept.channels), len(swept.bridges)) == (2, 1)
    assert [channel.id for channel in await stranded(client.ari, "ai-call-center")] == [caller]
    await legs.give_back()
    async with asyncio.timeout(PATIENCE_S):
        while await stranded(client.ari, "ai-call-center"):  # noqa: ASYNC110 - Asterisk is asked
            await asyncio.sleep(0.02)
    await client.ari.hang_up(far)
    await nothing_left(client)
    await legs.close()


async def test_events_go_on_after_the_stream_is_cut(private_asterisk: PrivateAsterisk) -> None:
    """A call that lasts longer than a connection: its end is told on the next one."""
    async with connected(settings_of(private_asterisk)) as client:
        caller, far = await dial(private_asterisk, client)
    async with connected(settings_of(private_asterisk)) as client:
        await client.ari.hang_up(far)
        assert await client.next(StasisEnd) == StasisEnd(channel_id=caller)
        await nothing_left(client)


async def test_a_second_daemon_takes_the_events(private_asterisk: PrivateAsterisk, client: Client) -> None:
    async with connected(settings_of(private_asterisk)) as second:
        assert await client.next(ApplicationReplaced) == ApplicationReplaced(application="ai-call-center")
        _, far = await dial(private_asterisk, second)
        await client.ari.hang_up(far)
        await nothing_left(client)
        assert client.heard.empty()


async def test_asterisk_killed_in_a_call(new_asterisk: Callable[[], Awaitable[PrivateAsterisk]], rtp: Rtp) -> None:
    asterisk = await new_asterisk()
    async with connected(settings_of(asterisk)) as client:
        legs, caller, _ = await legs_of(asterisk, client)
        await legs.open(rtp.wanted, rtp.connect)
        assert asterisk.pid
        os.kill(asterisk.pid, signal.SIGKILL)
        await client.next(Disconnected)
        async with asyncio.timeout(PATIENCE_S):
            await legs.hang_up()
            await legs.close()
        await asterisk.start()
        assert await client.next(Connected) == Connected(first=False)
        assert await missing(client.ari, [caller]) == {caller}
        again, _, _ = await legs_of(asterisk, client)
        await again.open(rtp.wanted, rtp.connect)
        await again.hang_up()
        await again.close()
        await nothing_left(client)


async def test_wrong_password(private_asterisk: PrivateAsterisk) -> None:
    settings = settings_of(private_asterisk).model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(AriError, match=r"asterisk\.password"):
        await anext(EventStream(settings).__aiter__())
