"""Who stands in the way of TCP connections, and can do harm to each by itself: a process of its own.

    python -m tests.peers.between 127.0.0.9:9092 127.0.0.1:9092

What connects to the first it passes on to the second. It is prompt, whatever the test that started it is busy with: a
message must be whole within 5 ms, else Asterisk gives up. It says the number of each connection as it comes, and does
what it is told to them, a JSON object a line, until there is no more to be told.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

ROOM = 8192
"""Bytes that wait here for somebody who does not read: half a second of sound, so that the sender notices soon."""
FIRST_BYTES = 300
"""Of each connection come one by one: its opening, and more."""
FLOOD_S = 0.01
"""Between two sendings of a flood."""
PATIENCE_S = 20.0


class Link:
    """The test's end of one connection, from the peer who has made it onward to the target."""

    def __init__(self, number: int, tell: Callable[[dict[str, Any]], None]) -> None:
        self._number = number
        self._tell = tell

    def hold(self) -> None:
        """Read nothing of the target's any more, and go on sending."""
        self._do("hold")

    def cut(self) -> None:
        """End it for both."""
        self._do("cut")

    def send(self, data: bytes) -> None:
        """Send to the target what the peer never would."""
        self._do("send", data=data.hex())

    def flood(self, data: bytes) -> None:
        """Send it every FLOOD_S, until the target closes."""
        self._do("flood", data=data.hex())

    def trickle(self, count: int, pause_s: float = 0.0) -> None:
        """From here on so many bytes go onward each by itself, with a pause after it."""
        self._do("trickle", count=count, pause_s=pause_s)

    def _do(self, harm: str, **how: Any) -> None:
        self._tell({"link": self._number, "harm": harm, **how})


class Between:
    """Passes what connects to `address` on to `target`, each a `host:port`. An asynchronous context manager."""

    def __init__(self, address: str, target: str) -> None:
        self.one_by_one = asyncio.Lock()
        """Hold it from before a connection is made until `link` has told it, to know whose it is."""
        self._between = (address, target)
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.between", *self._between),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert await self._next() == 0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def link(self) -> Link:
        """The oldest connection that nobody has asked for yet."""
        return Link(await self._next(), self._tell)

    async def _next(self) -> int:
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE_S):
            return int(await self._process.stdout.readline())

    def _tell(self, command: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command).encode() + b"\n")


class Side(asyncio.Protocol):
    """One of the two connections that make a way."""

    def __init__(self, made: Callable[[], None], take: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self.transport: asyncio.Transport | None = None
        self._made = made
        self._take = take
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is there."""
        self.transport = cast("asyncio.Transport", transport)
        self._made()

    def data_received(self, data: bytes) -> None:
        """asyncio: something has come."""
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is gone."""
        self._lost()

    def write(self, data: bytes) -> None:
        """Send it, where there is anybody."""
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)


class Way:
    """A connection of a peer's, `front`, and the one to the target, `back`."""

    def __init__(self, open_: Callable[["Way"], None]) -> None:
        """`open_` is called when the peer is there."""
        self.front = Side(lambda: open_(self), self._onward, self.cut)
        self.back = Side(lambda: None, self.front.write, self.cut)
        self._waiting = bytearray()
        self._single = FIRST_BYTES
        self._pause_s = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def cut(self) -> None:
        """End both."""
        for task in self._tasks:
            task.cancel()
        for side in (self.front, self.back):
            if side.transport:
                side.transport.abort()

    def obey(self, harm: str, data: str = "", count: int = 0, pause_s: float = 0.0) -> None:
        """Do what the test says."""
        match harm:
            case "hold" if self.back.transport and not self.back.transport.is_closing():
                self.back.transport.pause_reading()
            case "cut":
                self.cut()
            case "send":
                self.back.write(bytes.fromhex(data))
            case "flood":
                self._tasks.append(asyncio.create_task(self._flood(bytes.fromhex(data))))
            case "trickle":
                self._single, self._pause_s = count, pause_s

    def _onward(self, data: bytes) -> None:
        if self._waiting:
            self._waiting += data
        elif self._single and self._pause_s:
            self._waiting += data
            self._tasks.append(asyncio.create_task(self._trickle()))
        else:
            single, self._single = min(self._single, len(data)), max(0, self._single - len(data))
            for place in range(single):
                self.back.write(data[place : place + 1])
            if data[single:]:
                self.back.write(data[single:])

    async def _trickle(self) -> None:
        while self._waiting:
            self.back.write(bytes(self._waiting[:1]))
            del self._waiting[:1]
            await asyncio.sleep(self._pause_s)

    async def _flood(self, data: bytes) -> None:
        while True:
            self.back.write(data)
            await asyncio.sleep(FLOOD_S)


class Stand:
    """All ways to one target, a (host, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.ways: list[Way] = []
        """Those that go through, in the order in which they came to."""
        self._target = target
        self._opening: set[asyncio.Task[None]] = set()

    def way(self) -> Side:
        """The protocol of the next connection."""
        return Way(self._open).front

    def _open(self, way: Way) -> None:
        opening = asyncio.create_task(self._connect(way))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _connect(self, way: Way) -> None:
        assert way.front.transport
        way.front.transport.pause_reading()
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(sock, self._target)
        except OSError:
            sock.close()
            way.cut()
            return
        await loop.create_connection(lambda: way.back, sock=sock)
        if not way.front.transport.is_closing():
            way.front.transport.resume_reading()
        self.ways.append(way)
        print(len(self.ways), flush=True)


async def stand_between(address: str, target: str) -> None:
    """Do so until standard input ends."""
    loop = asyncio.get_running_loop()
    stand = Stand(_address(target))
    await loop.create_server(stand.way, *_address(address))
    commands = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print(0, flush=True)
    while line := await commands.readline():
        command = json.loads(line)
        stand.ways[command.pop("link") - 1].obey(**command)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    asyncio.run(stand_between(*sys.argv[1:]))
