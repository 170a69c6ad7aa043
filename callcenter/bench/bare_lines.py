"""Lines with nothing in them: each message's sound goes back at once as it comes, without a clock or a queue of ours.

What they take is Asterisk's own. They are of the kinds of our lines, with the same transports, rates and formats: a UDP
socket, a TCP server that speaks AudioSocket, and WebSockets of the library `websockets`, from either side.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from callcenter.bench.line_callers import HOST
from callcenter.bench.line_ways import Way
from callcenter.errors import LegError
from callcenter.media.audiosocket import Audio, Decoder, encode
from callcenter.media.line import CONNECT_S
from callcenter.media.lines import Dialling
from callcenter.media.websocket_line import FORMATS
from callcenter.media.websocket_wire import MEDIA

CLIENT = "bare"
"""The section of Asterisk's websocket_client.conf that leads to `listening`."""
PLAIN: Mapping[str, Any] = {
    "subprotocols": [MEDIA],
    "compression": None,
    "ping_interval": None,
    "close_timeout": 1.0,
}
"""Of the WebSockets, as of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BareLine:
    """What the legs of a call need of a line."""

    wanted: Mapping[str, str]
    """What Asterisk is to be asked for, as `Line.wanted`."""
    connect: Callable[[Mapping[str, str]], Awaitable[None]]
    """As `Line.connect`."""


def opened(way: Way, dialling: Dialling) -> AbstractAsyncContextManager[BareLine]:
    """A line for that way, while the context lasts. Where Asterisk connects with WebSockets, `listening` has it."""
    choice = way.choice
    if choice.kind == "rtp":
        return _rtp(choice.codec)
    if choice.kind != "websocket":
        return _audiosocket(choice.rate)
    return _listened_to(choice.rate) if way.listens else _dialled(choice.rate, dialling)


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[None]:
    """Say back what comes over WebSockets that Asterisk makes to `port`, while the context lasts."""
    async with serve(_say_back, HOST, port, **PLAIN):
        yield


class Packets(asyncio.DatagramProtocol):
    """Sends each packet back to whom it came from."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: there is a socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """asyncio: a packet has come."""
        self._transport.sendto(data, addr)


class Messages(asyncio.Protocol):
    """Sends each message of AudioSocket back that holds sound."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: Asterisk has connected."""
        self._transport = cast("asyncio.Transport", transport)
        self.connected.set()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        for message in self._decoder.messages(data):
            if isinstance(message, Audio) and self._transport:
                self._transport.write(encode(message))

    def close(self) -> None:
        """Leave Asterisk."""
        if self._transport:
            self._transport.abort()


@asynccontextmanager
async def _rtp(codec: str) -> AsyncIterator[BareLine]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Packets, local_addr=(HOST, 0))
    with closing(transport):
        host, port = transport.get_extra_info("sockname")
        yield BareLine(wanted={"external_host": f"{host}:{port}", "format": codec}, connect=_nothing)


@asynccontextmanager
async def _audiosocket(rate: int) -> AsyncIterator[BareLine]:
    """The same for a media channel and for AudioSocket() of the dialplan."""
    messages = Messages()

    async def connected(channel: Mapping[str, str]) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await messages.connected.wait()
        except TimeoutError:
            raise LegError(f"Asterisk has not connected for AudioSocket within {CONNECT_S:g} s") from None

    server = await asyncio.get_running_loop().create_server(lambda: messages, HOST, 0)
    with closing(server), closing(messages):
        _, port = server.sockets[0].getsockname()
        wanted = {
            "external_host": f"{HOST}:{port}",
            "encapsulation": "audiosocket",
            "transport": "tcp",
            "connection_type": "client",
            "format": FORMATS[rate],
            "data": str(uuid4()),
        }
        yield BareLine(wanted=wanted, connect=connected)


@asynccontextmanager
async def _listened_to(rate: int) -> AsyncIterator[BareLine]:
    yield BareLine(wanted=_websocket(rate) | {"external_host": CLIENT, "connection_type": "client"}, connect=_nothing)


@asynccontextmanager
async def _dialled(rate: int, dialling: Dialling) -> AsyncIterator[BareLine]:
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:

        async def dial(channel: Mapping[str, str]) -> None:
            url = f"{dialling.base}/{channel['MEDIA_WEBSOCKET_CONNECTION_ID']}"
            try:
                socket = await connect(
                    url, additional_headers=dialling.headers, ssl=dialling.context, proxy=None, **PLAIN
                )
            except (OSError, InvalidHandshake) as error:
                raise LegError(f"{url} cannot be reached: {error}") from error
            stack.push_async_callback(socket.close)
            group.create_task(_say_back(socket))

        wanted = {"external_host": "INCOMING", "connection_type": "server"}
        yield BareLine(wanted=_websocket(rate) | wanted, connect=dial)


async def _say_back(socket: Connection) -> None:
    with suppress(ConnectionClosed):
        async for message in socket:
            if isinstance(message, bytes):
                await socket.send(message)


def _websocket(rate: int) -> dict[str, str]:
    return {"transport": "websocket", "encapsulation": "none", "format": FORMATS[rate]}


async def _nothing(channel: Mapping[str, str]) -> None:
    """Asterisk sends, and we answer whoever sends."""
