"""A call's sound as RTP over UDP: the thin shell around `rtp.Receiver`, `Playout` and `rtp.Sender`."""

import asyncio
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict

import structlog

from callcenter.errors import LegError
from callcenter.media import udp
from callcenter.media.clock import Clock
from callcenter.media.g711 import Codec
from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout
from callcenter.media.rtp import Receiver, Sender
from callcenter.media.rtp_packet import Address, Counters
from callcenter.media.tape import Tape

log = structlog.get_logger()


class RtpLine:
    """A `Line` to one external media channel of Asterisk."""

    def __init__(self, sock: socket.socket, codec: Codec, clock: Clock) -> None:
        self.rate = codec.rate
        self.received = FrameQueue(codec.rate)
        self.playout = Playout(codec.rate)
        self.counters = Counters()
        self.local_address: Address = sock.getsockname()[:2]
        self._codec = codec.name
        self._socket = sock
        self._clock = clock
        self._peer: Address | None = None
        self._tape: Tape | None = None
        self._receiver = Receiver(codec, self.counters)
        self._sender = Sender(
            codec, ssrc=secrets.randbits(32), sequence=secrets.randbits(16), timestamp=secrets.randbits(32)
        )
        self._quiet = asyncio.Event()
        self._fault: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        clock.arrivals.watch(sock, self._read)
        clock.add(self)

    @classmethod
    def open(cls, host: str, codec: Codec, clock: Clock) -> "RtpLine":
        """A line on a free port of `host`, a numeric address. Raises LegError when there is none."""
        return cls(udp.bind(host), codec, clock)

    @property
    def wanted(self) -> dict[str, str]:
        """What Asterisk is to be asked for."""
        host, port = self.local_address
        return {"external_host": f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "format": self._codec}

    async def connect(self, channel: Mapping[str, str]) -> None:
        """Talk to where Asterisk says that it sends from; if it does not, to the first to send."""
        host, port = channel.get("UNICASTRTP_LOCAL_ADDRESS"), channel.get("UNICASTRTP_LOCAL_PORT")
        if not (host and port):
            return
        if not port.isdecimal():
            raise LegError(f"Asterisk says that it sends from port {port!r}")
        self.latch((host, int(port)))

    def latch(self, peer: Address) -> None:
        """Talk to `peer` alone, a numeric address."""
        self._receiver.latch(peer)
        self._latch(peer)

    async def broken(self) -> str:
        """Return if it fails. Nothing tells that datagrams do not arrive, and a caller may be silent for long."""
        return await asyncio.shield(self._fault)

    def record(self, tape: Tape) -> None:
        """Keep both sides on `tape`, which ends with the line."""
        self._tape = tape

    async def played(self) -> None:
        """Return when nothing is left to play, on the next tick at the latest; what is paused is still to be played."""
        while not (self.playout.idle or self._closed or self._fault.done()):
            self._quiet.clear()
            await self._quiet.wait()

    def close(self) -> None:
        """Stop sending and receiving. May be called twice."""
        if self._closed:
            return
        self._clock.remove(self)
        self._clock.arrivals.forget(self._socket)
        self._socket.close()
        self._quiet.set()
        if self._tape:
            self._tape.close()
        log.info("= line closed", **asdict(self.counters), unheard=self.received.dropped)

    def fail(self, reason: str) -> None:
        """Nothing flows any more, by a mistake of ours. May be called twice."""
        if not self._fault.done():
            self._fault.set_result(reason)
        self._quiet.set()

    def tick(self, now: float, skipped: int) -> None:
        """Send the frame that is due: speech or silence, once it is known where to."""
        if self._peer:
            if skipped:
                self._sender.skip(skipped)
                self.counters.skipped += skipped
            pcm = self.playout.frame(now, skipped)
            self._send(self._sender.packet(pcm))
            if self._tape:
                self._tape.agent(now, pcm)
        if self.playout.idle:
            self._quiet.set()

    @property
    def _closed(self) -> bool:
        return self._socket.fileno() < 0

    def _latch(self, peer: Address) -> None:
        """Have the kernel drop what others send: a flood of it would fill the socket's buffer."""
        self._peer = peer
        try:
            self._socket.connect(peer)
        except OSError as error:
            log.warning("! RTP peer", peer=peer, error=str(error))

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.send(datagram)
        except OSError:
            self.counters.unsent += 1
        else:
            self.counters.sent += 1

    def _read(self, now: float) -> None:
        try:
            self._take(now)
        except Exception as error:  # as of a tick: it is read with the sockets of all others
            log.exception("! RTP read", peer=self._peer)
            self.fail(f"{type(error).__name__}: {error}")

    def _take(self, now: float) -> None:
        if arrived := udp.received(self._socket):
            for frame in self._receiver.receive(*arrived):
                self.received.put(frame, now)
                if self._tape:
                    self._tape.caller(now, frame)
            if self._peer is None and self._receiver.peer:
                self._latch(self._receiver.peer)
