"""The handset, against a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from callcenter.errors import SimulationError
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, rms_dbfs, to_pcm, to_samples
from callcenter.media.rtp_packet import Address, Packet
from callcenter.simulation.echo import EchoPath
from callcenter.simulation.handset import Handset
from callcenter.simulation.impairment import Impairment
from callcenter.simulation.keypad import TELEPHONE_EVENT
from callcenter.simulation.noise import loop
from callcenter.simulation.persona import Echo, Network, Noise
from tests.waiting import PATIENCE_S, until

LOOPBACK = "127.0.0.1"
TONE = (0.3 * np.sin(2 * np.pi * 400 * np.arange(4000) / NARROWBAND)).astype(np.float32)


class Peer(asyncio.DatagramProtocol):
    """Keeps what the handset sends; may send it back."""

    def __init__(self, *, echo: bool = False) -> None:
        self.packets: list[Packet] = []
        self.times: list[float] = []
        self._echo = echo
        self.transport = asyncio.DatagramTransport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: Address) -> None:
        packet = Packet.parse(data)
        assert packet
        self.packets.append(packet)
        self.times.append(asyncio.get_running_loop().time())
        if self._echo:
            self.transport.sendto(data, source)


@asynccontextmanager
async def peer(*, echo: bool = False) -> AsyncIterator[tuple[Peer, Address]]:
    made = Peer(echo=echo)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, local_addr=(LOOPBACK, 0))
    host, port = transport.get_extra_info("sockname")
    try:
        yield made, (host, port)
    finally:
        transport.close()


def level(packet: Packet) -> float:
    return rms_dbfs(to_samples(ULAW.decode(packet.payload)))


async def test_sends_without_a_pause() -> None:
    async with peer() as (other, address), Handset.open(LOOPBACK) as handset:
        handset.connect(address)

        def ahead() -> float:
            """By how many frames the last packet is, of the time since the first; what was left out counts too."""
            first, last = other.packets[0], other.packets[-1]
            frames = ((last.timestamp - first.timestamp) & 0xFFFFFFFF) / 160
            return frames - (asyncio.get_running_loop().time() - other.times[0]) * 50

        await until(lambda: len(other.packets) >= 25 and ahead() > -3)
        assert ahead() < 3
    first = other.packets[0]
    for index, packet in enumerate(other.packets):
        assert packet.sequence == (first.sequence + index) & 0xFFFF
        assert len(packet.payload) == 160
        assert level(packet) < SILENCE_DBFS


async def test_says_and_tells_when() -> None:
    async with peer() as (other, address), Handset.open(LOOPBACK) as handset:
        handset.connect(address)
        await asyncio.sleep(0.1)
        span = await handset.say(TONE)
        silence = len(other.packets) + 2
        await until(lambda: len(other.packets) > silence)
        recorded = handset.recording.caller.samples()
        begins = handset.recording.seconds(span.start)
    loud = [at for at, packet in zip(other.times, other.packets, strict=True) if level(packet) > SILENCE_DBFS]
    assert len(loud) == 25
    assert span.end - span.start > 0.45
    assert span.start <= loud[0]
    assert span.end <= loud[-1] + 0.021
    assert np.flatnonzero(np.abs(recorded) > 0.01)[0] / NARROWBAND == pytest.approx(begins, abs=0.005)


async def test_hears_its_peer_alone() -> None:
    async with peer(echo=True) as (_, address), peer() as (stranger, _), Handset.open(LOOPBACK) as handset:
        handset.connect(address)
        stranger.transport.sendto(b"not RTP", (LOOPBACK, handset.port))
        loud = Packet(payload_type=0, sequence=1, timestamp=0, ssrc=1, payload=ULAW.encode(b"\0\x40" * 160)).build()
        stranger.transport.sendto(loud, (LOOPBACK, handset.port))
        await asyncio.sleep(0.1)
        before = handset.sounded
        await handset.say(TONE)
        await until(lambda: handset.received > 20)
        assert before is None
        assert handset.sounded
        heard = handset.recording.agent.samples()
    assert np.abs(heard).max() == pytest.approx(0.3, abs=0.02)


async def test_keys() -> None:
    async with peer() as (other, address), Handset.open(LOOPBACK) as handset:
        handset.connect(address)
        span = await handset.press("42")
    assert [p.payload[0] for p in other.packets if p.payload_type == TELEPHONE_EVENT and p.marker] == [4, 2]
    assert 0.2 < span.end - span.start < PATIENCE_S


@pytest.mark.parametrize(("snr_db", "expected"), [(10, -30.0), (20, -40.0)])
async def test_noise_goes_on_under_speech(snr_db: float, expected: float) -> None:
    noise: Samples = loop(Noise(snr_db=snr_db), seed=3)
    async with peer() as (other, address), Handset.open(LOOPBACK, noise) as handset:
        handset.connect(address)
        await until(lambda: len(other.packets) > 12)
    levels = [level(packet) for packet in other.packets]
    assert min(levels) > expected - 3
    assert max(levels) < expected + 3


async def test_what_it_receives_comes_back_as_echo() -> None:
    path = EchoPath(Echo(db=-20, delay_ms=120))
    async with peer() as (other, address), Handset.open(LOOPBACK, echo=path) as handset:
        handset.connect(address)
        await asyncio.sleep(0.1)
        sequence = len(other.packets)
        for number, frame in enumerate(TONE[:1600].reshape(-1, 160)):
            packet = Packet(payload_type=0, sequence=number, timestamp=0, ssrc=1, payload=ULAW.encode(to_pcm(frame)))
            other.transport.sendto(packet.build(), (LOOPBACK, handset.port))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        both = (handset.recording.agent.samples(), handset.recording.caller.samples())
    first_heard, first_sent = (float(np.flatnonzero(np.abs(side) > 0.01)[0]) / NARROWBAND for side in both)
    levels = [level(packet) for packet in other.packets[sequence:]]
    assert first_sent - first_heard == pytest.approx(0.12, abs=0.08), "how exactly, tests of the echo know"
    assert max(levels) == pytest.approx(rms_dbfs(TONE) - 20, abs=0.5)


async def test_a_bad_network_is_between_it_and_its_peer() -> None:
    network = Impairment(Network(jitter_ms=60, loss=0.2), seed=1)
    async with peer() as (other, address), Handset.open(LOOPBACK, network=network) as handset:
        handset.connect(address)
        await handset.say(np.tile(TONE, 3))
        kept = handset.recording.caller.samples()
        await asyncio.sleep(0.3)
    first = other.packets[0].sequence - 0x8000  # a later one may have come before it
    sequences = [(packet.sequence - first) & 0xFFFF for packet in other.packets]
    assert 0.6 < len(sequences) / (max(sequences) - min(sequences) + 1) < 0.95
    assert sequences != sorted(sequences)
    assert np.count_nonzero(np.abs(kept) > 0.01) > 0.85 * 3 * TONE.size


async def test_after_a_stall_nothing_is_made_up_for() -> None:
    async with peer() as (other, address), Handset.open(LOOPBACK) as handset:
        handset.connect(address)
        await until(lambda: len(other.packets) > 2)
        before = len(other.packets)
        await _stall(0.3)
        await asyncio.sleep(0.1)
        assert len(other.packets) - before <= 8
        await until(lambda: len(other.packets) - before > 2)
    after = other.packets[before:]
    steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(after)]
    assert max(steps) >= 0.2 * NARROWBAND


async def _stall(seconds: float) -> None:
    """Hold the event loop."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        pass


async def test_no_such_address() -> None:
    with pytest.raises(SimulationError, match=r"no port for sound at 192\.0\.2\.1"):
        async with Handset.open("192.0.2.1"):
            pass
