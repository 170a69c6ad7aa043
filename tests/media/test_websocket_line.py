import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress

import pytest
import pytest_asyncio
import uvloop
from structlog.testing import capture_logs

from callcenter.errors import LegError
from callcenter.media.line import Line
from callcenter.media.websocket_line import WebSocketLine
from callcenter.media.websocket_server import WebSocketServer
from tests.media.ticking import running, ticking, tone
from tests.peers import websocket_asterisk
from tests.peers.websocket_asterisk import CONNECTION, Channel
from tests.waiting import PATIENCE_S, until

NAMED = {"MEDIA_WEBSOCKET_CONNECTION_ID": CONNECTION}
SILENCE = bytes(320)
Scenario = Callable[[WebSocketLine, Channel], Awaitable[None]]


@asynccontextmanager
async def dialled(channel: Channel, rate: int = 8000) -> AsyncIterator[WebSocketLine]:
    async with ticking() as clock, websocket_asterisk.listening(channel) as base:
        with closing(WebSocketLine.dialling(base, {"Authorization": "Basic eA=="}, clock, rate=rate)) as line:
            await line.connect(NAMED)
            yield line


@asynccontextmanager
async def answered(channel: Channel, rate: int = 8000) -> AsyncIterator[WebSocketLine]:
    async with ticking() as clock, WebSocketServer("127.0.0.1", 0) as server:
        with closing(WebSocketLine.listening(server, "daemon", clock, rate=rate)) as line:
            name = line.wanted["transport_data"].removeprefix("v(").removesuffix(")")
            async with running(websocket_asterisk.dialling(channel, f"ws://{server.address}/callcenter?{name}")):
                await line.connect({})
                yield line


WAYS = {"we dial": dialled, "Asterisk dials": answered}


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest_asyncio.fixture
async def line(channel: Channel) -> AsyncIterator[WebSocketLine]:
    async with dialled(channel) as line:
        yield line


