"""A process of a benchmark: takes its specification as an argument and orders on stdin, answers on stdout, all JSON."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import IO, Any

from callcenter.errors import SimulationError

STOP_S = 1.0


class Child:
    """A running process. Its stderr is kept, to say why it died."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, complaints: IO[bytes]) -> None:
        self.name = name
        self._process = process
        self._complaints = complaints

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @classmethod
    @asynccontextmanager
    async def started(
        cls, name: str, command: Sequence[str], specification: Mapping[str, Any]
    ) -> AsyncIterator["Child"]:
        """Run `command` for as long as the context lasts."""
        with tempfile.TemporaryFile() as complaints:
            process = await asyncio.create_subprocess_exec(
                *command,
                json.dumps(specification),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
            )
            try:
                yield cls(name, process, complaints)
            finally:
                await asyncio.shield(_end(process))

    async def tell(self, order: Mapping[str, Any]) -> None:
        """Send an order. Raises SimulationError when the process is gone."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            await stdin.drain()
        except ConnectionError:
            raise await self._gone() from None

    async def answer(self, within_s: float) -> Any:
        """Its next line. Raises SimulationError when the process is gone, or says nothing in time."""
        stdout = self._process.stdout
        assert stdout is not None
        try:
            async with asyncio.timeout(within_s):
                line = await stdout.readline()
        except TimeoutError:
            raise SimulationError(f"{self.name} did not answer within {within_s:.0f} s") from None
        if not line.endswith(b"\n"):
            raise await self._gone()
        return json.loads(line)

    async def _gone(self) -> SimulationError:
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
        return SimulationError(
            f"{self.name} ended with status {self._process.returncode}: {said or 'it gave no reason'}"
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its stdin ends first, which asks it to go."""
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
