"""A WebSocket connection with Asterisk, made by either side: the thin shell around `websockets`' protocol without I/O.

Nothing is compressed, and nothing is queued here but what the socket takes at once.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Event
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from callcenter.errors import LegError
from callcenter.media.allowance import Allowance

MEDIA = Subprotocol("media")
"""Asterisk's name for what it speaks."""
LONGEST_MESSAGE = 65_536
"""Bytes. 20 ms of sound are 640; MEDIA_START as JSON holds all channel variables."""
CHOKED = 4096
"""Bytes that the socket has not taken when it is given no more."""
PIECE = 2048
"""Bytes that are read between two looks at how much comes."""
MESSAGES_PER_S = 100
"""50 frames, and marks."""
MOST_MESSAGES = 500
"""So many may come at once, after a stall of either side; a peer that goes on faster than sound is cut off."""
GOODBYE_S = 1.0
"""What a peer has to take the last bytes."""


class Reader(Protocol):
    """Who takes what comes."""

    def opened(self, wire: "Wire") -> None:
        """Messages can be sent."""

    def text(self, message: str) -> None:
        """A text message came."""

    def binary(self, message: bytes) -> None:
        """A binary message came."""

    def lost(self, reason: str) -> None:
        """There is no connection any more, and we have not closed it. Told once."""


class Pieces:
    """Puts together what comes in several frames; `websockets` sees to their order and the length of the whole."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._opcode = Opcode.BINARY

    def join(self, frame: Frame) -> str | bytes | None:
        """Take a frame that is text, binary or goes on with one; the message that it ends."""
        if frame.opcode is not Opcode.CONT:
            self._opcode = frame.opcode
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole if self._opcode is Opcode.BINARY else whole.decode(errors="replace")


class Wire(asyncio.Protocol):
    """One connection, after or before its handshake."""

    def __init__(self, protocol: ClientProtocol | ServerProtocol, reader: Reader | None = None) -> None:
        self.open = False
        """The handshake is over, and nobody has closed it."""
        self._protocol = protocol
        self._reader = reader
        self._transport: asyncio.Transport | None = None
        self._allowance = Allowance(per_second=MESSAGES_PER_S, most=MOST_MESSAGES)
        self._pieces = Pieces()

    @property
    def choked(self) -> bool:
        """The socket takes nothing at present."""
        return self._transport is not None and self._transport.get_write_buffer_size() > CHOKED

    def send(self, message: str | bytes) -> None:
        """Send a message, which is dropped when the connection is gone."""
        if not self.open:
            return
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._write()

    def close(self) -> None:
        """End it, at once where the peer takes nothing. May be called twice."""
        self._reader = None
        if self.open:
            self.open = False
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._write()
        self._end()

    def end(self, reason: str) -> None:
        """Break it off, and tell the reader why."""
        self._lose(reason)

    def abort(self) -> None:
        """Leave, whatever the peer does."""
        self.open, self._reader = False, None
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: TCP, and TLS, are there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        now = asyncio.get_running_loop().time()
        for start in range(0, len(data), PIECE):
            if self._transport is None or self._transport.is_closing():
                return
            self._protocol.receive_data(data[start : start + PIECE])
            events = self._protocol.events_received()
            if not self._allowance.take(len(events), now):
                self._lose("more came than sound would be")
                return
            for event in events:
                self._take(event)
            self._write()
            if self._protocol.close_expected():
                self._lose(self._why())

    def eof_received(self) -> None:
        """asyncio: the peer sends no more; asyncio closes the connection then."""

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: nothing is left of it."""
        self._transport = None
        self._lose(f"the connection broke ({exc})" if exc else "Asterisk closed the connection")

    def _take(self, event: Event) -> None:
        if not isinstance(event, Frame):
            self._shake_hands(event)
        elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._deliver(event)

    def _shake_hands(self, event: Event) -> None:
        """The peer's half of the handshake has come."""
        raise NotImplementedError

    def _deliver(self, frame: Frame) -> None:
        message = self._pieces.join(frame)
        if self._reader is None or message is None:
            return
        if isinstance(message, str):
            self._reader.text(message)
        else:
            self._reader.binary(message)

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty one asks for the connection's end, as `close_expected` does
                self._put(data)

    def _put(self, data: bytes) -> None:
        if self._transport:
            self._transport.write(data)

    def _why(self) -> str:
        if self._protocol.handshake_exc:
            return f"no WebSocket: {self._protocol.handshake_exc}"
        if self._protocol.parser_exc:
            return f"not understood: {self._protocol.parser_exc}"
        close = self._protocol.close_rcvd
        return f"Asterisk closed the connection with code {close.code if close else None}"

    def _lose(self, reason: str) -> None:
        self.open = False
        reader, self._reader = self._reader, None
        if reader:
            reader.lost(reason)
        self._end()

    def _end(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self.choked:
            transport.abort()
            return
        transport.close()  # waits until the peer has taken what is left
        asyncio.get_running_loop().call_later(GOODBYE_S, transport.abort)


class Outgoing(Wire):
    """A connection that we make."""

    def __init__(self, protocol: ClientProtocol, headers: Mapping[str, str], reader: Reader) -> None:
        super().__init__(protocol, reader)
        self._client = protocol
        self._headers = headers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: ask for a WebSocket."""
        super().connection_made(transport)
        request = self._client.connect()
        request.headers.update(self._headers)
        self._client.send_request(request)
        self._write()

    def abandon(self) -> None:
        """Its transport has been closed, and nobody will tell us so."""
        self.open, self._reader, self._transport = False, None, None

    def _shake_hands(self, event: Event) -> None:
        if self._client.state is OPEN and self._reader:
            self.open = True
            self._reader.opened(self)


async def dial(url: str, headers: Mapping[str, str], reader: Reader, context: ssl.SSLContext | None) -> Wire:
    """Connect to `url`, ws or wss; `reader` is told when it is open. `context` holds whom wss trusts.

    Raises LegError when nobody is there.
    """
    try:
        uri = parse_uri(url)
        protocol = ClientProtocol(uri, subprotocols=[MEDIA], max_size=LONGEST_MESSAGE)
    except InvalidURI as error:
        raise LegError(f"{url} cannot be reached: {error}") from error
    wire = Outgoing(protocol, headers, reader)
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: wire,
            uri.host,
            uri.port,
            ssl=(context or ssl.create_default_context()) if uri.secure else None,
            ssl_shutdown_timeout=GOODBYE_S if uri.secure else None,
        )
    except OSError as error:
        raise LegError(f"{url} cannot be reached: {error}") from error
    except asyncio.CancelledError:
        # The handshake may be over already. uvloop closes the transport without `connection_lost`, and raises
        # RuntimeError at whatever is written to it then: in a tick of the clock that would end all calls.
        wire.abandon()
        raise
    return wire
