"""Who stands in the way of TCP connections, and can do harm to each by itself: a process of its own.

    python -m tests.peers.between 127.0.0.9:9092 127.0.0.1:9092
    python -m tests.peers.between 127.0.0.9:8088 127.0.0.1:8088 /media/

What connects to the first it passes on to the second, to which it does harm. With a path it does harm to those instead
who connect, and only on connections that ask for what begins so; whatever else the HTTP server is asked for goes
through.

It is prompt, whatever the test that started it is busy with: a message must be whole within 5 ms, else Asterisk gives
up. It says the number of each connection that harm may be done on, and the port that it comes from, and does what it is
told to them, a JSON object a line, until there is no more to be told.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

ROOM = 8192
"""Bytes that wait here when the victim is not read: half a second of sound, so that it notices soon."""
FIRST_BYTES = 300
"""Of what the victim gets come one by one: the other side's half of a handshake, and more."""
FLOOD_S = 0.01
"""Between two sendings of a flood."""
PATIENCE_S = 20.0


class Link:
    """The test's end of one connection. Harm is done to one side of it, the victim."""

    def __init__(self, number: int, tell: Callable[[dict[str, Any]], None], *, to_server: bool) -> None:
        self.to_server = to_server
        """The victim is the server of the two, which wants the frames of a WebSocket masked; a client does not."""
        self._number = number
        self._tell = tell

    def hold(self) -> None:
        """Read nothing of the victim's any more, and go on sending."""
        self._do("hold")

    def cut(self) -> None:
        """End it for both."""
        self._do("cut")

    def send(self, data: bytes) -> None:
        """Send to the victim what the other side never would."""
        self._do("send", data=data.hex())

    def flood(self, data: bytes) -> None:
        """Send it every FLOOD_S, until the victim closes."""
        self._do("flood", data=data.hex())

    def trickle(self, count: int, pause_s: float = 0.0) -> None:
        """From here on so many bytes go to the victim each by itself, with a pause after it."""
        self._do("trickle", count=count, pause_s=pause_s)

    def _do(self, harm: str, **how: Any) -> None:
        self._tell({"link": self._number, "harm": harm, **how})


class Between:
    """Passes what connects to `address` on to `target`, each a `host:port`. An asynchronous context manager.

    With a `path`, `target` is an HTTP server, and harm is done to who asks it for what begins so.
    """

    def __init__(self, address: str, target: str, path: str = "") -> None:
        self.one_by_one = asyncio.Lock()
        """Hold it from before a connection is made until `link` has told it, to know whose it is."""
        self.came_from: set[int] = set()
        """The ports that connections came from which `link` has told."""
        self._arguments = (address, target, *filter(None, [path]))
        self._path = path
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.between", *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert await self._said() == [0]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def link(self) -> Link:
        """The oldest connection that nobody has asked for yet."""
        number, port = await self._said()
        self.came_from.add(port)
        return Link(number, self._tell, to_server=not self._path)

    async def _said(self) -> list[int]:
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE_S):
            return [int(number) for number in (await self._process.stdout.readline()).split()]

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

    def __init__(self, stand: "Stand") -> None:
        self.front = Side(lambda: stand.open(self), self._look if stand.request else self._onward, self.cut)
        self.back = Side(lambda: None, self._onward if stand.request else self.front.write, self.cut)
        self._victim = self.front if stand.request else self.back
        self._stand = stand
        self._begun = bytearray()
        """What has come of the request."""
        self._waiting = bytearray()
        self._single = 0
        self._pause_s = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Harm may be done here, and is done to the handshake."""
        self._single = FIRST_BYTES
        self._stand.tell(self)

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
            case "hold" if self._victim.transport and not self._victim.transport.is_closing():
                self._victim.transport.pause_reading()
            case "cut":
                self.cut()
            case "send":
                self._victim.write(bytes.fromhex(data))
            case "flood":
                self._tasks.append(asyncio.create_task(self._flood(bytes.fromhex(data))))
            case "trickle":
                self._single, self._pause_s = count, pause_s

    def _look(self, data: bytes) -> None:
        """Pass on what the HTTP server is asked; the daemon has a connection for each WebSocket."""
        if len(self._begun) < len(self._stand.request):
            self._begun += data
            if self._begun.startswith(self._stand.request):
                self.begin()
        self.back.write(data)

    def _onward(self, data: bytes) -> None:
        """Pass on what the victim gets."""
        if self._waiting:
            self._waiting += data
        elif self._single and self._pause_s:
            self._waiting += data
            self._tasks.append(asyncio.create_task(self._trickle()))
        else:
            single, self._single = min(self._single, len(data)), max(0, self._single - len(data))
            for place in range(single):
                self._victim.write(data[place : place + 1])
            if data[single:]:
                self._victim.write(data[single:])

    async def _trickle(self) -> None:
        while self._waiting:
            self._victim.write(bytes(self._waiting[:1]))
            del self._waiting[:1]
            await asyncio.sleep(self._pause_s)

    async def _flood(self, data: bytes) -> None:
        while True:
            self._victim.write(data)
            await asyncio.sleep(FLOOD_S)


class Stand:
    """All ways to one target, a (host, port)."""

    def __init__(self, target: tuple[str, int], path: str) -> None:
        self.ways: list[Way] = []
        """Those that harm may be done on, in the order in which they were told."""
        self.request = f"GET {path}".encode() if path else b""
        """What those begin with, if harm is done to who connects."""
        self._target = target
        self._opening: set[asyncio.Task[None]] = set()

    def way(self) -> Side:
        """The protocol of the next connection."""
        return Way(self).front

    def open(self, way: Way) -> None:
        """Who connects is there: connect to the target."""
        opening = asyncio.create_task(self._connect(way))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    def tell(self, way: Way) -> None:
        """Harm may be done on it."""
        assert way.front.transport
        self.ways.append(way)
        print(len(self.ways), way.front.transport.get_extra_info("peername")[1], flush=True)

    async def _connect(self, way: Way) -> None:
        assert way.front.transport
        way.front.transport.pause_reading()
        loop = asyncio.get_running_loop()
        sock = _socket(small=not self.request)
        try:
            await loop.sock_connect(sock, self._target)
        except OSError:
            sock.close()
            way.cut()
            return
        await loop.create_connection(lambda: way.back, sock=sock)
        if not way.front.transport.is_closing():
            way.front.transport.resume_reading()
        if not self.request:
            way.begin()


def _socket(*, small: bool) -> socket.socket:
    """One with little room for what comes, if it, or who is taken at it, is to be a victim's."""
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    sock.setblocking(False)
    return sock


async def stand_between(address: str, target: str, path: str = "") -> None:
    """Do so until standard input ends."""
    loop = asyncio.get_running_loop()
    stand = Stand(_address(target), path)
    listening = _socket(small=bool(path))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(_address(address))
    await loop.create_server(stand.way, sock=listening)
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
