"""What runs in the background for as long as what it serves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Hands out what starts a coroutine; all are cancelled at the end, and one that fails ends the others."""
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:
        yield lambda work: tasks.append(group.create_task(work))
        for task in tasks:
            task.cancel()
