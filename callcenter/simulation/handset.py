"""The sound of a simulated phone: a socket, a 20 ms clock, and a recording of both sides."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self, cast

from callcenter.errors import SimulationError
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import FRAME_MS, Samples
from callcenter.media.rtp_packet import Address, Packet
from callcenter.simulation.echo import EchoPath
from callcenter.simulation.impairment import Impairment
from callcenter.simulation.keypad import FRAME, Stream
from callcenter.simulation.measure import Span
from callcenter.simulation.microphone import Microphone
from callcenter.simulation.recording import Recording

FRAME_S = FRAME_MS / 1000
LATE_S = 2 * FRAME_S
"""A clock later than this goes on from now: Asterisk would keep a burst as lag for the rest of the call."""


class Handset(asyncio.DatagramProtocol):
    """Sends sound or noise without a pause, and keeps all that it sends and receives. `open` makes one.

    What it keeps of its own side is what it picked up, before the network has impaired it.
    """

    def __init__(self, microphone: Microphone, network: Impairment | None) -> None:
        self.recording = Recording(asyncio.get_running_loop().time())
        self.sounded: float | None = None
        """Loop time of the last frame with sound in it."""
        self.received = 0
        """Frames of sound or silence."""
        self._loop = asyncio.get_running_loop()
        self._microphone = microphone
        self._network = network
        self._last_sent = self._loop.time()
        self._ticked = asyncio.Event()
        self._peer: Address | None = None
        self._stream = Stream(
            ssrc=random.getrandbits(32), sequence=random.getrandbits(15), timestamp=random.getrandbits(32)
        )
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        host: str,
        noise: Samples | None = None,
        echo: EchoPath | None = None,
        network: Impairment | None = None,
    ) -> AsyncIterator[Self]:
        """A handset on a free port of `host`; its clock runs while the block does."""
        loop = asyncio.get_running_loop()
        microphone = Microphone(noise, echo)
        try:
            _, handset = await loop.create_datagram_endpoint(lambda: cls(microphone, network), local_addr=(host, 0))
        except OSError as error:
            raise SimulationError(f"no port for sound at {host}: {error.strerror}") from error
        handset._tick(loop.time())
        try:
            yield handset
        finally:
            handset._close()

    @property
    def port(self) -> int:
        """The UDP port that it listens at."""
        assert self._transport, "not open"
        return int(self._transport.get_extra_info("sockname")[1])

    def connect(self, peer: Address) -> None:
        """Send to `peer`, and listen to it alone, from here on."""
        self._peer = peer

    async def say(self, samples: Samples) -> Span:
        """Speak, and return the loop times at which the first and the last sample left."""
        self._microphone.say(samples)
        await self._ticked.wait()
        start = self._last_sent
        while self._microphone.speaking:
            await self._ticked.wait()
        last = samples.size % FRAME or FRAME
        return Span(start=start, end=max(start, self._last_sent) + last / (FRAME / FRAME_S))

    async def press(self, keys: str) -> Span:
        """Press keys, and return the loop times of the first one's start and the last one's release."""
        self._stream.press(keys)
        await self._ticked.wait()
        start = self._last_sent
        while self._stream.pressing:
            await self._ticked.wait()
        return Span(start=start, end=self._last_sent + FRAME_S)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        # Before Python 3.12 asyncio's own is no subclass of DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        """Record a frame where it arrived."""
        packet = Packet.parse(data)
        if packet is None or source[:2] != self._peer or packet.payload_type != ULAW.payload_type:
            return
        at = self._loop.time()
        self.received += 1
        pcm = ULAW.decode(packet.payload)
        self._microphone.hear(pcm, at)
        if self.recording.agent.add(at, pcm):
            self.sounded = at

    def _tick(self, deadline: float) -> None:
        self._send()
        self._ticked.set()
        self._ticked = asyncio.Event()
        late = self._loop.time() - deadline
        if late > LATE_S:
            frames = int(late / FRAME_S)
            deadline += frames * FRAME_S
            self._stream.skip(frames)
        self._timer = self._loop.call_at(deadline + FRAME_S, self._tick, deadline + FRAME_S)

    def _send(self) -> None:
        self._last_sent = self._loop.time()
        pcm = self._microphone.frame(self._last_sent)
        if self._peer:
            for datagram in self._stream.datagrams(pcm):
                self._post(datagram)
            self.recording.caller.add(self._last_sent, pcm)

    def _post(self, datagram: bytes) -> None:
        if self._network is None:
            self._deliver(datagram)
            return
        for due in self._network.send(datagram, self._last_sent):
            self._loop.call_at(due.at, self._deliver, due.datagram)

    def _deliver(self, datagram: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(datagram, self._peer)

    def _close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.close()
