"""A connection fed with bytes, whole or in pieces, good or bad."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from callcenter.media.lobby import USUAL, Lobby
from callcenter.media.websocket_incoming import Incoming, Refusal
from callcenter.media.websocket_wire import LONGEST_MESSAGE, MOST_MESSAGES, Reader, Wire

SHORT = 200
HANDSHAKE = (
    b"GET /callcenter?call=1 HTTP/1.1\r\nHost: daemon\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: media\r\n\r\n"
)


class Socket(asyncio.Transport):
    """The transport of a connection that takes everything."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True


class Listener:
    """What came."""

    def __init__(self) -> None:
        self.came: list[str | bytes] = []
        self.reasons: list[str] = []
        self.wire: Wire | None = None

    def opened(self, wire: Wire) -> None:
        self.wire = wire

    def text(self, message: str) -> None:
        self.came.append(message)

    def binary(self, message: bytes) -> None:
        self.came.append(message)

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)


def incoming(reader: Reader) -> Incoming:
    """A connection that is for `reader`, whatever it asks for."""
    return Incoming(Lobby("WebSocket", USUAL, Refusal), lambda _wire, _path: reader)


def fed(*pieces: bytes, handshake: bytes = HANDSHAKE) -> tuple[Listener, Socket]:
    """What comes of these bytes."""

    async def feed() -> tuple[Listener, Socket]:
        listener, socket = Listener(), Socket()
        wire = incoming(listener)
        wire.connection_made(socket)
        for piece in (handshake, *pieces):
            wire.data_received(piece)
        if socket.closing:
            wire.connection_lost(None)
        return listener, socket

    return asyncio.run(feed())


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """As a client sends it, masked."""
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


MESSAGES = st.lists(st.binary(max_size=700) | st.text(max_size=100), max_size=20)
PLACES = st.lists(st.integers(0, 1_000_000), max_size=30)


@given(MESSAGES, PLACES)
@settings(deadline=None, max_examples=SHORT)
def test_messages_come_out_however_the_bytes_come(messages: list[str | bytes], places: list[int]) -> None:
    data = b"".join(
        frame(Opcode.TEXT, message.encode()) if isinstance(message, str) else frame(Opcode.BINARY, message)
        for message in messages
    )
    listener, _ = fed(*cut(data, places))
    assert (listener.came, listener.reasons) == (messages, [])


@given(PLACES)
@settings(deadline=None, max_examples=20)
def test_a_real_asterisk_that_dials_us(places: list[int]) -> None:
    captured = (Path(__file__).parents[1] / "captures/websocket/asterisk-dials.hex").read_text().split()
    data = b"".join(map(bytes.fromhex, captured))
    listener, socket = fed(*cut(data, places), handshake=b"")
    assert socket.written.startswith(b"HTTP/1.1 101")
    assert listener.reasons == []
    texts = [message for message in listener.came if isinstance(message, str)]
    assert texts[0].startswith("MEDIA_START connection_id:callcenter ")
    assert texts[1:] == [f"MEDIA_MARK_PROCESSED {number}" for number in range(1, len(texts))]
    assert len(texts) > 1
    sound = [message for message in listener.came if isinstance(message, bytes)]
    assert {len(message) for message in sound} == {320}
    assert len(sound) > 20


@given(st.binary(max_size=2000), PLACES, st.booleans())
@settings(deadline=None, max_examples=SHORT)
def test_no_bytes_are_too_strange(data: bytes, places: list[int], open_first: bool) -> None:
    listener, socket = fed(*cut(data, places), handshake=HANDSHAKE if open_first else b"")
    assert bool(listener.reasons) == (socket.closing and open_first)


def test_a_message_in_several_frames_is_one() -> None:
    pieces = [
        frame(Opcode.BINARY, b"ab", fin=False),
        frame(Opcode.PING, b"?"),
        frame(Opcode.CONT, b"cd", fin=False),
        frame(Opcode.CONT, b"ef"),
        frame(Opcode.TEXT, b"then"),
    ]
    listener, socket = fed(*pieces)
    assert listener.came == [b"abcdef", "then"]
    assert socket.written.endswith(b"\x8a\x01?"), "the answer to the ping"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(Opcode.CLOSE, b"\x03\xe8"), "closed the connection with code 1000"),
        (frame(Opcode.CLOSE, b""), "closed the connection with code 1005"),
        (b"\xf2\x01", "not understood"),
        (b"\x82\x01a", "not understood"),
        (frame(Opcode.BINARY, bytes(LONGEST_MESSAGE + 1)), "not understood"),
        (frame(Opcode.BINARY, bytes(60_000), fin=False) + frame(Opcode.CONT, bytes(60_000)), "not understood"),
        (frame(Opcode.PING, b"") * (MOST_MESSAGES + 50), "more came than sound would be"),
    ],
    ids=["close", "close without a code", "reserved bits", "not masked", "too long", "too long in frames", "flood"],
)
def test_why_a_connection_ends(data: bytes, reason: str) -> None:
    listener, socket = fed(data)
    assert len(listener.reasons) == 1
    assert reason in listener.reasons[0]
    assert socket.closing


def test_a_flood_is_not_read_to_its_end() -> None:
    listener, _ = fed(frame(Opcode.TEXT, b"a") * 30_000)
    assert len(listener.came) <= MOST_MESSAGES


def test_the_handshake_names_our_protocol_and_compresses_nothing() -> None:
    offered = HANDSHAKE[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    _, socket = fed(handshake=offered)
    assert b"Sec-WebSocket-Protocol: media\r\n" in socket.written
    assert b"Extensions" not in socket.written


@pytest.mark.parametrize(
    "act", [Wire.close, Wire.abort, lambda wire: wire.end("enough")], ids=["close", "abort", "end"]
)
def test_nothing_comes_or_goes_after_the_end(act: Callable[[Wire], None]) -> None:
    async def run() -> None:
        listener, socket = Listener(), Socket()
        wire = incoming(listener)
        wire.connection_made(socket)
        wire.data_received(HANDSHAKE)
        act(wire)
        act(wire)
        written = socket.written
        wire.send("more")
        wire.data_received(frame(Opcode.TEXT, b"more"))
        assert (listener.came, socket.written, socket.closing) == ([], written, True)
        assert listener.reasons in ([], ["enough"])

    asyncio.run(run())
