"""The daemon's local socket: one JSON line in, JSON lines out. `status` and the simulated caller read from it.

Requests: `{"op": "status"}` is answered with one object, `{"op": "watch"}` with one object per event until either side
closes. Events all have `event`, `call` (the call's UUID) and `caller` (the caller's number):

    call   a call arrived             did, flow
    say    a clause begins to play    turn, text, filler (it only bridges the wait for an answer)
    heard  an utterance was recognised text, confidence
    lead   slots or status changed    status, slots {name: value}
    turn   an exchange is over        index, heard, said, heard_by_caller, timings, usage {provider: {…, cost}}
    end    the call is over           outcome, reason, cost
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from callcenter.errors import ConfigurationError, MissingPartError

log = structlog.get_logger()

LINE_LIMIT = 1 << 20
"""Bytes in one line of the protocol."""

EVENTS_WAITING = 1000
"""Events kept for a watcher that does not read; one more and it is dropped."""


class Watchers:
    """Those who look on: each has a bounded queue, and one that falls behind is let go."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[dict[str, Any] | None]] = set()

    @property
    def count(self) -> int:
        """How many look on."""
        return len(self._queues)

    def publish(self, event: dict[str, Any]) -> None:
        """Tell all watchers."""
        for queue in tuple(self._queues):
            if queue.qsize() < EVENTS_WAITING:
                queue.put_nowait(event)
            else:
                self._dismiss(queue)
                log.warning("x watcher", reason="does not read")

    def close(self) -> None:
        """Let all watchers go, once they have read what is there."""
        for queue in tuple(self._queues):
            self._dismiss(queue)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Everything published from now on, until this watcher falls behind."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(EVENTS_WAITING + 1)
        self._queues.add(queue)
        try:
            while event := await queue.get():
                yield event
        finally:
            self._queues.discard(queue)

    def _dismiss(self, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        self._queues.discard(queue)
        queue.put_nowait(None)


async def make_way(path: Path) -> None:
    """For the socket: a file left by a daemon that died is removed, a living daemon's is not.

    Raises ConfigurationError when another daemon answers there, or nobody may listen there.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            return
        if not await _is_answered(path):
            path.unlink()
            return
    except OSError as error:
        raise _unusable(path, error) from error
    raise ConfigurationError(f"another daemon answers at {path}: stop it, or give this one its own paths.state")


async def _is_answered(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"paths.control: cannot listen at {path}: {error.strerror}. Put it, or paths.state, where this user may write"
    )


@asynccontextmanager
async def serving(path: Path, watchers: Watchers, report: Callable[[], dict[str, Any]]) -> AsyncIterator[None]:
    """Answer on the socket at `path`, for its owner only. `report` makes the answer to `status`.

    Raises ConfigurationError when another daemon answers there already, or the socket cannot be made.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that is gone, or talks nonsense, is its own problem.
        with suppress(OSError, ValueError):
            match json.loads(await reader.readline()):
                case {"op": "status"}:
                    await _send(writer, report())
                case {"op": "watch"}:
                    await _forward(watchers, reader, writer)
                case _:
                    await _send(writer, {"error": "unknown request: the operations are status and watch"})
        writer.close()

    await make_way(path)
    try:
        server = await asyncio.start_unix_server(answer, path, limit=LINE_LIMIT)
    except OSError as error:
        raise _unusable(path, error) from error
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        watchers.close()
        await server.wait_closed()
        path.unlink(missing_ok=True)


async def _forward(watchers: Watchers, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send events until the client closes its end, or the daemon its own."""
    async with asyncio.TaskGroup() as group:
        ends = {group.create_task(_closed(reader)), group.create_task(_send_all(watchers, writer))}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()


async def _closed(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):  # a client that was killed leaves what it has not read
        await reader.read()


async def _send_all(watchers: Watchers, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        async for event in watchers.events():
            await _send(writer, event)


async def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if writer.is_closing():  # uvloop raises RuntimeError at what is written then
        raise ConnectionResetError("the client has left")
    writer.write(json.dumps(message, default=str).encode() + b"\n")
    await writer.drain()


async def status(socket: Path) -> dict[str, Any]:
    """Ask the daemon at `socket` how it is. Raises MissingPartError when none listens there."""
    async for answer in _ask(socket, "status"):
        return answer
    raise MissingPartError(f"the daemon at {socket} closed the connection without an answer")


async def watch(socket: Path) -> AsyncIterator[dict[str, Any]]:
    """The events of all calls from now on. Ends when the daemon does. Raises MissingPartError when none listens."""
    async for event in _ask(socket, "watch"):
        yield event


async def _ask(socket: Path, operation: str) -> AsyncIterator[dict[str, Any]]:
    try:
        reader, writer = await asyncio.open_unix_connection(socket, limit=LINE_LIMIT)
    except OSError as error:
        raise MissingPartError(f"no daemon answers at {socket}: start one with `callcenter run`") from error
    try:
        writer.write(json.dumps({"op": operation}).encode() + b"\n")
        await writer.drain()
        while line := await reader.readline():
            yield json.loads(line)
    finally:
        writer.close()
