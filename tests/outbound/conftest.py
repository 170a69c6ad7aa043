"""A database and a telephone network for campaigns."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.outbound.telephone_network import TelephoneNetwork
from tests.store.conftest import database, postgres, url

__all__ = ["database", "network", "postgres", "url"]


@pytest_asyncio.fixture
async def network() -> AsyncIterator[TelephoneNetwork]:
    """Nobody has a number yet."""
    async with TelephoneNetwork() as network:
        yield network
