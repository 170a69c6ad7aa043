"""The way to PostgreSQL: a pool of connections to the configured server, or to the embedded one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from callcenter import config
from callcenter.errors import CallCenterError, StoreError
from callcenter.store import embedded, schema
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.statements import Session

_CONNECT_S = 5.0
_COMMAND_S = 10.0
_CLOSE_S = 5.0


class Database:
    """Used by `async with`, or `open` and `close`. A configured server need not be there when it is opened."""

    def __init__(self, settings: config.Database, paths: config.Paths) -> None:
        self._settings = settings
        self._embedded = None if settings.url.get_secret_value() else EmbeddedPostgres(paths.state / "postgres")
        self._pool: asyncpg.Pool | None = None
        self._migrated = False
        self._migrating = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Start the embedded PostgreSQL where that is used; a configured one is met at the first `session`.

        Raises StoreError, or MissingPartError.
        """
        try:
            if self._embedded:
                await asyncio.to_thread(self._embedded.start)
            self._pool = await asyncpg.create_pool(
                **self._address(),
                min_size=0,
                max_size=self._settings.pool,
                init=_prepare,
                timeout=_CONNECT_S,
                command_timeout=_COMMAND_S,
                server_settings={"application_name": "callcenter"},
            )
        except (CallCenterError, asyncio.CancelledError):
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connections, and stop the embedded PostgreSQL unless another process uses it."""
        if self._pool:
            try:
                await asyncio.wait_for(self._pool.close(), _CLOSE_S)
            except TimeoutError:
                self._pool.terminate()
            self._pool = None
        if self._embedded:
            await asyncio.to_thread(self._embedded.stop)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection to a database with the present schema.

        Raises StoreError for every failure of PostgreSQL, in the body too; LookupError and ValueError pass.
        """
        if self._pool is None:
            raise StoreError("the database is closed")
        try:
            await self._revive()
            session = await self._acquire(self._pool)
            try:
                await self._migrate(session)
                yield session
            except (asyncio.CancelledError, TimeoutError):
                # Its query was cut off, and a server that stands still would keep the pool waiting for the rest.
                session.terminate()
                raise
            finally:
                await self._pool.release(session)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise StoreError(_explained(error)) from error

    async def _acquire(self, pool: asyncpg.Pool) -> PoolConnectionProxy:
        try:
            return await pool.acquire(timeout=_CONNECT_S)
        except ValueError as error:
            raise StoreError(f"database.url cannot be used: {error}") from error

    async def _revive(self) -> None:
        """Start an embedded server again that was stopped or killed behind our back."""
        if self._embedded and self._embedded.pid is None:
            await asyncio.to_thread(self._embedded.start)

    async def _migrate(self, session: Session) -> None:
        async with self._migrating:
            if not self._migrated:
                await schema.migrate(session, schema.read())
                self._migrated = True

    def _address(self) -> dict[str, Any]:
        if self._embedded:
            return {"host": self._embedded.host, "user": embedded.USER, "database": embedded.DATABASE}
        return {"dsn": self._settings.url.get_secret_value()}


async def _prepare(session: Session) -> None:
    await session.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


def _explained(error: Exception) -> str:
    """What went wrong and what to do. PostgreSQL's messages hold no password."""
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return f"PostgreSQL refused the login: {error}. Correct user and password in database.url"
        case asyncpg.InvalidCatalogNameError():
            return f"PostgreSQL has no such database: {error}. Create it, or correct database.url"
        case asyncpg.InsufficientPrivilegeError():
            return f"the database user may not do that: {error}. It must own the schema or be granted CREATE on it"
        case asyncpg.CannotConnectNowError() | asyncpg.AdminShutdownError() | asyncpg.CrashShutdownError():
            return f"PostgreSQL is starting or stopping: {error}. Try again"
        case TimeoutError():
            return f"PostgreSQL did not answer within {_COMMAND_S:.0f} s. Is the server of database.url there?"
        case OSError() | asyncpg.PostgresConnectionError():
            return f"PostgreSQL cannot be reached: {error}. Start it, or correct database.url"
        case _:
            return f"PostgreSQL: {error}"
