"""Where Asterisk connects to for AudioSocket: a TCP server that hands each connection to the line it is for."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Self, cast
from uuid import UUID
from weakref import WeakSet

from callcenter.media.audiosocket import AudioSocketError, opening
from callcenter.media.audiosocket_wire import Wire
from callcenter.media.lobby import USUAL, Limits, Lobby


class Refusal(StrEnum):
    """Why a connection is closed before a line has it."""

    UNKNOWN = "unknown"
    """No call is expected under this UUID."""
    TWICE = "twice"
    """The call has a connection."""
    NOT_AUDIOSOCKET = "not_audiosocket"
    """It did not begin with a UUID."""


class AudioSocketServer:
    """Listens on `host` and `port`; 0 is any free port. An asynchronous context manager."""

    def __init__(self, host: str, port: int, limits: Limits = USUAL, *, external_host: str | None = None) -> None:
        """Asterisk is told to connect to `external_host`, where it is another."""
        self._host = host
        self._external_host = external_host or host
        self._port = port
        self._lobby = Lobby("AudioSocket", limits, Refusal)
        self._expected: dict[UUID, Wire | None] = {}
        """None once it has its connection."""
        self._taken: WeakSet[Wire] = WeakSet()

    async def __aenter__(self) -> Self:
        self._port = await self._lobby.open(self._host, self._port, lambda: _Unnamed(self._lobby, self._admit))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lobby.close()
        for wire in list(self._taken):
            wire.end("the daemon stops")
        await asyncio.sleep(0)  # the transports close in the loop's next round

    @property
    def address(self) -> str:
        """What Asterisk dials, as `host:port`."""
        host = self._external_host
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    def report(self) -> dict[str, int]:
        """What became of the connections so far; how many have not named a call, and how many calls are expected."""
        return {**self._lobby.report(), "expected": len(self._expected)}

    def expect(self, call: UUID, wire: Wire) -> None:
        """Give the first connection that names `call` to `wire`."""
        self._expected[call] = wire

    def forget(self, call: UUID) -> None:
        """Refuse connections for `call` from here on; the one that is there stays."""
        self._expected.pop(call, None)

    def _admit(self, connection: "_Unnamed", call: UUID) -> Wire | None:
        """Whose `connection` is, which names `call`; None when it is refused."""
        wire = self._expected.get(call)
        if wire:
            self._expected[call] = None
            self._taken.add(wire)
            self._lobby.admit(connection)
        elif call in self._expected:
            self._lobby.refuse(connection, Refusal.TWICE, "a second connection for one call")
        else:
            self._lobby.refuse(connection, Refusal.UNKNOWN, "an unknown UUID")
        return wire


class _Unnamed(asyncio.Protocol):
    """A connection that has not said which call it is for."""

    def __init__(self, lobby: Lobby, admit: Callable[["_Unnamed", UUID], Wire | None]) -> None:
        self._lobby = lobby
        self._admit = admit
        self._came = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._lobby.enter(self, transport)

    def data_received(self, data: bytes) -> None:
        self._came += data
        try:
            named = opening(self._came)
        except AudioSocketError as error:
            self._lobby.refuse(self, Refusal.NOT_AUDIOSOCKET, str(error))
            self._transport.abort()
        else:
            if named:
                self._hand_over(*named)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lobby.left(self)

    def _hand_over(self, call: UUID, rest: bytes) -> None:
        wire = self._admit(self, call)
        if wire is None:
            self._transport.abort()
            return
        self._transport.set_protocol(wire)
        wire.connection_made(self._transport)
        if rest:
            wire.data_received(rest)
