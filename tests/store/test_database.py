import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter import config
from callcenter.errors import StoreError
from callcenter.store import embedded
from callcenter.store.database import Database
from callcenter.store.embedded import EmbeddedPostgres


async def _use(url: str) -> None:
    async with Database(config.Database(url=SecretStr(url)), config.Paths()) as database, database.session():
        pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://callcenter@127.0.0.1:1/leads", "cannot be reached"),
        ("postgresql:///x?host=/nowhere", "cannot be reached"),
        ("mysql://localhost/leads", "cannot be used"),
        ("nonsense", "cannot be used"),
        ("postgresql://localhost:port/x", "cannot be used"),
    ],
)
async def test_a_wrong_url_is_a_store_error(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        await _use(url)


async def test_a_wrong_database_or_user_is_a_store_error(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(StoreError, match="no such database"):
        await _use(f"postgresql://{embedded.USER}@/missing?host={postgres.host}")
    with pytest.raises(StoreError, match="refused the login"):
        await _use(f"postgresql://stranger@/postgres?host={postgres.host}")


async def test_a_wrong_password_is_a_store_error(postgres: EmbeddedPostgres) -> None:
    access = postgres.data / "pg_hba.conf"
    trusting = access.read_text()
    connection = await asyncpg.connect(host=postgres.host, user=embedded.USER, database=embedded.DATABASE)
    await connection.execute("CREATE USER guarded PASSWORD 'right'")
    access.write_text(f"local all guarded scram-sha-256\n{trusting}")
    await connection.execute("SELECT pg_reload_conf()")
    with pytest.raises(StoreError, match=r"refused the login.*Correct user and password") as raised:
        await _use(f"postgresql://guarded:wrong-one@/postgres?host={postgres.host}")
    assert "wrong-one" not in str(raised.value)
    access.write_text(trusting)
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("DROP USER guarded")
    await connection.close()


async def test_jsonb_comes_back_as_values(database: Database) -> None:
    async with database.session() as session:
        assert await session.fetchval("SELECT $1::jsonb", {"a": [1, 2.5, None, "é"]}) == {"a": [1, 2.5, None, "é"]}


async def test_a_failing_statement_is_a_store_error(database: Database) -> None:
    with pytest.raises(StoreError, match="missing"):
        async with database.session() as session:
            await session.execute("SELECT * FROM missing")


async def test_a_closed_database_is_a_store_error(tmp_path: Path) -> None:
    database = Database(config.Database(), config.Paths(state=tmp_path))
    with pytest.raises(StoreError, match="closed"):
        async with database.session():
            pass
    await database.close()


async def test_an_embedded_postgres_that_cannot_start_is_let_go(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoreError, match="was made by PostgreSQL 9"):
        await Database(config.Database(), config.Paths(state=tmp_path)).open()
    data.rename(tmp_path / "old")
    async with Database(config.Database(), config.Paths(state=tmp_path)) as database, database.session():
        pass
    assert EmbeddedPostgres(tmp_path / "postgres").pid is None


@asynccontextmanager
async def _frozen(database: Database) -> AsyncIterator[None]:
    """The process that serves the pool's only connection stands still."""
    async with database.session() as session:
        backend = await session.fetchval("SELECT pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(backend, signal.SIGCONT)


async def _ask(database: Database) -> None:
    async with database.session() as session:
        await session.execute("SELECT 1")


async def test_a_query_that_takes_too_long_can_be_given_up(database: Database) -> None:
    async with _frozen(database):
        with pytest.raises((TimeoutError, StoreError)):
            async with asyncio.timeout(0.3):
                await _ask(database)
    await _ask(database)


async def test_a_query_can_be_cancelled(database: Database) -> None:
    async with _frozen(database):
        asking = asyncio.ensure_future(_ask(database))
        await asyncio.sleep(0.3)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await _ask(database)
