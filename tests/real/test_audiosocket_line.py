"""Lines over AudioSocket through a real Asterisk: externalMedia of both rates, and AudioSocket() in the dialplan."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.media.audiosocket_line import AudioSocketLine
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.clock import Clock
from callcenter.media.pcm import Clip
from tests.peers.blockable import Blockable
from tests.real.delays import arrivals, least
from tests.real.test_rtp_line import running
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.real

APP = "test-audiosocket-line"
EXTENSION = "7770"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One Asterisk, as far as these tests need it, and what connects to us."""

    ari: aiohttp.ClientSession
    events: aiohttp.ClientWebSocketResponse
    asterisk: PrivateAsterisk
    server: AudioSocketServer
    clock: Clock
    legs: AsyncExitStack
    """Removes what was made in Asterisk."""

    def line(self, rate: int) -> AudioSocketLine:
        return self.legs.enter_context(closing(AudioSocketLine(self.server, self.clock, rate=rate)))

    async def post(self, path: str, **query: str) -> Any:
        async with self.ari.post(path, params=query) as response:
            return await response.json() if response.status == 200 else None

    async def started(self) -> Mapping[str, Any]:
        """The channel that comes into our application next, with what the dialplan gave it to say."""
        async with asyncio.timeout(5):
            while (event := await self.events.receive_json())["type"] != "StasisStart":
                pass
        return {"args": event["args"], **event["channel"]}

    async def leg(self, line: AudioSocketLine, *, by: str = "") -> str:
        """An external media channel, which connects to `by` if that is given."""
        wanted = {**line.wanted, "external_host": by or line.wanted["external_host"]}
        media = await self.post("channels/externalMedia", app=APP, **wanted)
        self.legs.push_async_callback(self.ari.delete, f"channels/{media['id']}")
        await line.connect(media["channelvars"])
        await self.started()
        return str(media["id"])

    async def snooped(self, phone: str, media: str) -> None:
        """Connect the two as in every call of ours."""
        await self.post(f"channels/{phone}/silence")
        snoop = f"{APP}-{uuid4().hex}"
        await self.post(f"channels/{phone}/snoop/{snoop}", app=APP, spy="in", whisper="out")
        self.legs.push_async_callback(self.ari.delete, f"channels/{snoop}")
        await self.started()
        await self.post(f"bridges/{snoop}", type="mixing")
        self.legs.push_async_callback(self.ari.delete, f"bridges/{snoop}")
        await self.post(f"bridges/{snoop}/addChannel", channel=f"{media},{snoop}")


@pytest_asyncio.fixture
async def switch(private_asterisk: PrivateAsterisk) -> AsyncIterator[Switch]:
    asterisk, clock = private_asterisk, Clock()
    login = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    async with (
        running(clock),
        AudioSocketServer("127.0.0.1", 0) as server,
        aiohttp.ClientSession(f"{asterisk.ari_url}/", headers=login) as ari,
        ari.ws_connect("events", params={"app": APP}) as events,
        AsyncExitStack() as legs,
    ):
        yield Switch(ari=ari, events=events, asterisk=asterisk, server=server, clock=clock, legs=legs)


