"""A call's sound over Asterisk's WebSocket channel (chan_websocket), whichever side connects."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Protocol

import structlog

from callcenter.errors import LegError
from callcenter.media.clock import Clock
from callcenter.media.line import CONNECT_S
from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout
from callcenter.media.spoken import Frame, Spoken
from callcenter.media.tape import Tape
from callcenter.media.websocket_server import WebSocketServer
from callcenter.media.websocket_session import Counters, Session
from callcenter.media.websocket_wire import Reader, Wire, dial

FORMATS = {8000: "slin", 16000: "slin16"}
"""Asterisk's names, by samples per second. What a snoop hears is linear, so Asterisk need not convert it either."""

log = structlog.get_logger()


class Way(Protocol):
    """How a connection comes about."""

    @property
    def wanted(self) -> Mapping[str, str]:
        """What Asterisk is to be asked for besides."""

    async def go(self, channel: Mapping[str, str]) -> None:
        """Do our part, once Asterisk has made `channel`. The reader is told of the connection. Raises LegError."""

    def close(self) -> None:
        """No connection is wanted any more."""


class Dialling:
    """We connect to Asterisk's HTTP server, at `base`, as in `ws://host:8088/media`."""

    wanted: Mapping[str, str] = {"external_host": "INCOMING", "connection_type": "server"}

    def __init__(self, base: str, headers: Mapping[str, str], reader: Reader, context: ssl.SSLContext | None) -> None:
        self._base = base.rstrip("/")
        self._headers = headers
        self._reader = reader
        self._context = context
        self._wire: Wire | None = None

    async def go(self, channel: Mapping[str, str]) -> None:
        """Connect to the path that Asterisk has for this channel."""
        connection = channel.get("MEDIA_WEBSOCKET_CONNECTION_ID")
        if not connection:
            raise LegError("Asterisk does not say where the channel's WebSocket is (MEDIA_WEBSOCKET_CONNECTION_ID)")
        self._wire = await dial(f"{self._base}/{connection}", self._headers, self._reader, self._context)

    def close(self) -> None:
        """Leave Asterisk, whatever it has answered."""
        if self._wire:
            self._wire.close()


class Listening:
    """Asterisk connects to our server, as section `client` of websocket_client.conf says."""

    def __init__(self, server: WebSocketServer, client: str, reader: Reader) -> None:
        self._server = server
        self._client = client
        self._name = server.expect(reader)

    @property
    def wanted(self) -> Mapping[str, str]:
        """`v(…)` is what Asterisk adds to the path that it asks for."""
        return {
            "external_host": self._client,
            "connection_type": "client",
            "transport_data": f"v(call={self._name})",
        }

    async def go(self, channel: Mapping[str, str]) -> None:
        """Nothing: Asterisk connects."""

    def close(self) -> None:
        """Refuse it if it comes late."""
        self._server.forget(self._name)