def sounding(channel: Channel) -> bytes:
    return b"".join(frame for frame in channel.played if any(frame))


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("way", WAYS)
async def test_a_clip_arrives_as_it_is_and_is_played_when_asterisk_has_played_it(way: str, rate: int) -> None:
    channel = Channel(rate)
    async with WAYS[way](channel, rate) as line:
        seam: Line = line
        assert seam.rate == seam.received.rate == seam.playout.rate == rate
        await until(lambda: line.counters.sent > 15)
        clip = tone(0.2, rate)
        line.playout.say(clip)
        async with asyncio.timeout(PATIENCE_S):
            await line.played()
        assert sounding(channel) == clip.pcm
        assert {len(frame) for frame in channel.played} == {rate // 50 * 2}


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_caller_says_arrives_with_its_time(way: str) -> None:
    channel = Channel()
    async with WAYS[way](channel) as line:
        before = asyncio.get_running_loop().time()
        said = tone(0.1).pcm
        for size in (100, 1, 639, 860):
            await channel.say(said[:size])
            said = said[size:]
        await until(lambda: line.counters.received == 5)
        frames = line.received.drain()
        assert b"".join(pcm for _, pcm in frames) == tone(0.1).pcm
        times = [at for at, _ in frames]
        assert times == sorted(times)
        assert before - 0.1 < times[0] <= times[-1] <= asyncio.get_running_loop().time()


async def test_what_asterisk_is_asked_for() -> None:
    async with ticking() as clock, WebSocketServer("127.0.0.1", 0) as server:
        with closing(WebSocketLine.dialling("ws://localhost/media", {}, clock, rate=8000)) as line:
            assert line.wanted == {
                "transport": "websocket",
                "encapsulation": "none",
                "connection_type": "server",
                "external_host": "INCOMING",
                "format": "slin",
            }
        with (
            closing(WebSocketLine.listening(server, "daemon", clock, rate=16000)) as line,
            closing(WebSocketLine.listening(server, "daemon", clock, rate=16000)) as other,
        ):
            assert line.wanted.items() > {"connection_type": "client", "external_host": "daemon"}.items()
            assert line.wanted["format"] == "slin16"
            assert line.wanted["transport_data"] != other.wanted["transport_data"]


async def test_we_ask_for_the_connection_of_our_channel_with_our_password(
    line: WebSocketLine, channel: Channel
) -> None:
    assert channel.path == f"/media/{CONNECTION}"
    assert channel.headers["Authorization"] == "Basic eA=="
    assert "Sec-WebSocket-Extensions" not in channel.headers, "sound is not compressed"


async def test_barge_in_has_asterisk_drop_what_it_has_queued(line: WebSocketLine, channel: Channel) -> None:
    line.playout.say(tone(5))
    await until(lambda: len(sounding(channel)) > 3200)
    channel.playing.clear()
    await until(lambda: channel.queued > 10)
    line.playout.pause()
    await until(lambda: "FLUSH_MEDIA" in channel.commands)
    channel.playing.set()
    before = len(channel.played)
    await asyncio.sleep(0.2)
    assert sum(any(frame) for frame in channel.played[before:]) <= 1, "the fade-out is all that is left"
    line.playout.resume()
    await until(lambda: any(channel.played[-1]))
    assert channel.commands.count("FLUSH_MEDIA") == 1


async def test_the_end_of_a_turn_flushes_nothing(line: WebSocketLine, channel: Channel) -> None:
    line.playout.say(tone(0.3))
    await line.played()
    assert "FLUSH_MEDIA" not in channel.commands


async def test_played_waits_for_asterisk(line: WebSocketLine, channel: Channel) -> None:
    await until(lambda: line.counters.sent > 15)
    line.playout.say(tone(0.2))
    await until(lambda: len(sounding(channel)) > 640)
    channel.playing.clear()
    await until(lambda: line.playout.idle)
    waiting = asyncio.ensure_future(line.played())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    channel.playing.set()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    assert sounding(channel) == tone(0.2).pcm


async def test_nothing_is_sent_while_the_queue_of_asterisk_is_full() -> None:
    channel = Channel(marks=False)
    async with dialled(channel) as line:
        clip = tone(0.4)
        line.playout.say(clip)
        await until(lambda: len(channel.played) > 3)
        await channel.say("MEDIA_XOFF")
        await until(lambda: line.counters.held > 1)
        sent, left = line.counters.sent, line.playout.queued_seconds
        await asyncio.sleep(0.2)
        assert (line.counters.sent, line.playout.queued_seconds) == (sent, left)
        assert line.counters.full == 1
        await channel.say("MEDIA_XON")
        # Nothing tells when the last frame, sent and not yet here, has been played: this Asterisk returns no marks.
        await until(lambda: len(sounding(channel)) >= len(clip.pcm))
        assert sounding(channel) == clip.pcm


async def test_frames_stay_here_while_asterisk_plays_nothing_and_come_one_a_tick_afterwards(
    line: WebSocketLine, channel: Channel
) -> None:
    clip = tone(1.5)
    line.playout.say(clip)
    await until(lambda: line.counters.sent > 20)
    channel.playing.clear()
    await until(lambda: line.counters.held > 10)
    assert channel.queued <= 26
    held, at = line.playout.queued_seconds, time.perf_counter()
    channel.playing.set()
    await until(lambda: line.playout.idle)
    assert time.perf_counter() - at > held - 0.1, "no burst"
    await line.played()
    assert sounding(channel) == clip.pcm
    # What Asterisk has too much goes also where a busy machine skips ticks of ours.
    await until(lambda: line.counters.left_out or line.counters.skipped > 15)
    await until(lambda: channel.queued <= 4)


async def test_a_peer_that_stops_reading_breaks_only_its_own_line(line: WebSocketLine, channel: Channel) -> None:
    other = Channel()
    async with dialled(other) as neighbour:
        await until(lambda: line.counters.most_ahead and neighbour.counters.most_ahead)
        channel.reading.clear()
        async with asyncio.timeout(PATIENCE_S):
            await line.broken()
        assert line.counters.sent < 60
        before = len(other.played)
        await until(lambda: len(other.played) > before + 5)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("MEDIA_START connection_id:1 format:ulaw optimal_frame_size:160 ptime:20", "sends ulaw where slin"),
        ("MEDIA_START connection_id:1 format:slin optimal_frame_size:0 ptime:20", "passes slin through"),
    ],
    ids=["another format", "passed through"],
)
async def test_a_start_that_is_not_what_was_asked_for(start: str, reason: str) -> None:
    with pytest.raises(LegError, match=reason):
        async with dialled(Channel(start=start)):
            pytest.fail("connected")