def tone(seconds: float, rate: int, hertz: int) -> Clip:
    times = np.arange(round(seconds * rate)) / rate
    pcm = (10000 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()
    return Clip(text="a tone", pcm=pcm, rate=rate)


async def delay_of_a_tone(one: AudioSocketLine, other: AudioSocketLine, hertz: int = 400) -> float:
    """Seconds from the first frame of a tone on `one` to its arrival on `other`, which receives it whole."""
    other.received.drain()
    one.playout.say(tone(0.2, one.rate, hertz))
    loud = await arrivals(other.received, 10)
    await asyncio.sleep(0.3)
    loud += await arrivals(other.received, 0)
    assert 10 <= len(loud) <= 10 + 1 + one.counters.skipped
    first_sound_at = one.playout.stop().first_sound_at
    assert first_sound_at
    return loud[0] - first_sound_at


async def least_delay(
    one: AudioSocketLine, other: AudioSocketLine, hertz: int = 400, *, enough: float = math.inf
) -> float:
    return await least(lambda: delay_of_a_tone(one, other, hertz), enough)


@pytest.mark.parametrize(("rate", "highest"), [(8000, 400), (16000, 6000)])
async def test_sound_goes_both_ways(switch: Switch, rate: int, highest: int) -> None:
    """At 16 kHz the caller's with what no ordinary line could carry; they hear what a whisper leaves, up to 4 kHz."""
    agent, caller = switch.line(rate), switch.line(rate)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    assert await least_delay(caller, agent, highest, enough=0.1) < 0.1
    assert await least_delay(agent, caller, enough=0.1) < 0.1
    assert agent.counters.received > 30
    assert agent.counters.held == 0
    assert {name: count for name, count in switch.server.report().items() if count} == {
        "accepted": 2,
        "taken": 2,
        "expected": 2,
    }


async def test_a_stall_leaves_no_lag(switch: Switch) -> None:
    agent, caller = switch.line(8000), switch.line(8000)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    before = await least_delay(agent, caller)
    for _ in range(3):
        time.sleep(0.1)  # noqa: ASYNC251 - the stall
        await asyncio.sleep(0.1)
    after = await least_delay(agent, caller, enough=before + 0.05)
    assert agent.counters.skipped >= 9
    assert after - before < 0.05, "made up for by a burst, the stalls leave 0.1 s"


async def test_a_blocked_network_leaves_no_lag(switch: Switch) -> None:
    agent, caller = switch.line(8000), switch.line(8000)
    way = await switch.legs.enter_async_context(Blockable(switch.server.address))
    media = await switch.leg(agent, by=way.address)
    await switch.snooped(await switch.leg(caller), media)
    before = await least_delay(agent, caller)
    await way.block(0.3)
    await asyncio.sleep(0.6)
    after = await least_delay(agent, caller, enough=before + 0.1)
    assert agent.counters.spared >= 9
    assert after - before < 0.1, "without that, 0.3 s are left"


async def test_the_end_of_the_channel_breaks_the_line(switch: Switch) -> None:
    line = switch.line(8000)
    media = await switch.leg(line)
    await switch.ari.delete(f"channels/{media}")
    async with asyncio.timeout(PATIENCE_S):
        assert await line.broken() == "Asterisk closed the AudioSocket connection"


@asynccontextmanager
async def extension(switch: Switch, line: AudioSocketLine) -> AsyncIterator[None]:
    """A number in the dialplan that leads to `line`, and then back to us."""
    where = line.wanted
    steps = ["Answer()", f"AudioSocket({where['data']},{where['external_host']})", f"Stasis({APP},back)"]
    for place, step in enumerate(steps, 1):
        await switch.asterisk.command(f"dialplan add extension {EXTENSION},{place},{step} into callcenter")
    try:
        yield
    finally:
        await switch.asterisk.command(f"dialplan remove extension {EXTENSION}@callcenter")


@asynccontextmanager
async def dialled(switch: Switch) -> AsyncIterator[tuple[AudioSocketLine, str]]:
    """A line that AudioSocket() in the dialplan has connected to, and the caller's channel."""
    line = switch.line(8000)
    async with extension(switch, line):
        caller = (await switch.post("channels", endpoint=f"Local/{EXTENSION}@callcenter", app=APP))["id"]
        switch.legs.push_async_callback(switch.ari.delete, f"channels/{caller}")
        await line.connect({})
        await switch.started()
        await switch.post(f"channels/{caller}/silence")
        yield line, caller


async def test_in_the_dialplan_keys_change_nothing_and_the_hang_up_is_told_by_the_end(switch: Switch) -> None:
    async with dialled(switch) as (line, caller):
        await switch.post(f"channels/{caller}/dtmf", dtmf="12#*", between="40", duration="80")
        await asyncio.sleep(1)
        line.received.drain()
        await until(line.received.drain)
        await switch.ari.delete(f"channels/{caller}")
        async with asyncio.timeout(PATIENCE_S):
            assert await line.broken() == "Asterisk closed the AudioSocket connection"


async def test_in_the_dialplan_a_closed_line_gives_the_caller_back(switch: Switch) -> None:
    async with dialled(switch) as (line, _):
        await asyncio.sleep(0.3)
        line.close()
        back = await switch.started()
        assert back["args"] == ["back"]
        await switch.ari.delete(f"channels/{back['id']}")