class WebSocketLine:
    """A `Line` over one WebSocket.

    It sends one frame a tick, and none while Asterisk has a full queue or does not play: the agent's speech waits
    then, and goes on one frame a tick. Barge-in, which stops the playout, also has Asterisk drop what it has queued.
    """

    def __init__(self, clock: Clock, rate: int, way: Callable[[Reader], Way]) -> None:
        """Made by `dialling` and `listening`; `rate` is 8000 or 16000."""
        self.rate = rate
        self.received = FrameQueue(rate)
        self.playout = Playout(rate)
        self._clock = clock
        self._session = Session(FORMATS[rate], self.playout, self._send)
        self._spoken = Spoken(rate)
        self._way = way(self)
        self._wire: Wire | None = None
        self._tape: Tape | None = None
        self._changed = asyncio.Event()
        """Set when all is played, and at whatever else `_until` may wait for."""
        self._fault: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why nothing flows any more, when nobody here has ended it."""
        self._closed = False

    @classmethod
    def dialling(
        cls, base: str, headers: Mapping[str, str], clock: Clock, *, rate: int, context: ssl.SSLContext | None = None
    ) -> "WebSocketLine":
        """We connect to `base`, such as `wss://host:8089/media`, with `headers`; `context` holds whom wss trusts."""
        return cls(clock, rate, lambda line: Dialling(base, headers, line, context))

    @classmethod
    def listening(cls, server: WebSocketServer, client: str, clock: Clock, *, rate: int) -> "WebSocketLine":
        """Asterisk connects to `server`, as section `client` of its websocket_client.conf says."""
        return cls(clock, rate, lambda line: Listening(server, client, line))

    @property
    def wanted(self) -> Mapping[str, str]:
        """What Asterisk is to be asked for."""
        return {"transport": "websocket", "encapsulation": "none", "format": FORMATS[self.rate], **self._way.wanted}

    @property
    def counters(self) -> Counters:
        """What came and went."""
        return self._session.counters

    async def connect(self, channel: Mapping[str, str]) -> None:
        """Return when Asterisk has said MEDIA_START. Raises LegError when it has not after CONNECT_S, or refuses."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._way.go(channel)
                await self._until(lambda: self._session.started is not None)
        except TimeoutError:
            where = self.wanted["external_host"]
            raise LegError(f"there is no WebSocket with Asterisk ({where}) after {CONNECT_S:g} s") from None
        if self._fault.done():
            raise LegError(f"the WebSocket with Asterisk failed: {self._fault.result()}")

    async def broken(self) -> str:
        """Return once the connection has ended otherwise than by `close`, with the reason."""
        return await asyncio.shield(self._fault)

    def record(self, tape: Tape) -> None:
        """Keep both sides on `tape`, which ends with the line."""
        self._tape = tape

    async def played(self) -> None:
        """Return when Asterisk has played all there was to say; what is paused is still to be played.

        Nothing plays any more once the line is broken or closed.
        """
        await self._until(lambda: self._session.played)

    def close(self) -> None:
        """Stop sending and receiving. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._clock.remove(self)
        self._way.close()
        if self._wire:
            self._wire.close()
        if self._tape:
            self._tape.close()
        self._changed.set()
        log.info("= line closed", **asdict(self.counters), unheard=self.received.dropped)

    def fail(self, reason: str) -> None:
        """Nothing flows any more, by a mistake of ours. May be called twice."""
        self.lost(reason)

    def tick(self, now: float, skipped: int) -> None:
        """Send the frame that is due."""
        if self._wire is None:
            return
        pcm = self._session.tick(now, skipped, choked=self._wire.choked)
        if self._tape:
            self._tape.agent(now, pcm)
        self._keep(self._spoken.tick(now))
        if self._session.fault:
            self._wire.end(self._session.fault)
        elif self._session.played:
            self._changed.set()

    def opened(self, wire: Wire) -> None:
        """For the connection: it is there."""
        if self._closed or self._wire:
            wire.close()
        else:
            self._wire = wire

    def text(self, message: str) -> None:
        """For the connection: Asterisk says something."""
        before = self._session.started
        self._session.text(message)
        if self._session.fault and self._wire:
            self._wire.end(self._session.fault)
        elif self._session.started and not before:
            self._clock.add(self)
        self._changed.set()

    def binary(self, message: bytes) -> None:
        """For the connection: the caller says something."""
        now = asyncio.get_running_loop().time()
        frames = self._spoken.push(message, now)
        self.counters.received += len(frames)
        self._keep(frames)

    def lost(self, reason: str) -> None:
        """For the connection: it is gone."""
        if not self._fault.done():
            self._fault.set_result(reason)
            self._clock.remove(self)
            self._changed.set()
            log.warning("! line broken", reason=reason)

    def _send(self, message: str | bytes) -> None:
        if self._wire:
            self._wire.send(message)

    def _keep(self, frames: list[Frame]) -> None:
        for at, frame in frames:
            self.received.put(frame, at)
            if self._tape:
                self._tape.caller(at, frame)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Return when it holds, or will never: the line is broken or closed."""
        while not (condition() or self._closed or self._fault.done()):
            self._changed.clear()
            await self._changed.wait()
