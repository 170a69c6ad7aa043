"""How long sound takes to the caller and back, over every kind of line. The caller says back what they hear."""

import asyncio
from contextlib import closing
from math import inf
from uuid import uuid4

import aiohttp
import numpy as np
import pytest

from callcenter.asterisk.ari import login
from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import StasisStart
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.media_server import MediaServer
from callcenter.asterisk.names import Names
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Media
from callcenter.media.clock import Clock
from callcenter.media.line import Line
from callcenter.media.line_choice import DIALPLAN, Kind, LineChoice
from callcenter.media.lines import Lines, opened
from callcenter.media.pcm import Clip, to_pcm
from tests.asterisk.conftest import Client, connected
from tests.real.delays import arrivals
from tests.real.test_legs import nothing_left, settings_of
from tests.real.test_rtp_line import running

pytestmark = pytest.mark.real

AT_MOST_S = 0.1
"""Asterisk's silence generator and snoop each have a clock of their own, of 20 ms."""
TRIES = 5
"""In a call. What a stall of the machine has left in Asterisk's queues delays the rest of it ..."""
CALLS = 3
"""... but not the next call."""


async def there_and_back(line: Line) -> float:
    """Seconds from the first frame of a tone to its return."""
    moments = np.arange(line.rate // 5) / line.rate
    tone = np.asarray(0.3 * np.sin(2 * np.pi * 400 * moments), np.float32)
    line.received.drain()
    line.playout.say(Clip(text="a tone", pcm=to_pcm(tone), rate=line.rate))
    loud = await arrivals(line.received, 9, -40)
    await asyncio.sleep(0.2)
    loud += await arrivals(line.received, 0, -40)
    assert 9 <= len(loud) <= 15
    first = line.playout.stop().first_sound_at
    assert first
    return loud[0] - first


async def one_call(client: Client, lines: Lines, choice: LineChoice) -> list[float]:
    """How long it takes each time, over the legs of the call that comes next."""
    caller = (await client.next(StasisStart)).channel.id
    legs = (DialplanLegs if choice.kind == DIALPLAN else Legs)(
        client.ari, client.switchboard.open(caller), caller, Names(instance="test", call=uuid4().hex[:8])
    )
    try:
        with closing(lines.open(choice)) as line:
            await legs.open(line.wanted, line.connect)
            await asyncio.sleep(1.0)  # only now the other half of the caller's channel goes to Echo()
            return [await there_and_back(line) for _ in range(TRIES)]
    finally:
        await legs.close()
        await client.ari.hang_up(caller)


@pytest.mark.parametrize(
    ("kind", "rate", "websocket"),
    [
        ("rtp", 8000, "dial"),
        ("audiosocket", 8000, "dial"),
        ("audiosocket", 16_000, "dial"),
        ("websocket", 8000, "dial"),
        ("websocket", 16_000, "dial"),
        ("websocket", 16_000, "listen"),
        ("audiosocket-dialplan", 8000, "dial"),
    ],
)
async def test_the_way_to_the_caller_and_back(
    private_asterisk: PrivateAsterisk, kind: Kind, rate: int, websocket: str
) -> None:
    settings, clock, number = settings_of(private_asterisk), Clock(), "777" if kind == DIALPLAN else "9000"
    media = Media.model_validate(
        {
            "audiosocket_listen": "127.0.0.1:0",
            "websocket": websocket,
            "websocket_listen": f"127.0.0.1:{private_asterisk.websocket_port}",
        }
    )
    echo = {"endpoint": f"Local/{number}@callcenter", "context": "phones", "extension": "9999", "priority": "1"}
    async with (
        connected(settings) as client,
        opened(media, clock, MediaServer.of(settings)) as lines,
        running(clock),
        aiohttp.ClientSession(headers=login(settings), raise_for_status=True) as session,
    ):
        quickest = inf
        for _ in range(CALLS):
            await session.post(f"{settings.url}/channels", params=echo)
            took = await one_call(client, lines, LineChoice(kind=kind, rate=rate, codec="ulaw"))
            print(kind, rate, websocket, *(f"{seconds * 1000:.0f}" for seconds in took), "ms")
            quickest = min(quickest, *took)
            if quickest < AT_MOST_S:
                break
        assert quickest < AT_MOST_S, "whatever else the machine does delays some, the way of the sound delays all"
        await nothing_left(client)
