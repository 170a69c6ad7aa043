import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing

import pytest
import pytest_asyncio
import uvloop
from structlog.testing import capture_logs

from callcenter.media import udp
from callcenter.media.clock import Clock
from callcenter.media.g711 import ALAW, ULAW, Codec
from callcenter.media.rtp import Sender
from callcenter.media.rtp_line import RtpLine
from callcenter.media.rtp_packet import Packet
from tests.media.ticking import TornTape, ticking, tone
from tests.waiting import PATIENCE_S, until

SILENCE = b"\xff" * 160


class Asterisk:
    """The other end of a line."""

    def __init__(self, codec: Codec = ULAW) -> None:
        self.socket = udp.bind("127.0.0.1")
        self.sender = Sender(codec, ssrc=1, sequence=0xFFF0, timestamp=0)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    def close(self) -> None:
        self.socket.close()

    def send(self, line: RtpLine, datagram: bytes | None = None) -> None:
        self.socket.sendto(self.sender.packet(None) if datagram is None else datagram, line.local_address)

    def packets(self) -> list[Packet]:
        """What has come since the last time."""
        packets: list[Packet] = []
        while received := udp.received(self.socket):
            packet = Packet.parse(received[0])
            packets += [packet] if packet else []
        return packets


@pytest_asyncio.fixture
async def clock() -> AsyncIterator[Clock]:
    async with ticking() as clock:
        yield clock


@pytest_asyncio.fixture
async def line(clock: Clock) -> AsyncIterator[RtpLine]:
    with closing(RtpLine.open("127.0.0.1", ULAW, clock)) as line:
        yield line


@pytest_asyncio.fixture
async def asterisk() -> AsyncIterator[Asterisk]:
    with closing(Asterisk()) as asterisk:
        yield asterisk


def progress(before: Packet, after: Packet) -> float:
    """By how many frames the timestamps went on."""
    return ((after.timestamp - before.timestamp) & 0xFFFFFFFF) / 160


async def test_silence_from_the_first_tick_on(line: RtpLine, asterisk: Asterisk) -> None:
    line.latch(asterisk.address)
    await until(lambda: line.counters.sent >= 5)
    first, *others = asterisk.packets()
    assert {(packet.payload_type, packet.payload) for packet in (first, *others)} == {(0, SILENCE)}
    assert first.marker
    assert sum(packet.marker for packet in others) <= line.counters.skipped


async def test_nothing_is_sent_or_played_before_it_is_known_where_to(line: RtpLine, asterisk: Asterisk) -> None:
    line.playout.say(tone(0.1))
    await asyncio.sleep(0.1)
    assert line.playout.queued_seconds == pytest.approx(0.1)
    asterisk.send(line)
    async with asyncio.timeout(PATIENCE_S):
        await line.played()
    assert line.playout.stop().complete


async def test_a_clip_arrives_as_it_is(line: RtpLine, asterisk: Asterisk) -> None:
    line.latch(asterisk.address)
    clip = tone(0.2)
    line.playout.say(clip)
    async with asyncio.timeout(PATIENCE_S):
        await line.played()
    packets = asterisk.packets()
    speech = b"".join(packet.payload for packet in packets if packet.payload != SILENCE)
    assert speech == ULAW.encode(clip.pcm)
    assert progress(packets[0], packets[-1]) >= len(packets) - 1


async def test_a_frame_arrives_with_its_time(line: RtpLine, asterisk: Asterisk) -> None:
    before = asyncio.get_running_loop().time()
    asterisk.send(line)
    await until(lambda: line.counters.received)
    ((at, pcm),) = line.received.drain()
    assert before - 0.002 <= at <= asyncio.get_running_loop().time()
    assert pcm == bytes(320)


async def test_bad_packets_are_counted_and_good_ones_get_through(line: RtpLine, asterisk: Asterisk) -> None:
    line.latch(asterisk.address)
    good = [asterisk.sender.packet(None) for _ in range(6)]
    with closing(Asterisk()) as stranger:
        for datagram in (good[0], b"garbage", good[1][:11], good[1], good[1], good[3], good[2], good[4]):
            asterisk.send(line, datagram)
            stranger.send(line)
    await until(lambda: line.counters.received == 6)
    counters = line.counters
    assert (counters.malformed, counters.duplicate, counters.spoofed, counters.lost) == (2, 1, 0, 0)
    assert len(line.received.drain()) == 5


