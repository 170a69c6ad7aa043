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
from callcenter.media.tls import Tls
from callcenter.media.websocket_wire import LONGEST_MESSAGE, MEDIA, Reader, Wire

LONGEST_REQUEST = 16_384
"""Bytes of a handshake, TLS included."""


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

        With a `context`, over TLS, whose handshake is then part of what is limited.
        """
        super().__init__(ServerProtocol(subprotocols=[MEDIA], max_size=LONGEST_MESSAGE))
        self._lobby = lobby
        self._admit = admit
        self._asked = 0
        """Bytes that came before it was open."""
        self._tls = Tls(context) if context else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: TCP is there."""
        super().connection_made(transport)
        self._lobby.enter(self, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        if not self.open:
            self._asked += len(data)
            if self._asked > LONGEST_REQUEST:
                self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, "a request without an end")
                self.abort()
                return
        if self._tls:
            data = self._unsealed(data, self._tls)
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

    def _unsealed(self, data: bytes, tls: Tls) -> bytes:
        try:
            said, fault = tls.unsealed(data), ""
        except ssl.SSLError as error:
            said, fault = b"", f"no TLS: {error}"
        self._put(b"")
        if fault:
            self._lose(fault)
        return said

    def _put(self, data: bytes) -> None:
        super()._put(self._tls.sealed(data) if self._tls else data)

    def _end(self) -> None:
        if self._tls:
            self._tls.end()
            self._put(b"")
        super()._end()

    def _lose(self, reason: str) -> None:
        self._lobby.refuse(self, Refusal.NOT_WEBSOCKET, reason)
        super()._lose(reason)
