"""Lines over WebSocket through a real Asterisk: both directions of connecting, rates and dialects, and TLS."""

import asyncio
import math
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.errors import LegError
from callcenter.media.clock import Clock
from callcenter.media.pcm import Clip
from callcenter.media.websocket_line import WebSocketLine
from callcenter.media.websocket_server import WebSocketServer
from tests.peers.certificate import self_signed
from tests.real.delays import arrivals, least
from tests.real.test_rtp_line import running
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.real

APP = "test-websocket-line"
CLIENT = f"""
[{APP}]
type = websocket_client
connection_type = per_call_config
protocols = media
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One Asterisk, as far as these tests need it, and what connects to us."""

    ari: aiohttp.ClientSession
    events: aiohttp.ClientWebSocketResponse
    asterisk: PrivateAsterisk
    clock: Clock
    legs: AsyncExitStack
    """Removes what was made in Asterisk."""

    def dialling(self, rate: int) -> WebSocketLine:
        base = self.asterisk.ari_url.replace("http", "ws").replace("/ari", "/media")
        return self.legs.enter_context(closing(WebSocketLine.dialling(base, {}, self.clock, rate=rate)))

    async def listening(self, rate: int, certificate: Path | None = None) -> WebSocketLine:
        server = await self.legs.enter_async_context(WebSocketServer("127.0.0.1", 0, certificate=certificate))
        await self.leads_to(server, certificate)
        return self.legs.enter_context(closing(WebSocketLine.listening(server, APP, self.clock, rate=rate)))

    async def leads_to(self, server: WebSocketServer, certificate: Path | None) -> None:
        """Have Asterisk connect there, until the test ends."""
        path = self.asterisk.run_dir / "etc/websocket_client.conf"
        before = path.read_text(encoding="utf-8")
        tls = f"tls_enabled = yes\nca_list_file = {certificate}\n" if certificate else ""
        uri = f"uri = {'wss' if certificate else 'ws'}://{server.address}/callcenter\n"
        path.write_text(before + CLIENT + uri + tls, encoding="utf-8")
        self.legs.callback(path.write_text, before, encoding="utf-8")
        await self.asterisk.command("module reload res_websocket_client.so")

    async def post(self, path: str, **query: str) -> Any:
        async with self.ari.post(path, params=query) as response:
            return await response.json() if response.status == 200 else None

    async def started(self) -> None:
        """A channel comes into our application."""
        async with asyncio.timeout(5):
            while (await self.events.receive_json())["type"] != "StasisStart":
                pass

    async def leg(self, line: WebSocketLine, **instead: str) -> str:
        """An external media channel."""
        media = await self.post("channels/externalMedia", app=APP, **{**line.wanted, **instead})
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
    clock = Clock()
    login = {"Authorization": aiohttp.encode_basic_auth(private_asterisk.ari_username, private_asterisk.ari_password)}
    async with (
        running(clock),
        aiohttp.ClientSession(f"{private_asterisk.ari_url}/", headers=login) as ari,
        ari.ws_connect("events", params={"app": APP}) as events,
        AsyncExitStack() as legs,
    ):
        yield Switch(ari=ari, events=events, asterisk=private_asterisk, clock=clock, legs=legs)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


