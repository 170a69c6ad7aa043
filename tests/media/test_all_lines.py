"""What holds for every line, whichever way its sound goes; each has Asterisk's end of it on the other side."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from typing import NamedTuple

import pytest
import pytest_asyncio
import uvloop
from structlog.testing import capture_logs

from callcenter.media.audiosocket import Audio
from callcenter.media.audiosocket_line import AudioSocketLine
from callcenter.media.g711 import SLIN
from callcenter.media.line import Line
from callcenter.media.pcm import frame_bytes
from callcenter.media.rtp_line import RtpLine
from callcenter.media.websocket_line import WebSocketLine
from tests.media import test_audiosocket_line as audiosocket
from tests.media import test_rtp_line as rtp
from tests.media import test_websocket_line as websocket
from tests.media.ticking import TornTape, running, ticking, tone
from tests.peers.websocket_asterisk import Channel
from tests.waiting import PATIENCE_S, until


class Talk(NamedTuple):
    """A line with Asterisk at its other end."""

    line: RtpLine | AudioSocketLine | WebSocketLine
    say: Callable[[bytes], Awaitable[None]]
    """Have Asterisk send a frame."""
    frames: Callable[[], Sequence[bytes]]
    """All that have come to Asterisk."""
    leave: Callable[[], Awaitable[None]]
    """Have Asterisk end it."""

    @property
    def heard(self) -> bytes:
        """Silence left out."""
        return b"".join(frame for frame in self.frames() if any(frame))


@asynccontextmanager
async def over_rtp() -> AsyncIterator[Talk]:
    frames: list[bytes] = []

    async def say(pcm: bytes) -> None:
        asterisk.send(line, asterisk.sender.packet(pcm))

    def came() -> Sequence[bytes]:
        frames.extend(SLIN.decode(packet.payload) for packet in asterisk.packets())
        return frames

    async def leave() -> None:
        asterisk.close()

    async with ticking() as clock:
        with closing(RtpLine.open("127.0.0.1", SLIN, clock)) as line, closing(rtp.Asterisk(SLIN)) as asterisk:
            line.latch(asterisk.address)
            yield Talk(line, say, came, leave)


@asynccontextmanager
async def over_audiosocket(rate: int) -> AsyncIterator[Talk]:
    async with audiosocket.opened(rate) as line, audiosocket.asterisk(line) as caller, running(caller.ended()):

        async def say(pcm: bytes) -> None:
            caller.send(Audio(rate, pcm))

        yield Talk(line, say, lambda: [each.pcm for each in caller.came if isinstance(each, Audio)], caller.close)


@asynccontextmanager
async def over_websocket(way: str, rate: int) -> AsyncIterator[Talk]:
    channel = Channel(rate)
    async with websocket.WAYS[way](channel, rate) as line:
        yield Talk(line, channel.say, lambda: channel.played, channel.drop)


Way = Callable[[], AbstractAsyncContextManager[Talk]]
CONNECTED: Mapping[str, Way] = {
    "audiosocket-8": partial(over_audiosocket, 8000),
    "audiosocket-16": partial(over_audiosocket, 16_000),
    "websocket-dial-8": partial(over_websocket, "we dial", 8000),
    "websocket-dial-16": partial(over_websocket, "we dial", 16_000),
    "websocket-listen-8": partial(over_websocket, "Asterisk dials", 8000),
    "websocket-listen-16": partial(over_websocket, "Asterisk dials", 16_000),
}
WAYS: Mapping[str, Way] = {"rtp": over_rtp, **CONNECTED}
NARROW = [name for name in WAYS if not name.endswith("-16")]


@pytest_asyncio.fixture(params=WAYS)
async def talk(request: pytest.FixtureRequest) -> AsyncIterator[Talk]:
    async with WAYS[request.param]() as talk:
        yield talk


async def test_it_has_one_rate(talk: Talk) -> None:
    line: Line = talk.line
    assert line.rate == line.received.rate == line.playout.rate
    assert line.wanted["format"] == {8000: "slin", 16_000: "slin16"}[line.rate]


async def test_a_clip_arrives_as_it_is(talk: Talk) -> None:
    clip = tone(0.2, talk.line.rate)
    talk.line.playout.say(clip)
    await until(lambda: len(talk.heard) >= len(clip.pcm))
    assert talk.heard == clip.pcm
    assert {len(frame) for frame in talk.frames()} == {frame_bytes(talk.line.rate)}


async def test_what_the_caller_says_arrives_as_it_is_with_its_time(talk: Talk) -> None:
    said, size = tone(0.1, talk.line.rate).pcm, frame_bytes(talk.line.rate)
    before = asyncio.get_running_loop().time()
    for start in range(0, len(said), size):
        await talk.say(said[start : start + size])
    await until(lambda: talk.line.counters.received == 5)
    frames = [(at, pcm) for at, pcm in talk.line.received.drain() if any(pcm)]
    assert b"".join(pcm for _, pcm in frames) == said
    times = [at for at, _ in frames]
    assert times == sorted(times)
    # When a frame was said is told from when it has come: five that come at once were said one after the other.
    assert before - 0.1 < times[0] <= times[-1] <= asyncio.get_running_loop().time()


async def test_after_a_stall_of_ours_there_is_no_burst_and_no_hole(talk: Talk) -> None:
    counters, clip = talk.line.counters, tone(0.6, talk.line.rate)
    talk.line.playout.say(clip)
    await asyncio.sleep(0.1)
    sent, skipped = counters.sent, counters.skipped
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    over = asyncio.get_running_loop().time()
    await asyncio.sleep(0.11)
    assert counters.sent - sent <= 2 + (asyncio.get_running_loop().time() - over) * 50
    assert counters.skipped - skipped >= 14
    await until(lambda: len(talk.heard) >= len(clip.pcm))
    assert talk.heard == clip.pcm, "the speech ends later, and nothing of it is lost"


async def test_played_returns_at_once_when_nothing_plays(talk: Talk) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await talk.line.played()


@pytest.mark.parametrize("stop", ["stop", "close"])
async def test_played_returns_when_there_is_no_more_to_wait_for(talk: Talk, stop: str) -> None:
    talk.line.playout.say(tone(10, talk.line.rate))
    waiting = asyncio.ensure_future(talk.line.played())
    await until(lambda: talk.line.counters.sent)
    assert not waiting.done()
    {"stop": talk.line.playout.stop, "close": talk.line.close}[stop]()
    async with asyncio.timeout(PATIENCE_S):
        await waiting


async def test_what_is_paused_is_still_to_be_played(talk: Talk) -> None:
    talk.line.playout.say(tone(0.2, talk.line.rate))
    talk.line.playout.pause()
    waiting = asyncio.ensure_future(talk.line.played())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    talk.line.playout.resume()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    assert talk.line.playout.stop().complete


async def test_what_is_closed_is_not_broken(talk: Talk) -> None:
    waiting = asyncio.ensure_future(talk.line.broken())
    with capture_logs() as logs:
        talk.line.close()
        talk.line.close()
    assert [entry["event"] for entry in logs] == ["= line closed"]
    sent = talk.line.counters.sent
    await talk.leave()
    await asyncio.sleep(0.1)
    assert talk.line.counters.sent == sent
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize("talk", CONNECTED, indirect=True)
async def test_what_asterisk_ends_is_broken_for_good(talk: Talk) -> None:
    talk.line.playout.say(tone(20, talk.line.rate))
    playing = asyncio.ensure_future(talk.line.played())
    await talk.leave()
    async with asyncio.timeout(PATIENCE_S):
        assert "connection" in (reason := await talk.line.broken())
        assert await talk.line.broken() == reason
        await playing


async def test_a_mistake_in_it_breaks_it(talk: Talk) -> None:
    with capture_logs() as logs:
        talk.line.record(TornTape(talk.line.rate))
        async with asyncio.timeout(PATIENCE_S):
            assert await talk.line.broken() == "RuntimeError: torn"
            talk.line.playout.say(tone(1, talk.line.rate))
            await talk.line.played()
    assert "! tick" in [entry["event"] for entry in logs]


@pytest.mark.parametrize(
    "scenario",
    [
        test_what_the_caller_says_arrives_as_it_is_with_its_time,
        test_after_a_stall_of_ours_there_is_no_burst_and_no_hole,
        test_what_is_closed_is_not_broken,
        test_a_mistake_in_it_breaks_it,
    ],
)
@pytest.mark.parametrize("way", NARROW)
def test_it_is_the_same_on_uvloop(scenario: Callable[[Talk], Awaitable[None]], way: str) -> None:
    async def run() -> None:
        async with WAYS[way]() as talk:
            await scenario(talk)

    uvloop.run(run(), debug=True)


@pytest.mark.parametrize("way", [name for name in NARROW if name in CONNECTED])
def test_its_end_is_the_same_on_uvloop(way: str) -> None:
    async def run() -> None:
        async with CONNECTED[way]() as talk:
            await test_what_asterisk_ends_is_broken_for_good(talk)

    uvloop.run(run(), debug=True)