@pytest.mark.parametrize(
    ("base", "channel_is", "reason"),
    [
        ("ws://127.0.0.1:1/media", NAMED, "cannot be reached"),
        ("http://127.0.0.1:1/media", NAMED, "cannot be reached"),
        ("ws://127.0.0.1:1/media", {}, "MEDIA_WEBSOCKET_CONNECTION_ID"),
    ],
    ids=["nobody there", "no WebSocket", "no connection id"],
)
async def test_where_nothing_can_be_reached(base: str, channel_is: dict[str, str], reason: str) -> None:
    async with ticking() as clock:
        with closing(WebSocketLine.dialling(base, {}, clock, rate=8000)) as line, pytest.raises(LegError, match=reason):
            await line.connect(channel_is)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that says so to the one who asks for a WebSocket, and goes when that goes; the address of its /media."""
    gone = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/media"
        await gone.wait()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", r"no WebSocket with Asterisk \(INCOMING\) after 5 s"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
    ],
    ids=["nothing", "404"],
)
async def test_a_server_that_gives_no_websocket_is_left(answer: bytes, reason: str) -> None:
    async with answering(answer) as base, ticking() as clock:
        with closing(WebSocketLine.dialling(base, {}, clock, rate=8000)) as line, pytest.raises(LegError, match=reason):
            await line.connect(NAMED)


async def test_what_ends_at_the_other_side_is_told(line: WebSocketLine, channel: Channel) -> None:
    with capture_logs() as logs:
        await channel.drop()
        async with asyncio.timeout(PATIENCE_S):
            assert "connection" in await line.broken()
    assert [entry["event"] for entry in logs] == ["! line broken"]


async def test_more_than_sound_would_be_is_cut_off(line: WebSocketLine, channel: Channel) -> None:
    with suppress(Exception):
        for _ in range(5000):
            await channel.say(SILENCE)
    async with asyncio.timeout(PATIENCE_S):
        assert await line.broken() == "more came than sound would be"


async def test_strange_messages_are_counted_and_change_nothing(line: WebSocketLine, channel: Channel) -> None:
    for message in ("", "HELLO", "{", "[]", "MEDIA_START", "DTMF_END digit:5 channel_id:7", "MEDIA_MARK_PROCESSED 99"):
        await channel.say(message)
    await channel.say(b"")
    await channel.say("ERROR channel_id:7 error_text:no")
    await until(lambda: line.counters.refused)
    assert line.counters.unknown == 5
    before = len(channel.played)
    await until(lambda: len(channel.played) > before + 5)


async def test_nothing_is_left_after_it() -> None:
    async with ticking() as clock:
        channel = Channel()
        async with websocket_asterisk.listening(channel) as base:
            line = WebSocketLine.dialling(base, {}, clock, rate=8000)
            await line.connect(NAMED)
            assert clock.lines == 1
            with capture_logs() as logs:
                line.close()
            await channel.gone.wait()
        assert clock.lines == 0
        assert [(entry["event"], entry["unheard"]) for entry in logs] == [("= line closed", 0)]


@pytest.mark.parametrize(
    "scenario",
    [
        test_barge_in_has_asterisk_drop_what_it_has_queued,
        test_frames_stay_here_while_asterisk_plays_nothing_and_come_one_a_tick_afterwards,
        test_more_than_sound_would_be_is_cut_off,
        test_what_ends_at_the_other_side_is_told,
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_same_on_uvloop(scenario: Scenario, way: str) -> None:
    async def run() -> None:
        channel = Channel()
        async with AsyncExitStack() as stack:
            line = await stack.enter_async_context(WAYS[way](channel))
            await scenario(line, channel)

    uvloop.run(run(), debug=True)
