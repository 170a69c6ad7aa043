"""One quick embedded PostgreSQL for the session, and a database of its own for each test."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter import config
from callcenter.store import embedded
from callcenter.store.database import Database
from callcenter.store.embedded import EmbeddedPostgres

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory() as directory:
        server = EmbeddedPostgres(Path(directory) / "postgres", quick=True)
        server.start()
        yield server
        server.stop()


@pytest.fixture
async def url(postgres: EmbeddedPostgres) -> str:
    """Of an empty database."""
    name = f"test{next(_numbers)}"
    connection = await asyncpg.connect(host=postgres.host, user=embedded.USER, database=embedded.DATABASE)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"postgresql://{embedded.USER}@/{name}?host={postgres.host}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(config.Database(url=SecretStr(url)), config.Paths()) as database:
        yield database
