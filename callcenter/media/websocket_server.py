"""Where Asterisk connects to for WebSocket media, with or without TLS: each connection goes to the line it is for.

Asterisk asks for the path of its websocket_client.conf with `call=…` of the channel's `transport_data` after it. Who
can reach the port may connect, so a connection is nothing until it has named a call that is expected, and what has not
is limited in number, in time and in size. Where there are too many the oldest makes way: Asterisk asks at once.
"""

import asyncio
import secrets
import ssl
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit
from weakref import WeakSet

import structlog

from callcenter.errors import ConfigurationError
from callcenter.media.websocket_incoming import Incoming
from callcenter.media.websocket_wire import Reader

WAITING = 256
"""Connections that may not have named their call yet ..."""
WAITING_PER_ADDRESS = 128
"""... and of one address; Asterisk has one as a rule, and many calls may begin at once."""
NAME_S = 2.0
"""To name it, TLS included."""
BACKLOG = 512
LOG_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the connections."""

    accepted: int = 0
    taken: int = 0
    """By a line."""
    unknown: int = 0
    """Refused: no call is expected under this name, or it has its connection."""
    not_websocket: int = 0
    """Refused: no handshake of a WebSocket for media."""
    late: int = 0
    """Closed: did not name a call in time."""
    crowded: int = 0
    """Closed: made way for newer ones before it had named a call."""
    left: int = 0
    """Closed by the peer before that."""


class WebSocketServer:
    """Listens on `host` and `port`; 0 is any free port. An asynchronous context manager."""

    def __init__(
        self, host: str, port: int, *, certificate: Path | None = None, key: Path | None = None, name_s: float = NAME_S
    ) -> None:
        """With a `certificate`, a PEM file with its chain, over TLS; its `key` may be in the same file."""
        self._host = host
        self._port = port
        self._context = _context(certificate, key) if certificate else None
        self._name_s = name_s
        self._counts = Counts()
        self._expected: dict[str, Reader] = {}
        self._waiting: dict[Incoming, asyncio.TimerHandle] = {}
        """Oldest first."""
        self._by_address: Counter[str] = Counter()
        self._taken: WeakSet[Incoming] = WeakSet()
        self._server: asyncio.Server | None = None
        self._logged_at = -LOG_EVERY_S

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Incoming(self, self._context), self._host, self._port, backlog=BACKLOG
            )
        except OSError as error:
            where = f"{self._host}:{self._port}"
            raise ConfigurationError(f"WebSocket cannot listen on {where}: {error.strerror or error}") from error
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for wire in list(self._waiting):
            self._went(wire)
            wire.abort()
        for wire in list(self._taken):
            wire.end("the daemon stops")
        await asyncio.sleep(0)  # the transports close in the loop's next round

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    def report(self) -> dict[str, int]:
        """What became of the connections so far; how many calls are expected, and how many connections are unnamed."""
        return {**asdict(self._counts), "waiting": len(self._waiting), "expected": len(self._expected)}

    def expect(self, reader: Reader) -> str:
        """The name under which the first connection is for `reader`: 128 random bits, so who knows it is Asterisk."""
        name = secrets.token_hex(16)
        self._expected[name] = reader
        return name

    def forget(self, name: str) -> None:
        """Refuse connections of this name from here on; the one that is there stays."""
        self._expected.pop(name, None)

    def came(self, wire: Incoming) -> None:
        """For a connection of this server: it is there."""
        self._counts.accepted += 1
        self._waiting[wire] = asyncio.get_running_loop().call_later(self._name_s, self._expire, wire)
        self._by_address[wire.address] += 1
        if self._by_address[wire.address] > WAITING_PER_ADDRESS:
            self._crowd_out(next(other for other in self._waiting if other.address == wire.address))
        elif len(self._waiting) > WAITING:
            self._crowd_out(next(iter(self._waiting)))

    def admit(self, wire: Incoming, path: str) -> Reader | None:
        """For a connection of this server that asks for `path`: whose it is; None when nobody's, and it is refused."""
        self._went(wire)
        (name,) = parse_qs(urlsplit(path).query).get("call", [""])[-1:]
        reader = self._expected.pop(name, None)
        if reader:
            self._counts.taken += 1
            self._taken.add(wire)
        else:
            self._counts.unknown += 1
            self._tell(wire, "an unknown call")
        return reader

    def refused(self, wire: Incoming, why: str) -> None:
        """For a connection of this server: its handshake is none."""
        if self._went(wire):
            self._counts.not_websocket += 1
            self._tell(wire, why)

    def left(self, wire: Incoming) -> None:
        """For a connection of this server: it is gone."""
        self._counts.left += self._went(wire)

    def _went(self, wire: Incoming) -> bool:
        """It is not unnamed any more; whether it was."""
        limit = self._waiting.pop(wire, None)
        if limit is None:
            return False
        limit.cancel()
        self._by_address[wire.address] -= 1
        if not self._by_address[wire.address]:
            del self._by_address[wire.address]
        return True

    def _expire(self, wire: Incoming) -> None:
        self._went(wire)
        self._counts.late += 1
        self._tell(wire, f"no call named within {self._name_s:g} s")
        wire.abort()

    def _crowd_out(self, wire: Incoming) -> None:
        self._went(wire)
        self._counts.crowded += 1
        self._tell(wire, "too many connections without a call")
        wire.abort()

    def _tell(self, wire: Incoming, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            log.warning("x WebSocket connection", peer=wire.address, reason=why, **asdict(self._counts))


def _context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the certificate {certificate} cannot be used: {error}") from error
    return context
