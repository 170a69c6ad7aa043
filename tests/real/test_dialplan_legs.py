"""The way by the dialplan on a real Asterisk: 777 of the shipped dialplan. The caller says back what they hear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import pytest

from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import StasisStart
from callcenter.asterisk.names import Names
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.errors import CallerHungUp
from callcenter.media.audiosocket_line import AudioSocketLine
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.clock import Clock
from tests.asterisk.conftest import Client, connected
from tests.real.delays import arrivals, least
from tests.real.test_legs import nothing_left, settings_of
from tests.real.test_rtp_line import running, tone
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.real

ECHO = {"endpoint": "Local/777@callcenter", "context": "phones", "extension": "9999", "priority": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A call to 777."""

    client: Client
    legs: DialplanLegs
    line: AudioSocketLine
    caller: str
    far: str

    async def echoed(self) -> float:
        """Seconds from the first frame of a tone to its return."""
        self.line.received.drain()
        self.line.playout.say(tone(0.2))
        loud = await arrivals(self.line.received, 9)  # the frames of the echo are not those of the tone
        await asyncio.sleep(0.3)
        first = self.line.playout.stop().first_sound_at
        assert first
        return loud[0] - first


@asynccontextmanager
async def calling(asterisk: PrivateAsterisk) -> AsyncIterator[Talk]:
    clock, far = Clock(), f"far-{uuid4().hex[:8]}"
    headers = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    async with (
        connected(settings_of(asterisk)) as client,
        AudioSocketServer("127.0.0.1", 0) as server,
        running(clock),
        aiohttp.ClientSession(headers=headers, raise_for_status=True) as session,
    ):
        await session.post(f"{asterisk.ari_url}/channels", params={**ECHO, "channelId": far})
        start = await client.next(StasisStart)
        assert "line=audiosocket-dialplan" in start.args
        names = Names(instance="test", call=uuid4().hex[:8])
        caller = start.channel.id
        legs = DialplanLegs(client.ari, client.switchboard.open(caller), caller, names)
        with closing(AudioSocketLine(server, clock, rate=8000)) as line:
            try:
                await legs.open(line.wanted, line.connect)
                yield Talk(client=client, legs=legs, line=line, caller=caller, far=far)
            finally:
                line.close()
                await legs.close()
                await client.ari.hang_up(caller)
        await nothing_left(client)


async def test_sound_goes_to_the_caller_and_back(private_asterisk: PrivateAsterisk) -> None:
    async with calling(private_asterisk) as talk:
        delay = await least(talk.echoed, enough=0.1)
        print(f"round trip {delay * 1000:.0f} ms")
        assert delay < 0.1


async def test_a_caller_who_leaves_is_gone_for_the_line_and_the_legs(private_asterisk: PrivateAsterisk) -> None:
    async with calling(private_asterisk) as talk:
        await talk.client.ari.hang_up(talk.far)
        async with asyncio.timeout(PATIENCE_S):
            assert await talk.line.broken()
            with pytest.raises(CallerHungUp):
                await talk.legs.while_caller_stays(asyncio.sleep(2 * PATIENCE_S))
        assert await talk.legs.caller_is_gone()


async def test_a_caller_is_given_back_to_the_dialplan(private_asterisk: PrivateAsterisk) -> None:
    async with calling(private_asterisk) as talk:
        talk.line.close()
        await talk.legs.close()
        async with asyncio.timeout(PATIENCE_S):
            await talk.legs.give_back()
        there = {channel.id: channel for channel in await talk.client.ari.channels()}
        assert there[talk.caller].application == ""


async def test_a_caller_is_connected_to_a_person(private_asterisk: PrivateAsterisk) -> None:
    async with calling(private_asterisk) as talk:
        assert await talk.legs.ring_person("Local/9999@phones", "+15550001", 5.0)
        assert await least(talk.echoed, enough=0.2) < 0.2, "the line goes on while it rings"
        talk.line.close()
        connecting = asyncio.create_task(talk.legs.connect_person())
        async with asyncio.timeout(PATIENCE_S):
            while not any(talk.caller in bridge.channels for bridge in await talk.client.ari.bridges()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await talk.client.ari.hang_up(talk.far)
        await connecting
