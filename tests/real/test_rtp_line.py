"""Two lines that talk to each other through a real Asterisk."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from uuid import uuid4

import aiohttp
import numpy as np
import pytest

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS, Codec
from callcenter.media.pcm import Clip
from callcenter.media.rtp_line import RtpLine
from tests.real.delays import arrivals, least

pytestmark = pytest.mark.real

APP = "test-rtp-line"


@asynccontextmanager
async def call(asterisk: PrivateAsterisk, codec: Codec) -> AsyncIterator[tuple[RtpLine, RtpLine]]:
    """An agent's line and a caller's, with a snoop between them as in every call of ours."""
    login = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    clock = Clock()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(clock))
        agent, caller = [stack.enter_context(closing(RtpLine.open("127.0.0.1", codec, clock))) for _ in range(2)]
        session = aiohttp.ClientSession(f"{asterisk.ari_url}/", headers=login, raise_for_status=True)
        ari = await stack.enter_async_context(session)
        events = await stack.enter_async_context(ari.ws_connect("events", params={"app": APP}))
        legs = []
        for line in (agent, caller):
            legs.append(await _leg(ari, events, line, codec))
            stack.push_async_callback(ari.delete, f"channels/{legs[-1]}")
        media, phone = legs
        await ari.post(f"channels/{phone}/silence")
        snoop = f"{APP}-{uuid4().hex}"  # Asterisk remembers the name of one that has just gone
        await ari.post(f"channels/{phone}/snoop/{snoop}", params={"app": APP, "spy": "in", "whisper": "out"})
        stack.push_async_callback(ari.delete, f"channels/{snoop}")
        await _started(events)
        await ari.post(f"bridges/{snoop}", params={"type": "mixing"})
        stack.push_async_callback(ari.delete, f"bridges/{snoop}")
        await ari.post(f"bridges/{snoop}/addChannel", params={"channel": f"{media},{snoop}"})
        yield agent, caller


@asynccontextmanager
async def running(clock: Clock) -> AsyncIterator[None]:
    ticking = asyncio.ensure_future(clock.run())
    try:
        yield
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking


async def _leg(ari: aiohttp.ClientSession, events: aiohttp.ClientWebSocketResponse, line: RtpLine, codec: Codec) -> str:
    host, port = line.local_address
    params = {"app": APP, "external_host": f"{host}:{port}", "format": codec.name}
    async with ari.post("channels/externalMedia", params=params) as response:
        channel = await response.json()
    variables = channel["channelvars"]
    line.latch((variables["UNICASTRTP_LOCAL_ADDRESS"], int(variables["UNICASTRTP_LOCAL_PORT"])))
    await _started(events)
    return str(channel["id"])


async def _started(events: aiohttp.ClientWebSocketResponse) -> None:
    async with asyncio.timeout(5):
        while (await events.receive_json())["type"] != "StasisStart":
            pass


def tone(seconds: float) -> Clip:
    times = np.arange(round(seconds * 8000)) / 8000
    return Clip(text="a tone", pcm=(10000 * np.sin(2 * np.pi * 400 * times)).astype("<i2").tobytes(), rate=8000)


async def delay_of_a_tone(one: RtpLine, other: RtpLine) -> float:
    """Seconds from the first frame of a tone on `one` to its arrival on `other`, which receives it whole."""
    other.received.drain()
    one.playout.say(tone(0.2))
    loud = await arrivals(other.received, 10)
    await asyncio.sleep(0.3)
    loud += await arrivals(other.received, 0)
    assert 10 <= len(loud) <= 10 + 1 + one.counters.skipped
    first_sound_at = one.playout.stop().first_sound_at
    assert first_sound_at
    return loud[0] - first_sound_at


async def least_delay(one: RtpLine, other: RtpLine, enough: float = math.inf) -> float:
    return await least(lambda: delay_of_a_tone(one, other), enough)


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.name)
async def test_sound_goes_both_ways(private_asterisk: PrivateAsterisk, codec: Codec) -> None:
    async with call(private_asterisk, codec) as (one, other):
        for speaker, listener in ((one, other), (other, one)):
            assert await least_delay(speaker, listener, enough=0.1) < 0.1
        for line in (one, other):
            counters = line.counters
            assert counters.received > 30
            assert (counters.lost, counters.spoofed, counters.malformed, counters.unknown, counters.unsent) == (0,) * 5


async def test_a_stall_leaves_no_lag(private_asterisk: PrivateAsterisk) -> None:
    async with call(private_asterisk, CODECS["ulaw"]) as (one, other):
        before = await least_delay(one, other)
        for _ in range(3):
            time.sleep(0.1)  # noqa: ASYNC251 - the stall
            await asyncio.sleep(0.1)
        after = await least_delay(one, other, enough=before + 0.05)
        assert one.counters.skipped >= 9
        assert after - before < 0.05, "made up for by a burst, the stalls leave 0.1 s"
