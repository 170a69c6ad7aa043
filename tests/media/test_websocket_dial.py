"""A connection that is given up just as it has come about: the caller hung up while we were dialling."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol

from callcenter.media.websocket_wire import MEDIA, Wire, dial


class Closed(asyncio.Transport):
    """A transport to a WebSocket server. Closed, it is as uvloop's: it raises at whatever is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.server = ServerProtocol(subprotocols=[MEDIA])
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._ensure_alive()
        self.server.receive_data(bytes(data))

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        self._ensure_alive()
        return 0

    def _ensure_alive(self) -> None:
        if self.closed:
            raise RuntimeError("unable to perform operation on the transport; the handler is closed")

    def answer(self) -> bytes:
        (request,) = self.server.events_received()
        assert isinstance(request, Request)
        self.server.send_response(self.server.accept(request))
        return b"".join(self.server.data_to_send())


class Uvloop(asyncio.SelectorEventLoop):
    """Is as uvloop where the attempt to connect is cancelled once the peer has answered."""

    async def create_connection(self, protocol_factory: Callable[[], Any], *_: Any, **__: Any) -> Any:
        protocol, transport = protocol_factory(), Closed()
        protocol.connection_made(transport)
        protocol.data_received(transport.answer())
        transport.closed = True
        raise asyncio.CancelledError


class Reader:
    def __init__(self) -> None:
        self.wire: Wire | None = None
        self.told: list[str] = []

    def opened(self, wire: Wire) -> None:
        self.wire = wire

    def text(self, message: str) -> None:
        self.told.append(message)

    def binary(self, message: bytes) -> None:
        self.told.append("sound")

    def lost(self, reason: str) -> None:
        self.told.append(reason)


def test_nothing_is_written_to_it() -> None:
    reader = Reader()
    with asyncio.Runner(loop_factory=Uvloop) as runner, pytest.raises(asyncio.CancelledError):
        runner.run(dial("ws://127.0.0.1:8088/media/a", {}, reader, None))
    assert reader.wire, "the handshake was over"
    assert not reader.wire.open
    assert not reader.wire.choked
    reader.wire.send("ANSWER")
    reader.wire.send(b"sound")
    reader.wire.close()
    assert reader.told == []
