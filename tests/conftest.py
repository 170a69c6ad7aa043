"""The real parts that tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import load


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the real parts runs last; an ordinary failure shows first."""
    items.sort(key=lambda item: item.get_closest_marker("real") is not None)


@pytest.fixture(scope="session")
def private_asterisk() -> Iterator[PrivateAsterisk]:
    """One Asterisk for all tests that leave it as it was. It belongs to no event loop."""
    asterisk = PrivateAsterisk(load().paths.cache)
    _finish(asterisk.start())
    try:
        yield asterisk
    finally:
        _finish(asterisk.close())


@pytest_asyncio.fixture
async def new_asterisk() -> AsyncIterator[Callable[[], Awaitable[PrivateAsterisk]]]:
    """Starts an Asterisk of a test's own, to kill and start again."""
    async with AsyncExitStack() as stack:

        async def start() -> PrivateAsterisk:
            return await stack.enter_async_context(PrivateAsterisk(load().paths.cache))

        yield start


def _finish(work: Awaitable[None]) -> None:
    """Run `work` on a loop of its own, and leave the loop that pytest-asyncio has set alone."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