def tone(seconds: float, rate: int, hertz: int) -> Clip:
    times = np.arange(round(seconds * rate)) / rate
    pcm = (10000 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()
    return Clip(text="a tone", pcm=pcm, rate=rate)


async def delay_of_a_tone(one: WebSocketLine, other: WebSocketLine, hertz: int = 400) -> float:
    """Seconds from the first frame of a tone on `one` to its arrival on `other`, which receives it whole."""
    other.received.drain()
    one.playout.say(tone(0.2, one.rate, hertz))
    async with asyncio.timeout(PATIENCE_S):
        await one.played()
    loud = await arrivals(other.received, 10)
    await asyncio.sleep(0.3)
    loud += await arrivals(other.received, 0)
    assert 10 <= len(loud) <= 10 + 2 + one.counters.skipped
    first_sound_at = one.playout.stop().first_sound_at
    assert first_sound_at
    return loud[0] - first_sound_at


async def least_delay(one: WebSocketLine, other: WebSocketLine, hertz: int = 400, *, enough: float = math.inf) -> float:
    return await least(lambda: delay_of_a_tone(one, other, hertz), enough)


async def dials(switch: Switch, rate: int) -> WebSocketLine:
    return switch.dialling(rate)


async def answers(switch: Switch, rate: int) -> WebSocketLine:
    return await switch.listening(rate)


@pytest.mark.parametrize(("rate", "heard"), [(8000, 3000), (16000, 6000)], ids=["narrow", "wide"])
@pytest.mark.parametrize("way", [dials, answers])
async def test_sound_goes_both_ways(
    switch: Switch, way: Callable[[Switch, int], Awaitable[WebSocketLine]], rate: int, heard: int
) -> None:
    """What the caller says at 16 kHz too; what they hear is whispered into the silence generator's 8 kHz."""
    agent, caller = await way(switch, rate), switch.dialling(rate)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    assert await least_delay(agent, caller, enough=0.12) < 0.12
    assert await least_delay(caller, agent, heard, enough=0.12) < 0.12
    for line in (agent, caller):
        counters = line.counters
        assert counters.received > 30
        assert 0 < counters.most_ahead <= 6
        assert (counters.held, counters.refused, counters.unknown, counters.full) == (0,) * 4


async def test_asterisk_may_speak_json(switch: Switch) -> None:
    agent, caller = switch.dialling(8000), switch.dialling(8000)
    media = await switch.leg(agent, transport_data="f(json)")
    await switch.snooped(await switch.leg(caller), media)
    assert await least_delay(agent, caller, enough=0.12) < 0.12
    assert agent.counters.most_ahead, "its marks come back"
    assert (agent.counters.unknown, agent.counters.refused) == (0, 0)


async def test_asterisk_dials_us_over_tls(switch: Switch, certificate: Path) -> None:
    agent, caller = await switch.listening(16000, certificate), switch.dialling(16000)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    assert await least_delay(agent, caller, enough=0.12) < 0.12


async def test_a_certificate_that_asterisk_does_not_trust(
    switch: Switch,
    certificate: Path,
    tmp_path: Path,
) -> None:
    server = await switch.legs.enter_async_context(WebSocketServer("127.0.0.1", 0, certificate=certificate))
    with closing(WebSocketLine.listening(server, APP, switch.clock, rate=8000)) as line:
        (tmp_path / "empty.pem").touch()
        await switch.leads_to(server, tmp_path / "empty.pem")
        with pytest.raises(LegError, match="no WebSocket with Asterisk"):
            await switch.leg(line)
    assert server.report()["taken"] == 0


async def test_a_stall_of_ours_leaves_no_lag(switch: Switch) -> None:
    agent, caller = switch.dialling(8000), switch.dialling(8000)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    before = await least_delay(agent, caller)
    for _ in range(3):
        time.sleep(0.1)  # noqa: ASYNC251 - the stall
        await asyncio.sleep(0.1)
    after = await least_delay(agent, caller, enough=before + 0.05)
    assert agent.counters.skipped >= 9
    assert after - before < 0.05, "made up for by a burst, the stalls leave 0.1 s"


async def test_a_stall_of_asterisk_leaves_no_lag(switch: Switch) -> None:
    agent, caller = switch.dialling(8000), switch.dialling(8000)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    before = await least_delay(agent, caller)
    pid = switch.asterisk.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(1)
    finally:
        os.kill(pid, signal.SIGCONT)
    held = agent.counters.held
    assert held > 10, "no more than half a second is sent to one that plays nothing"
    await asyncio.sleep(2)
    assert await least_delay(agent, caller, enough=before + 0.05) - before < 0.05


async def test_barge_in_empties_the_queue_of_asterisk(switch: Switch) -> None:
    agent, caller = switch.dialling(8000), switch.dialling(8000)
    media = await switch.leg(agent)
    await switch.snooped(await switch.leg(caller), media)
    agent.playout.say(tone(5, 8000, 400))
    loud = await arrivals(caller.received, 10)
    agent.playout.pause()
    paused = asyncio.get_running_loop().time()
    await asyncio.sleep(0.5)
    loud += await arrivals(caller.received, 0)
    assert loud[-1] - paused < 0.3
    assert agent.counters.flushes == 1


async def test_the_end_of_the_channel_breaks_the_line(switch: Switch) -> None:
    line = switch.dialling(8000)
    media = await switch.leg(line)
    await switch.ari.delete(f"channels/{media}")
    async with asyncio.timeout(PATIENCE_S):
        assert "Asterisk closed the connection" in await line.broken()


async def test_a_connection_that_asterisk_does_not_expect(switch: Switch) -> None:
    with pytest.raises(LegError, match="404"):
        await switch.dialling(8000).connect({"MEDIA_WEBSOCKET_CONNECTION_ID": str(uuid4())})


async def test_the_end_of_the_line_ends_the_channel(switch: Switch) -> None:
    line = switch.dialling(8000)
    media = await switch.leg(line)
    line.close()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with switch.ari.get(f"channels/{media}") as response:
                if response.status == 404:
                    return
            await asyncio.sleep(0.02)
