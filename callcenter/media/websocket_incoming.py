"""A connection that Asterisk makes to us, up to the moment when it is known whose it is."""

import asyncio
import ssl
from typing import Protocol, cast

from websockets.http11 import Request
from websockets.protocol import Event
from websockets.server import ServerProtocol

from callcenter.media.websocket_wire import GOODBYE_S, LONGEST_MESSAGE, MEDIA, Reader, Wire

LONGEST_REQUEST = 16_384
"""Bytes of a handshake."""


class Door(Protocol):
    """Who answers connections that are made to us."""

    def came(self, wire: "Incoming") -> None:
        """A connection is there."""

    def admit(self, wire: "Incoming", path: str) -> Reader | None:
        """It asks for `path`: whose it is; None to refuse it."""

    def refused(self, wire: "Incoming", why: str) -> None:
        """It was refused, for what it says is no handshake for media."""

    def left(self, wire: "Incoming") -> None:
        """It is gone."""


class Incoming(Wire):
    """A connection that was made to us."""

    def __init__(self, door: Door, context: ssl.SSLContext | None = None) -> None:
        """With a `context`, over TLS, whose handshake is part of what the door limits."""
        super().__init__(ServerProtocol(subprotocols=[MEDIA], max_size=LONGEST_MESSAGE))
        self.address = ""
        """Numeric, of the peer."""
        self._door = door
        self._asked = 0
        """Bytes that came before the handshake was over."""
        self._context = context
        """Until TLS has been agreed on."""
        self._early = b""
        """What came with the end of that."""
        self._securing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: TCP is there."""
        super().connection_made(transport)
        self.address = str((transport.get_extra_info("peername") or ("gone",))[0])
        self._door.came(self)
        if self._context:
            cast("asyncio.Transport", transport).pause_reading()
            self._securing = asyncio.ensure_future(self._secure(self._context))

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        if not self.open:
            self._asked += len(data)
            if self._asked > LONGEST_REQUEST:
                self._door.refused(self, "a request without an end")
                self.abort()
                return
        if self._context:
            self._early += data
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: nothing is left of it."""
        self._door.left(self)
        super().connection_lost(exc)

    def _shake_hands(self, event: Event) -> None:
        assert isinstance(event, Request)
        server = cast("ServerProtocol", self._protocol)
        response = server.accept(event)
        if response.status_code == 101:
            self._reader = self._door.admit(self, event.path)
            if self._reader is None:
                response = server.reject(404, "There is no such call.\n")
        else:
            self._door.refused(self, f"not a WebSocket for media: {server.handshake_exc}")
        server.send_response(response)
        self._write()
        if self._reader:
            self.open = True
            self._reader.opened(self)

    async def _secure(self, context: ssl.SSLContext) -> None:
        """Ends with the connection at the latest, whatever the peer does."""
        plain = self._transport
        if plain is None:
            return
        try:
            loop = asyncio.get_running_loop()
            secured = await loop.start_tls(plain, self, context, server_side=True, ssl_shutdown_timeout=GOODBYE_S)
        except OSError as error:
            self._door.refused(self, f"no TLS: {error}")
            plain.abort()
        else:
            self._transport, self._context = secured, None
            super().data_received(self._early)

    def _lose(self, reason: str) -> None:
        self._door.refused(self, reason)
        super()._lose(reason)
