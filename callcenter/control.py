"""The daemon's local socket: one JSON line in, JSON lines out. `status` and the simulated caller read from it.

Requests: `{"op": "status"}` is answered with one object, `{"op": "watch"}` with one object per event until either side
closes. Events all have `event`, `call` (the call's UUID) and `caller` (the caller's number):

    call   a call arrived             did, flow
    say    a clause begins to play    turn, text
    heard  an utterance was recognised text, confidence
    lead   slots or status changed    status, slots {name: value}
    turn   an exchange is over        index, heard, said, heard_by_caller, timings
    end    the call is over           outcome, reason
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from callcenter.errors import MissingPartError

LINE_LIMIT = 1 << 20
"""Bytes in one line of the protocol."""


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
