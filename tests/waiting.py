"""Waiting for what has no event, on a machine that may be busy."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 20.0
"""What has not happened after this never will, however much else this machine has to do."""


async def until(condition: Callable[[], object]) -> None:
    """Wait for it. Raises TimeoutError after PATIENCE_S."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
