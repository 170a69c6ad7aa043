"""A TCP connection's way that can be blocked for a while: what is sent meanwhile comes all at once afterwards."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

AT_ONCE = 65536


class Blockable:
    """Passes connections on to `target`, a `host:port`. An asynchronous context manager."""

    def __init__(self, target: str) -> None:
        self.address = ""
        """Where to connect instead, as `host:port`."""
        self.free = asyncio.Event()
        """Clear it to block the way in both directions."""
        self.free.set()
        self._target = target
        self._server: asyncio.Server
        self._pipes: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def block(self, seconds: float) -> None:
        """Let nothing through for so long."""
        self.free.clear()
        await asyncio.sleep(seconds)
        self.free.set()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        for source, sink in ((reader, back), (there, writer)):
            self._pipes.add(asyncio.create_task(self._pass_on(source, sink)))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while data := await source.read(AT_ONCE):
                    await self.free.wait()
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.close()
