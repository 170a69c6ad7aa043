"""Where Asterisk connects to for AudioSocket: a TCP server that hands each connection to the line it is for.

Whoever can reach the port may connect, so a connection is nothing until it has named a call that is expected, and what
has not is limited in number and in time. Of too many the oldest makes way, for Asterisk names the call at once.
"""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Self, cast
from uuid import UUID
from weakref import WeakSet

import structlog

from callcenter.errors import ConfigurationError
from callcenter.media.audiosocket import AudioSocketError, opening
from callcenter.media.audiosocket_wire import Wire

BACKLOG = 512
LOG_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """For connections that have not named their call yet."""

    waiting: int = 256
    """Of them at a time ..."""
    per_address: int = 128
    """... and of one address; Asterisk has one as a rule, and many calls may begin at once."""
    name_s: float = 2.0
    """To name it."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the connections."""

    accepted: int = 0
    taken: int = 0
    """By a line."""
    unknown: int = 0
    """Refused: no call is expected under this UUID."""
    twice: int = 0
    """Refused: the call has a connection."""
    not_audiosocket: int = 0
    """Refused: did not begin with a UUID."""
    late: int = 0
    """Closed: did not name a call in time."""
    crowded: int = 0
    """Closed: made way for newer ones before it had named a call."""
    left: int = 0
    """Closed by the peer before that."""


class AudioSocketServer:
    """Listens on `host` and `port`; 0 is any free port. An asynchronous context manager."""

    def __init__(self, host: str, port: int, limits: Limits = Limits(), *, external_host: str | None = None) -> None:
        """Asterisk is told to connect to `external_host`, where it is another."""
        self._host = host
        self._external_host = external_host or host
        self._port = port
        self._limits = limits
        self._counts = Counts()
        self._expected: dict[UUID, Wire | None] = {}
        """None once it has its connection."""
        self._waiting: dict[_Unnamed, None] = {}
        """Oldest first."""
        self._by_address: Counter[str] = Counter()
        self._taken: WeakSet[Wire] = WeakSet()
        self._server: asyncio.Server | None = None
        self._logged_at = -LOG_EVERY_S

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Unnamed(self, self._limits.name_s), self._host, self._port, backlog=BACKLOG
            )
        except OSError as error:
            raise ConfigurationError(
                f"AudioSocket cannot listen on {self._host}:{self._port}: {error.strerror or error}"
            ) from error
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._waiting):
            connection.abort()
        for wire in list(self._taken):
            wire.end("the daemon stops")
        await asyncio.sleep(0)  # the transports close in the loop's next round

    @property
    def address(self) -> str:
        """What Asterisk dials, as `host:port`."""
        host = self._external_host
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    def report(self) -> dict[str, int]:
        """What became of the connections so far; how many calls are expected, and how many connections are unnamed."""
        return {**asdict(self._counts), "waiting": len(self._waiting), "expected": len(self._expected)}

    def expect(self, call: UUID, wire: Wire) -> None:
        """Give the first connection that names `call` to `wire`."""
        self._expected[call] = wire

    def forget(self, call: UUID) -> None:
        """Refuse connections for `call` from here on; the one that is there stays."""
        self._expected.pop(call, None)

    def came(self, connection: "_Unnamed") -> None:
        """For a connection of this server: it is there."""
        self._counts.accepted += 1
        self._waiting[connection] = None
        self._by_address[connection.address] += 1
        if self._by_address[connection.address] > self._limits.per_address:
            self._crowd_out(next(other for other in self._waiting if other.address == connection.address))
        elif len(self._waiting) > self._limits.waiting:
            self._crowd_out(next(iter(self._waiting)))

    def went(self, connection: "_Unnamed") -> bool:
        """For a connection of this server: it is not unnamed any more; whether it was."""
        if connection not in self._waiting:
            return False
        del self._waiting[connection]
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]
        return True

    def left(self, connection: "_Unnamed") -> None:
        """For a connection of this server: the peer closed it."""
        self._counts.left += self.went(connection)

    def expired(self, connection: "_Unnamed") -> None:
        """For a connection of this server: its time is up."""
        if self.went(connection):
            self._counts.late += 1
            self._refuse(connection, f"no UUID within {self._limits.name_s:g} s")

    def named(self, connection: "_Unnamed", came: bytes) -> None:
        """For a connection of this server: `came` has come so far."""
        try:
            found = opening(came)
        except AudioSocketError as error:
            self.went(connection)
            self._counts.not_audiosocket += 1
            self._refuse(connection, str(error))
            return
        if found:
            self.went(connection)
            self._hand_over(connection, *found)

    def _hand_over(self, connection: "_Unnamed", call: UUID, rest: bytes) -> None:
        if wire := self._expected.get(call):
            self._expected[call] = None
            self._counts.taken += 1
            self._taken.add(wire)
            connection.hand_over(wire, rest)
        elif call in self._expected:
            self._counts.twice += 1
            self._refuse(connection, "a second connection for one call")
        else:
            self._counts.unknown += 1
            self._refuse(connection, "an unknown UUID")

    def _crowd_out(self, connection: "_Unnamed") -> None:
        self.went(connection)
        self._counts.crowded += 1
        self._refuse(connection, "too many connections without a UUID")

    def _refuse(self, connection: "_Unnamed", why: str) -> None:
        connection.abort()
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            log.warning("x AudioSocket connection", peer=connection.address, reason=why, **asdict(self._counts))


class _Unnamed(asyncio.Protocol):
    """A connection that has not said which call it is for."""

    def __init__(self, server: AudioSocketServer, name_s: float) -> None:
        self.address = ""
        """Numeric, of the peer."""
        self._server = server
        self._name_s = name_s
        self._came = b""
        self._transport: asyncio.Transport
        self._limit: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.address = (transport.get_extra_info("peername") or ("gone",))[0]
        self._limit = asyncio.get_running_loop().call_later(self._name_s, self._server.expired, self)
        self._server.came(self)

    def data_received(self, data: bytes) -> None:
        self._came += data
        self._server.named(self, self._came)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.cancel()
        self._server.left(self)

    def hand_over(self, wire: Wire, rest: bytes) -> None:
        self._limit.cancel()
        self._came = b""
        self._transport.set_protocol(wire)
        wire.connection_made(self._transport)
        if rest:
            wire.data_received(rest)

    def abort(self) -> None:
        self._limit.cancel()
        self._transport.abort()
