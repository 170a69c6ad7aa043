"""A line over AudioSocket, with a peer that does as Asterisk does, and with peers that do not."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
import pytest_asyncio
import uvloop

from callcenter.errors import LegError
from callcenter.media.audiosocket import Audio, Failure, HangUp, Identity, Key, Message, encode
from callcenter.media.audiosocket_line import AudioSocketLine
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.audiosocket_wire import BACKLOG_S
from callcenter.media.line import STALL_S
from callcenter.media.spoken import GAP_TICKS
from callcenter.media.tape import Tape
from tests.media.ticking import ticking, tone
from tests.peers.audiosocket import Caller
from tests.waiting import PATIENCE_S, until

LOUD = b"\x00\x20"
FRAME = Audio(8000, LOUD * 160)


@asynccontextmanager
async def opened(rate: int = 8000) -> AsyncIterator[AudioSocketLine]:
    async with ticking() as clock, AudioSocketServer("127.0.0.1", 0) as server:
        with closing(AudioSocketLine(server, clock, rate=rate)) as line:
            yield line


@asynccontextmanager
async def asterisk(line: AudioSocketLine) -> AsyncIterator[Caller]:
    caller = await Caller.connect(line.wanted["external_host"], line.wanted["data"])
    await line.connect({})
    try:
        yield caller
    finally:
        await caller.close()


@pytest_asyncio.fixture
async def line() -> AsyncIterator[AudioSocketLine]:
    async with opened() as line:
        yield line


@pytest_asyncio.fixture
async def caller(line: AudioSocketLine) -> AsyncIterator[Caller]:
    async with asterisk(line) as caller:
        yield caller


def voiced(sound: bytes) -> bytes:
    """Without the silence before and after."""
    samples = np.frombuffer(sound, "<i2")
    loud = np.flatnonzero(samples)
    return samples[loud[0] : loud[-1] + 1].tobytes() if loud.size else b""


@pytest.mark.parametrize(("rate", "name"), [(8000, "slin"), (16000, "slin16")])
async def test_its_messages_are_of_either_rate(rate: int, name: str) -> None:
    async with opened(rate) as line:
        assert (line.wanted["format"], line.wanted["encapsulation"]) == (name, "audiosocket")
        async with asterisk(line) as caller:
            await caller.until(lambda: len(caller.came) > 3)
            assert {(m.rate, len(m.pcm)) for m in caller.came if isinstance(m, Audio)} == {(rate, rate // 50 * 2)}


async def test_it_writes_at_once_and_each_tick_whether_anything_comes_or_not(
    line: AudioSocketLine, caller: Caller
) -> None:
    counters, tape = line.counters, Tape(uuid4(), Path(os.devnull), 0.0, 8000)
    line.record(tape)  # which is told the time of each tick
    await until(lambda: tape.now)
    before, earlier = tape.now, counters.sent + counters.skipped
    await caller.until(lambda: len(caller.came) >= 20)
    assert (tape.now - before) * 50 == pytest.approx(counters.sent + counters.skipped - earlier, abs=1)
    assert caller.sound == bytes(320) * len(caller.came)
    assert len(caller.came) <= counters.sent


async def test_frames_are_cut_anew_from_what_comes(line: AudioSocketLine, caller: Caller) -> None:
    sound = LOUD * 1600
    pieces = [sound[start : start + 276] for start in range(0, len(sound), 276)]
    caller.send(*(Audio(8000, piece) for piece in pieces))
    await until(lambda: line.counters.received == 10)
    assert [pcm for _, pcm in line.received.drain()] == [FRAME.pcm] * 10


async def test_a_peer_that_trickles(line: AudioSocketLine, caller: Caller) -> None:
    await caller.trickle(encode(FRAME) * 2)
    await until(lambda: line.counters.received == 2)
    assert [pcm for _, pcm in line.received.drain() if any(pcm)] == [FRAME.pcm] * 2


async def test_what_was_held_up_has_sensible_times(line: AudioSocketLine, caller: Caller) -> None:
    caller.send(FRAME)
    await until(lambda: line.counters.received == 1)
    await asyncio.sleep(0.3)
    before = asyncio.get_running_loop().time()
    caller.send(*[FRAME] * 15)
    await until(lambda: line.counters.received == 16)
    now = asyncio.get_running_loop().time()
    times = [at for at, _ in line.received.drain()]
    assert before <= times[-1] <= now
    assert np.diff(times[1:]) == pytest.approx([0.02] * 14)


async def test_a_phone_that_sends_nothing_is_heard_to_be_silent(line: AudioSocketLine, caller: Caller) -> None:
    caller.send(FRAME)
    before, frames = line.counters.sent, list[bytes]()

    def came() -> int:
        frames.extend(pcm for _, pcm in line.received.drain())
        return len(frames)

    await until(lambda: came() > GAP_TICKS + 10)
    ticks = line.counters.sent - before
    assert frames == [FRAME.pcm] + [bytes(320)] * (len(frames) - 1)
    assert GAP_TICKS <= len(frames) - 1 <= ticks


async def test_after_a_stall_of_ours_an_echo_comes_on_time(line: AudioSocketLine, caller: Caller) -> None:
    line.playout.say(tone(0.6))
    await caller.receive(0.1)
    sent = line.counters.sent
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    await asyncio.sleep(0.11)
    assert line.counters.sent - sent <= 7, "no burst"
    await until(lambda: line.playout.idle)
    assert line.counters.skipped >= 14
    ticks = line.counters.sent + line.counters.spared + line.counters.skipped
    assert line.playout.trail.position(asyncio.get_running_loop().time() + 1) == ticks * 160


async def test_after_a_stall_of_the_network_silence_is_left_out_and_no_speech(
    line: AudioSocketLine, caller: Caller
) -> None:
    for _ in range(10):
        caller.send(FRAME)
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    clip = tone(0.3)
    line.playout.say(clip)
    caller.send(*[FRAME] * 15)
    for _ in range(20):
        caller.send(FRAME)
        await asyncio.sleep(0.02)
    await caller.until(lambda: len(voiced(caller.sound)) >= len(clip.pcm))
    await until(lambda: line.counters.spared >= 8)
    assert voiced(caller.sound) == clip.pcm


async def silent_peer(line: AudioSocketLine) -> socket.socket:
    """One that does not read; its machine takes about 20 frames."""
    loop, sock = asyncio.get_running_loop(), socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    host, _, port = line.wanted["external_host"].rpartition(":")
    await loop.sock_connect(sock, (host, int(port)))
    await loop.sock_sendall(sock, encode(Identity(call=UUID(line.wanted["data"]))))
    await line.connect({})
    return sock


async def test_a_peer_that_stops_reading_for_a_while(line: AudioSocketLine) -> None:
    clip = tone(1.5)
    line.playout.say(clip)
    with await silent_peer(line) as sock:
        await until(lambda: line.counters.held > 10)
        sent = line.counters.sent
        await asyncio.sleep(0.2)
        assert line.counters.sent == sent, "nothing piles up"
        caller = Caller(*await asyncio.open_connection(sock=sock.dup()))
        first = await caller.receive(0.05)
        assert len(first) - sent <= 4
        await caller.until(lambda: len(voiced(caller.sound)) >= len(clip.pcm))
        assert voiced(caller.sound) == clip.pcm, "the speech waits"
        await caller.close()


async def test_a_peer_that_stops_reading_for_good(line: AudioSocketLine) -> None:
    with await silent_peer(line):
        await until(lambda: line.counters.held)
        line.tick(asyncio.get_running_loop().time() + STALL_S - 2, 0)
        assert line.counters.sent < 40, "a few frames at most are on the way, and what its machine takes"
        waiting = asyncio.ensure_future(line.broken())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        line.tick(asyncio.get_running_loop().time() + STALL_S, 0)
        async with asyncio.timeout(PATIENCE_S):
            assert await waiting == f"Asterisk has not taken any sound for {STALL_S:g} s"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ([Audio(16000, bytes(640))], "sends 16000 samples per second where 8000"),
        ([b"garbage and more of it"], "unknown kind 0x67"),
        ([HangUp()], "hung up"),
        ([Failure(code=2)], "its error 0x02"),
        ([Identity(call=uuid4())], "a second UUID"),
        ([FRAME] * int(BACKLOG_S * 50 + 2), "more comes than anybody can say"),
        ([Audio(8000, b"")] * int(BACKLOG_S * 200 + 2), "more comes than anybody can say"),
        ([Key(digit="1")] * int(BACKLOG_S * 200 + 2), "more comes than anybody can say"),
    ],
    ids=["another rate", "garbage", "hang-up", "failure", "another call", "flood", "flood of nothing", "flood of keys"],
)
async def test_it_breaks_and_nothing_else(
    line: AudioSocketLine, caller: Caller, sent: list[Message | bytes], why: str
) -> None:
    waiting = asyncio.ensure_future(line.broken())
    line.playout.say(tone(50))
    playing = asyncio.ensure_future(line.played())
    caller.send(FRAME, *sent)
    async with asyncio.timeout(PATIENCE_S):
        assert why in await waiting
        await playing
        await caller.ended()
    assert line.received.drain()[0][1] == FRAME.pcm, "what came before is heard"


async def test_a_connection_that_has_ended_is_none(line: AudioSocketLine, caller: Caller) -> None:
    await caller.close()
    async with asyncio.timeout(PATIENCE_S):
        assert await line.broken() == "Asterisk closed the AudioSocket connection"
    with pytest.raises(LegError, match="closed"):
        await line.connect({})


async def test_keys_change_nothing(line: AudioSocketLine, caller: Caller) -> None:
    caller.send(Key(digit="4"), FRAME, Key(digit="#"), FRAME)
    await until(lambda: line.counters.messages == 4)
    assert [pcm for _, pcm in line.received.drain()] == [FRAME.pcm] * 2
    await caller.until(lambda: caller.sound)


async def test_closing_lets_asterisk_close_first(line: AudioSocketLine, caller: Caller) -> None:
    caller.send(*[FRAME] * 3)
    line.close()
    line.close()
    caller.send(*[FRAME] * 3)
    await caller.until(lambda: HangUp() in caller.came)
    caller.send(*[FRAME] * 3)
    await caller.receive(0.1)
    assert [message for message in caller.came if isinstance(message, HangUp)] == [HangUp()]


async def test_a_peer_that_does_not_close_is_cut_off(line: AudioSocketLine, caller: Caller) -> None:
    line.close()
    async with asyncio.timeout(PATIENCE_S):
        await caller.ended()


async def test_asterisk_that_does_not_come(line: AudioSocketLine) -> None:
    with pytest.raises(LegError, match="has not connected"):
        await line.connect({})


async def test_a_line_that_is_closed_before_anybody_comes(line: AudioSocketLine) -> None:
    wanted = line.wanted
    line.close()
    caller = await Caller.connect(wanted["external_host"], wanted["data"])
    assert await caller.refused()
    await caller.close()


@pytest.mark.parametrize(
    "scenario",
    [
        test_it_writes_at_once_and_each_tick_whether_anything_comes_or_not,
        test_frames_are_cut_anew_from_what_comes,
        test_closing_lets_asterisk_close_first,
        test_a_connection_that_has_ended_is_none,
    ],
)
def test_it_is_the_same_on_uvloop(scenario: Callable[[AudioSocketLine, Caller], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened() as line, asterisk(line) as caller:
            await scenario(line, caller)

    uvloop.run(run(), debug=True)


@pytest.mark.parametrize(
    "scenario", [test_a_peer_that_stops_reading_for_a_while, test_a_peer_that_stops_reading_for_good]
)
def test_it_stalls_the_same_on_uvloop(scenario: Callable[[AudioSocketLine], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened() as line:
            await scenario(line)

    uvloop.run(run(), debug=True)