async def test_what_strangers_sent_before_the_peer_was_known_is_counted(line: RtpLine, asterisk: Asterisk) -> None:
    with closing(Asterisk()) as stranger:
        for _ in range(3):
            stranger.send(line)
        line.latch(asterisk.address)
        stranger.send(line)
        asterisk.send(line)
    await until(lambda: line.counters.received)
    assert line.counters.spoofed == 3, "the fourth was dropped by the kernel"


async def test_the_first_to_send_is_the_peer_until_asterisk_names_another(line: RtpLine, asterisk: Asterisk) -> None:
    with closing(Asterisk()) as first:
        first.send(line)
        await until(lambda: first.packets())
        asterisk.send(line)
        await asyncio.sleep(0.05)
        assert line.counters.received == 1
        line.latch(asterisk.address)
        asterisk.send(line)
        await until(lambda: line.counters.received == 2)
        await until(lambda: asterisk.packets())


async def test_after_a_stall_there_is_no_burst_but_one_jump_of_the_timestamps(
    line: RtpLine, asterisk: Asterisk
) -> None:
    line.latch(asterisk.address)
    line.playout.say(tone(2))
    await until(lambda: line.counters.sent > 2)
    before, skipped = asterisk.packets(), line.counters.skipped
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    await asyncio.sleep(0.11)
    after = asterisk.packets()
    assert len(after) <= 7
    assert after[0].marker
    assert progress(before[-1], after[0]) >= 15
    assert progress(before[-1], after[-1]) == len(after) + line.counters.skipped - skipped
    assert (after[-1].sequence - before[-1].sequence) & 0xFFFF == len(after)


async def test_a_flood_does_not_starve_the_loop(line: RtpLine, asterisk: Asterisk) -> None:
    line.latch(asterisk.address)
    with closing(Asterisk()) as stranger:
        while line.counters.sent < 4:
            for _ in range(100):
                stranger.send(line)
            await asyncio.sleep(0.005)
    asterisk.send(line)
    await until(lambda: line.counters.received == 1)
    assert line.counters.spoofed == 0, "the kernel drops it"


@pytest.mark.parametrize(
    "scenario",
    [
        test_a_clip_arrives_as_it_is,
        test_bad_packets_are_counted_and_good_ones_get_through,
        test_after_a_stall_there_is_no_burst_but_one_jump_of_the_timestamps,
        test_a_flood_does_not_starve_the_loop,
    ],
)
def test_it_is_the_same_on_uvloop(scenario: Callable[[RtpLine, Asterisk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with ticking() as clock:
            with closing(RtpLine.open("127.0.0.1", ULAW, clock)) as line, closing(Asterisk()) as asterisk:
                await scenario(line, asterisk)

    uvloop.run(run(), debug=True)


async def test_a_network_that_refuses_is_counted(line: RtpLine, asterisk: Asterisk) -> None:
    line.latch(("255.255.255.255", 9))
    await until(lambda: line.counters.unsent >= 2)
    assert line.counters.sent == 0


async def test_closing_twice_leaves_nothing(clock: Clock) -> None:
    line = RtpLine.open("127.0.0.1", ALAW, clock)
    address = line.local_address
    with capture_logs() as logs:
        line.close()
        line.close()
    assert [(entry["event"], entry["sent"], entry["unheard"]) for entry in logs] == [("= line closed", 0, 0)]
    assert clock.lines == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)


async def test_a_mistake_in_reading_breaks_it(line: RtpLine, asterisk: Asterisk) -> None:
    line.record(TornTape(8000))
    with capture_logs() as logs:
        asterisk.send(line)
        async with asyncio.timeout(PATIENCE_S):
            assert await line.broken() == "RuntimeError: torn"
            line.playout.say(tone(1))
            await line.played()
    assert "! RTP read" in [entry["event"] for entry in logs]
