"""A call's sound over AudioSocket: externalMedia with `encapsulation=audiosocket`, or AudioSocket() in the dialplan."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from uuid import uuid4

import structlog

from callcenter.errors import LegError
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.audiosocket_wire import Counters, Wire
from callcenter.media.clock import Clock
from callcenter.media.line import CONNECT_S
from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout
from callcenter.media.spoken import Frame, Spoken
from callcenter.media.tape import Tape

FORMATS = {8000: "slin", 16000: "slin16"}
"""Asterisk's names, by samples per second."""

log = structlog.get_logger()


class AudioSocketLine:
    """A `Line` over the TCP connection that names the UUID in its `wanted`. It waits for one as soon as it is made.

    It sends from the first tick on, whether anything comes or not. When Asterisk does not take what was sent, the
    agent's speech waits rather than being lost, and goes on one frame a tick; after STALL_S the line is broken.
    """

    def __init__(self, server: AudioSocketServer, clock: Clock, *, rate: int) -> None:
        """`rate` is 8000 or 16000; the dialplan's AudioSocket() knows 8000 only."""
        self.received = FrameQueue(rate)
        self.playout = Playout(rate)
        self._call = uuid4()
        self._server = server
        self._clock = clock
        self._wire = Wire(rate, self._hear)
        self._spoken = Spoken(rate)
        self._tape: Tape | None = None
        self._quiet = asyncio.Event()
        self._missed = 0
        """Ticks without a frame since the last one sent."""
        self._closed = False
        server.expect(self._call, self._wire)
        clock.add(self)

    @property
    def rate(self) -> int:
        """Samples per second, of both sides."""
        return self.received.rate

    @property
    def wanted(self) -> Mapping[str, str]:
        """What Asterisk is to be asked for; `data` is the UUID and `external_host` where AudioSocket() connects to."""
        return {
            "external_host": self._server.address,
            "encapsulation": "audiosocket",
            "transport": "tcp",
            "connection_type": "client",
            "format": FORMATS[self.rate],
            "data": str(self._call),
        }

    @property
    def counters(self) -> Counters:
        """What came and went."""
        return self._wire.counters

    async def connect(self, channel: Mapping[str, str]) -> None:
        """Return when Asterisk has connected. Raises LegError when it ended or is not there after CONNECT_S."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._wire.connected.wait()
        except TimeoutError:
            where = self._server.address
            raise LegError(f"Asterisk has not connected to {where} for AudioSocket within {CONNECT_S:g} s") from None
        if not self._wire.open:
            raise LegError(await self.broken())

    async def broken(self) -> str:
        """Return once the connection has ended otherwise than by `close`, with the reason.

        Asterisk tells nothing when a caller hangs up, it closes the connection.
        """
        return await asyncio.shield(self._wire.ended)

    def record(self, tape: Tape) -> None:
        """Keep both sides on `tape`, which ends with the line."""
        self._tape = tape

    async def played(self) -> None:
        """Return when nothing is left to play, on the next tick at the latest; what is paused is still to be played.

        Nothing plays any more once the line is broken or closed.
        """
        while not (self.playout.idle or self._closed or self._wire.ended.done()):
            self._quiet.clear()
            await self._quiet.wait()

    def close(self) -> None:
        """Stop sending and receiving; a channel in AudioSocket() goes on in the dialplan. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._clock.remove(self)
        self._server.forget(self._call)
        self._wire.finish()
        self._quiet.set()
        if self._tape:
            self._tape.close()
        log.info("= line closed", **asdict(self.counters), unheard=self.received.dropped)

    def fail(self, reason: str) -> None:
        """Nothing flows any more, by a mistake of ours. May be called twice."""
        self._wire.end(reason)
        self._quiet.set()

    def tick(self, now: float, skipped: int) -> None:
        """Send the frame that is due, speech or silence, if Asterisk has taken those before."""
        if self._wire.open:
            self.counters.skipped += skipped
            self._missed += skipped
            self._play(now)
            self._keep(self._spoken.tick(now))
        if self.playout.idle or self._wire.ended.done():
            self._quiet.set()

    def _play(self, now: float) -> None:
        pcm = None
        if self._wire.ready(now):
            pcm = self.playout.frame(now, self._missed)
            self._missed = 0
            self._wire.send(pcm)
        else:
            self._missed += 1
        if self._tape:
            self._tape.agent(now, pcm)

    def _hear(self, pcm: bytes, now: float) -> None:
        frames = self._spoken.push(pcm, now)
        self._wire.came(len(frames))
        self._keep(frames)

    def _keep(self, frames: list[Frame]) -> None:
        for at, frame in frames:
            self.received.put(frame, at)
            if self._tape:
                self._tape.caller(at, frame)
