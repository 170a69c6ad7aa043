"""One connection of AudioSocket, from its UUID on: a thin shell around `audiosocket.Decoder`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from callcenter.media.allowance import Allowance
from callcenter.media.audiosocket import Audio, AudioSocketError, Decoder, Failure, HangUp, Key, Message, encode, header
from callcenter.media.line import STALL_S
from callcenter.media.outlet import Outlet
from callcenter.media.pcm import frame_bytes

BACKLOG_S = 10.0
"""Sound that may come faster than it is spoken, after the network or we ourselves have held it up."""
FASTER = 1.5
"""Times as fast as it is spoken: two clocks are not the same, and headers count."""
LEAST_MS = 10
"""A message costs at least as much as so much sound, so that no flood of tiny ones is let in."""
LINGER_S = 2.0
"""Asterisk has so long to close its end. When we closed first, with sound unread, it would take that for an error and
hang up on the caller instead of going on in the dialplan."""


@dataclass(slots=True, kw_only=True)
class Counters:
    """What one line has seen, in frames of 20 ms where nothing else is said."""

    received: int = 0
    messages: int = 0
    """That came, of all kinds."""
    sent: int = 0
    held: int = 0
    """Ticks in which nothing was sent because Asterisk had not taken what was sent before."""
    skipped: int = 0
    """Ticks that the clock left out."""
    spared: int = 0
    """Frames of silence that were not sent, so that Asterisk catches up after a stall of the network."""


class Wire(asyncio.Protocol):
    """Takes what Asterisk sends, and sends it frames."""

    def __init__(self, rate: int, hear: Callable[[bytes, float], None]) -> None:
        """`hear` gets what the caller says, 16-bit PCM at `rate`, of any size, with the loop time at which it came."""
        self.rate = rate
        self.counters = Counters()
        self.connected = asyncio.Event()
        """Set too when it has ended before."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the way broke; never done when we finished it ourselves."""
        self._hear = hear
        self._decoder = Decoder()
        self._allowance = Allowance(per_second=2 * rate * FASTER, most=2 * rate * BACKLOG_S)
        self._outlet: Outlet | None = None
        """None until Asterisk has connected."""
        self._finished = False
        self._lingering: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Sound can go both ways."""
        return self._outlet is not None and not self._over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asterisk has said that the connection is for this line."""
        size = len(header(self.rate, 0)) + frame_bytes(self.rate)
        self._outlet = Outlet(cast("asyncio.Transport", transport), size)
        self.connected.set()

    def data_received(self, data: bytes) -> None:
        """Pass on the sound in it, all at once; a peer that does not keep to the protocol is cut off."""
        if self._over:
            return
        now = asyncio.get_running_loop().time()
        sound: list[bytes] = []
        try:
            for message in self._decoder.messages(data):
                self._take(message, sound, now)
        except AudioSocketError as error:
            self.end(str(error))
        if sound:
            self._hear(b"".join(sound), now)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end, or the network, has closed it; a reset is what comes when Asterisk leaves our sound unread."""
        if self._lingering:
            self._lingering.cancel()
        closed = exc is None or isinstance(exc, ConnectionError)
        self.end("Asterisk closed the AudioSocket connection" if closed else f"the AudioSocket connection broke: {exc}")

    def ready(self, now: float) -> bool:
        """To be asked at each tick: whether the next frame can be sent at loop time `now`. Ends what has stalled."""
        if self._outlet is None or not self.open:
            return False
        if self._outlet.ready(now):
            return True
        self.counters.held += 1
        if self._outlet.stalled(now):
            self.end(f"Asterisk has not taken any sound for {STALL_S:g} s")
        return False

    def send(self, pcm: bytes | None) -> None:
        """Send a frame, when `ready`; None is silence, which is left out when Asterisk has too much."""
        if self._outlet is None:
            return
        if pcm is None and self._outlet.surplus.spare():
            self.counters.spared += 1
            return
        size = frame_bytes(self.rate)
        self._outlet.send(header(self.rate, size) + (pcm or bytes(size)))
        self.counters.sent += 1

    def came(self, frames: int) -> None:
        """So many frames of the caller's have come at once."""
        self.counters.received += frames
        if self._outlet is not None:
            self._outlet.surplus.came(frames)

    def end(self, why: str) -> None:
        """Break the connection off, without a word."""
        if not self._over:
            self.ended.set_result(why)
        self.connected.set()
        if self._outlet is not None:
            self._outlet.transport.abort()

    def finish(self) -> None:
        """Let Asterisk close the connection, so that a channel goes on in the dialplan. May be called twice."""
        if self._over:
            return
        self._finished = True
        if self._outlet is None or self._outlet.transport.is_closing():
            return
        transport = self._outlet.transport
        if transport.get_write_buffer_size():
            transport.abort()
            return
        transport.write(encode(HangUp()))
        self._lingering = asyncio.get_running_loop().call_later(LINGER_S, transport.abort)

    @property
    def _over(self) -> bool:
        return self._finished or self.ended.done()

    def _take(self, message: Message, sound: list[bytes], now: float) -> None:
        self.counters.messages += 1
        size = len(message.pcm) if isinstance(message, Audio) else 0
        if not self._allowance.take(max(size, 2 * self.rate * LEAST_MS // 1000), now):
            raise AudioSocketError("more comes than anybody can say")
        match message:
            case Audio(rate=self.rate):
                sound.append(message.pcm)
            case Audio():
                raise AudioSocketError(_wrong_rate(message.rate, self.rate))
            case Key():
                pass  # a call has them from ARI, as on all lines
            case HangUp():
                raise AudioSocketError("Asterisk hung up")
            case Failure():
                raise AudioSocketError(f"Asterisk reports its error {message.code:#04x}")
            case _:
                raise AudioSocketError("a second UUID on one connection")


def _wrong_rate(came: int, wanted: int) -> str:
    known = (
        "externalMedia of Asterisk 20.17, 22.7, 23.1 and later can send 16000, AudioSocket() in the dialplan 8000 only"
    )
    return f"Asterisk sends {came} samples per second where {wanted} are wanted: {known}"
