"""Callers of the benchmark of lines: RTP endpoints of Asterisk that say tones and note when they hear sound.

They are no SIP phones, for what signalling takes is not asked for: Asterisk dials them and sends them into the
dialplan, where a call from a phone goes too. Their clock is the agents' own kind; what comes is noted as it comes.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from secrets import randbits
from typing import Any, cast

import numpy as np

from callcenter.asterisk.ari import Ari
from callcenter.errors import AsteriskError
from callcenter.media.clock import PERIOD
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import FRAME_MS, frame_bytes, to_pcm
from callcenter.media.rtp import Sender
from callcenter.media.rtp_packet import Address, Packet

HOST = "127.0.0.1"
TONE_HZ, TONE_S, LEVEL = 400, 0.2, 0.3
GOLDEN = 0.618034
"""Spreads any number of callers evenly over a period."""
LOUD = 0.02 * 32768
"""A sample beyond this is sound."""

Span = tuple[float, float]
"""Monotonic times of the first and of the last sample with sound of a frame, which is heard from its arrival on."""


def tone(rate: int, seconds: float) -> bytes:
    """16-bit PCM; it sets in and ends within a sample or two."""
    moments = np.arange(round(rate * seconds)) / rate
    return to_pcm((LEVEL * np.cos(2 * np.pi * TONE_HZ * moments)).astype(np.float32))


def sounding(pcm: bytes, at: float, rate: int) -> Span | None:
    """Where there is sound in a frame of 16-bit PCM that arrived at `at`; None where there is none."""
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > LOUD)
    return (at + loud[0] / rate, at + (loud[-1] + 1) / rate) if loud.size else None


class Caller(asyncio.DatagramProtocol):
    """One of them."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        """When the first packet of each tone went out."""
        self.heard: list[Span] = []
        """Of each frame with sound."""
        self._transport: asyncio.DatagramTransport
        self._sender = Sender(ULAW, ssrc=randbits(32), sequence=randbits(16), timestamp=randbits(32))
        self._frames: deque[bytes] = deque()
        self._begins = False

    @property
    def address(self) -> Address:
        """Where Asterisk sends to."""
        return cast(Address, self._transport.get_extra_info("sockname")[:2])

    def say(self, pcm: bytes) -> None:
        """Say it, 16-bit PCM at 8 kHz in whole frames, after what is not said yet."""
        size = frame_bytes(ULAW.rate)
        self._begins = self._begins or not self._frames
        self._frames.extend(pcm[start : start + size] for start in range(0, len(pcm), size))

    def close(self) -> None:
        """Give the socket back."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: there is a socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """asyncio: a packet has come."""
        at = time.monotonic()
        packet = Packet.parse(data)
        if packet is None or packet.payload_type != ULAW.payload_type:
            return
        if span := sounding(ULAW.decode(packet.payload), at, ULAW.rate):
            self.heard.append(span)

    async def talk(self, peer: Address, after_s: float) -> None:
        """Send a packet to `peer` each 20 ms, the first `after_s` from now on, until closed."""
        due = time.monotonic() + after_s
        while not self._transport.is_closing():
            await asyncio.sleep(due - time.monotonic())
            late = max(0, int((time.monotonic() - due) / PERIOD))
            if late:
                self._sender.skip(late)
            self._send(peer)
            due += (late + 1) * PERIOD

    def _send(self, peer: Address) -> None:
        if self._transport.is_closing():
            return
        pcm = self._frames.popleft() if self._frames else None
        if pcm and self._begins:
            self._begins = False
            self.sent.append(time.monotonic())
        self._transport.sendto(self._sender.packet(pcm), peer)


class Exchange(Ari):
    """ARI, and what putting callers through to the dialplan takes besides."""

    async def put_through(self, address: Address, channel: str, context: str, extension: str) -> Address:
        """Have Asterisk make `channel` to `address`, and send it to that place of the dialplan; its own address."""
        host, port = address
        await self._request(
            "POST",
            "channels",
            endpoint=f"UnicastRTP/{host}:{port}/c({ULAW.name})",
            channelId=channel,
            context=context,
            extension=extension,
            priority="1",
        )
        here = await self._variable(channel, "UNICASTRTP_LOCAL_ADDRESS")
        return here, int(await self._variable(channel, "UNICASTRTP_LOCAL_PORT"))

    async def _variable(self, channel: str, name: str) -> str:
        answer = json.loads(await self._request("GET", f"channels/{channel}/variable", variable=name))
        return str(answer["value"])


@asynccontextmanager
async def calling(exchange: Exchange, channels: list[str], where: tuple[str, str]) -> AsyncIterator[dict[str, Caller]]:
    """Callers by their channels, all in `where` of the dialplan, a context and an extension; at the end they hang up.

    They say nothing but silence by themselves. Their packets' moments are spread over the 20 ms, as those of people
    who call from anywhere are.
    """
    callers: dict[str, Caller] = {}
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        try:
            for number, channel in enumerate(channels):
                _, caller = await loop.create_datagram_endpoint(Caller, local_addr=(HOST, 0))
                callers[channel] = caller
                peer = await exchange.put_through(caller.address, channel, *where)
                group.create_task(caller.talk(peer, _until(number * GOLDEN * PERIOD)))
            yield callers
        finally:
            await leave(exchange, callers)


async def leave(exchange: Exchange, callers: Mapping[str, Caller]) -> None:
    """Have these hang up. They may have done so."""
    for channel, caller in callers.items():
        with suppress(AsteriskError):
            await exchange.hang_up(channel)
        caller.close()


def _until(phase: float) -> float:
    """Seconds to the next moment of that phase, of periods that the monotonic clock counts."""
    return (phase - time.monotonic()) % PERIOD


async def say_tones(callers: list[Caller], times: int, pause: Callable[[], float]) -> None:
    """Have each say so many tones, with `pause` seconds after each, all in their own time."""
    one = tone(ULAW.rate, TONE_S)

    async def say(caller: Caller) -> None:
        for _ in range(times):
            await asyncio.sleep(pause())
            caller.say(one)
            await asyncio.sleep(TONE_S)

    await asyncio.gather(*map(say, callers))
    await asyncio.sleep(2 * pause() + FRAME_MS / 1000)
