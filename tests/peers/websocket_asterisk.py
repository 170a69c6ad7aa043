"""Asterisk's side of a WebSocket channel: it plays a frame each 20 ms, queues what comes early, and obeys commands."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

MEDIA = [Subprotocol("media")]
CONNECTION = "0f3c"


class Channel:
    """One channel. What it does can be changed while it runs."""

    def __init__(self, rate: int = 8000, *, marks: bool = True, start: str = "") -> None:
        size = rate // 50 * 2
        self.start = start or (
            f"MEDIA_START connection_id:{CONNECTION} channel:WebSocket/INCOMING/0x1 channel_id:7 "
            f"format:{'slin' if rate == 8000 else 'slin16'} optimal_frame_size:{size} ptime:20"
        )
        self.played: list[bytes] = []
        """What the caller hears, silence too."""
        self.commands: list[str] = []
        self.playing = asyncio.Event()
        self.playing.set()
        self.reading = asyncio.Event()
        self.reading.set()
        self.connected = asyncio.Event()
        self.gone = asyncio.Event()
        self.path = ""
        self.headers: dict[str, str] = {}
        self._marks = marks
        self._queue: deque[bytes | str] = deque()
        self._socket: Any = None

    @property
    def queued(self) -> int:
        """Frames."""
        return sum(isinstance(item, bytes) for item in self._queue)

    async def say(self, message: str | bytes) -> None:
        """Send a message, whatever it is."""
        await self._socket.send(message)

    async def drop(self) -> None:
        """Break the connection off."""
        self._socket.transport.abort()

    async def run(self, socket: Any) -> None:
        """Be this channel on a connection, until it ends."""
        self._socket = socket
        self.path = socket.request.path
        self.headers = dict(socket.request.headers.raw_items())
        if self.start:
            await socket.send(self.start)
        self.connected.set()
        playing = asyncio.ensure_future(self._play(socket))
        try:
            while True:
                await self.reading.wait()
                self._take(await socket.recv())
        except ConnectionClosed:
            pass
        finally:
            playing.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await playing
            self.gone.set()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._queue.append(message)
            return
        self.commands.append(message)
        if message.startswith("FLUSH_MEDIA"):
            self._queue.clear()
        elif message.startswith("MARK_MEDIA") and self._marks:
            self._queue.append(message.replace("MARK_MEDIA", "MEDIA_MARK_PROCESSED"))

    async def _play(self, socket: Any) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + 0.02, loop.time())
            await asyncio.sleep(due - loop.time())
            await self.playing.wait()
            while self._queue and isinstance(self._queue[0], str):
                await socket.send(self._queue.popleft())
            if self._queue:
                frame = self._queue.popleft()
                assert isinstance(frame, bytes)
                self.played.append(frame)


@asynccontextmanager
async def listening(channel: Channel, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """An Asterisk that is connected to; the address of its /media."""

    async def handle(socket: ServerConnection) -> None:
        await channel.run(socket)

    async with serve(handle, "127.0.0.1", 0, subprotocols=MEDIA, compression=None, ssl=context, max_queue=1) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"{'wss' if context else 'ws'}://127.0.0.1:{port}/media"
        finally:
            channel.reading.set()
            channel.playing.set()


async def dialling(channel: Channel, url: str, context: ssl.SSLContext | None = None) -> None:
    """An Asterisk that connects to `url`, until the connection ends."""
    async with connect(url, subprotocols=MEDIA, compression=None, ssl=context, max_queue=1) as socket:
        await channel.run(socket)
