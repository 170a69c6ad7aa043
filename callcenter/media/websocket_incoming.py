"""A connection that Asterisk makes to us, up to the moment when it is known whose it is."""

import asyncio
import ssl
from collections.abc import Callable
from enum import StrEnum
from typing import cast

from websockets.http11 import Request
from websockets.protocol import Event
from websockets.server import ServerProtocol

from callcenter.media.lobby import Lobby
from callcenter.media.websocket_wire import GOODBYE_S, LONGEST_MESSAGE, MEDIA, Reader, Wire

LONGEST_REQUEST = 16_384
"""Bytes of a handshake."""


class Refusal(StrEnum):
    """Why a connection is closed before a line has it."""

    UNKNOWN = "unknown"
    """No call is expected under this name, or it has its connection."""
    NOT_WEBSOCKET = "not_websocket"
    """No handshake of a WebSocket for media."""


class Incoming(Wire):
    """A connection that was made to us."""

    def __init__(
        self, lobby: Lobby, admit: Callable[["Incoming", str], Reader | None], context: ssl.SSLContext | None = None
    ) -> None:
        """It waits in `lobby`. `admit` says by the path that it asks for whose it is; None when that refused it.

        With a `context`, over TLS, whose handshake is part of what the lobby limits.
        """
        super().__init__(ServerProtocol(subprotocols=[MEDIA], max_size=LONGEST_MESSAGE))
        self._lobby = lobby
        self._admit = admit
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
        self._lobby.enter(self, transport)
        if self._context:
            cast("asyncio.Transport", transport).pause_reading()
            self._securing = asyncio.ensure_future(self._secure(self._context))

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        if not self.open:
            self._asked += len(data)
            if self._asked > LONGEST_REQUEST:
                self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, "a request without an end")
                self.abort()
                return
        if self._context:
            self._early += data
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: nothing is left of it."""
        self._lobby.left(self)
        super().connection_lost(exc)

    def _shake_hands(self, event: Event) -> None:
        assert isinstance(event, Request)
        server = cast("ServerProtocol", self._protocol)
        response = server.accept(event)
        if response.status_code == 101:
            self._reader = self._admit(self, event.path)
            if self._reader is None:
                response = server.reject(404, "There is no such call.\n")
        else:
            self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, f"not a WebSocket for media: {server.handshake_exc}")
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
            self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, f"no TLS: {error}")
            plain.abort()
        else:
            self._transport, self._context = secured, None
            super().data_received(self._early)

    def _lose(self, reason: str) -> None:
        self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, reason)
        super()._lose(reason)
