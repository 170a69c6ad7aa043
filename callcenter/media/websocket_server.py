"""Where Asterisk connects to for WebSocket media, with or without TLS: each connection goes to the line it is for.

Asterisk asks for the path of its websocket_client.conf with `call=…` of the channel's `transport_data` after it.
"""

import asyncio
import secrets
import ssl
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs
from weakref import WeakSet

from callcenter.errors import ConfigurationError
from callcenter.media.lobby import USUAL, Limits, Lobby
from callcenter.media.websocket_incoming import Incoming, Refusal
from callcenter.media.websocket_wire import Reader


class WebSocketServer:
    """Listens on `host` and `port`; 0 is any free port. An asynchronous context manager."""

    def __init__(
        self,
        host: str,
        port: int,
        limits: Limits = USUAL,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """With a `certificate`, a PEM file with its chain, over TLS; its `key` may be in the same file."""
        self._host = host
        self._port = port
        self._context = _context(certificate, key) if certificate else None
        self._lobby = Lobby("WebSocket", limits, Refusal)
        self._expected: dict[str, Reader] = {}
        self._taken: WeakSet[Incoming] = WeakSet()

    async def __aenter__(self) -> Self:
        self._port = await self._lobby.open(
            self._host, self._port, lambda: Incoming(self._lobby, self._admit, self._context)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lobby.close()
        for wire in list(self._taken):
            wire.end("the daemon stops")
        await asyncio.sleep(0)  # the transports close in the loop's next round

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    def report(self) -> dict[str, int]:
        """What became of the connections so far; how many have not named a call, and how many calls are expected."""
        return {**self._lobby.report(), "expected": len(self._expected)}

    def expect(self, reader: Reader) -> str:
        """The name under which the first connection is for `reader`: 128 random bits, so who knows it is Asterisk."""
        name = secrets.token_hex(16)
        self._expected[name] = reader
        return name

    def forget(self, name: str) -> None:
        """Refuse connections of this name from here on; the one that is there stays."""
        self._expected.pop(name, None)

    def _admit(self, wire: Incoming, path: str) -> Reader | None:
        """Whose `wire` is, which asks for `path`; None when it is refused."""
        (name,) = parse_qs(path.partition("?")[2]).get("call", [""])[-1:]
        reader = self._expected.pop(name, None)
        if reader:
            self._taken.add(wire)
            self._lobby.admit(wire)
        else:
            self._lobby.refuse(wire, Refusal.UNKNOWN, "an unknown call")
        return reader


def _context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the certificate {certificate} cannot be used: {error}") from error
    return context
