"""The daemon's writing side: takes records at once, stores them in order, and keeps them when PostgreSQL is away."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import asyncpg
import structlog

from callcenter.errors import StoreError
from callcenter.store import codec, statements
from callcenter.store.database import Database
from callcenter.store.records import PhrasePrepared, Record
from callcenter.store.spool import Spool
from callcenter.store.statements import Session

_BATCH = 100
"""Records in one transaction."""

_ATTEMPT_S = 10.0
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 5.0

_REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    LookupError,
    ValueError,
)
"""The record's own fault: trying again would not help."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the records."""

    written: int
    spooled: int
    """That had to go to the disk first."""
    waiting: int
    """In memory or in the spool."""
    rejected: int
    dropped: int
    """Lost: neither PostgreSQL nor the disk took them, and memory was full."""
    away: bool
    """PostgreSQL cannot be used."""


class Recorder:
    """Owned by the daemon, which runs `run` in its task group; it opens and closes the spool, not the database."""

    def __init__(self, database: Database, spool: Spool, *, instance: str = "", limit: int = 10_000) -> None:
        """`instance` is that of the CallStarted records; `limit` is how many records memory may hold."""
        self._database = database
        self._spool = spool
        self._instance = instance
        self._limit = limit
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._done = asyncio.Event()
        self._deadline: asyncio.Timeout | None = None
        self._lost_before: datetime | None = None
        self._closing = False
        self._away = False
        self._disk_fails = False
        self._retry_at = 0.0
        self._backoff = _FIRST_RETRY_S
        self._written = self._spooled = self._rejected = self._dropped = 0

    @property
    def counts(self) -> Counts:
        """As of now."""
        return Counts(
            written=self._written,
            spooled=self._spooled,
            waiting=len(self._waiting) + self._spool.count,
            rejected=self._rejected,
            dropped=self._dropped,
            away=self._away,
        )

    def put(self, record: Record) -> None:
        """Take `record` as it is at this moment. Never waits, never raises."""
        try:
            line = codec.encode(record)
        except (TypeError, ValueError) as error:
            self._rejected += 1
            log.error("! record", **_named(record), rejected=str(error))
            return
        if len(self._waiting) >= self._limit:
            self._dropped += 1
            log.error("x record", **_named(record), waiting=len(self._waiting))
            return
        self._waiting.append(line)
        self._wake.set()

    def close_lost(self, before: datetime) -> None:
        """End the calls that this instance began `before` and that never ended, once the spool has been stored."""
        self._lost_before = before
        self._wake.set()

    async def run(self) -> None:
        """Store what is put until `close`. Whatever is left then is in the spool."""
        try:
            async with asyncio.timeout(None) as self._deadline:
                await self._open_spool()
                while not self._finished:
                    self._wake.clear()
                    await self._step()
        except TimeoutError:
            log.warning("! store", unfinished=self.counts.waiting)
        finally:
            await self._spool_waiting()
            await asyncio.to_thread(self._spool.close)
            if self._waiting:
                log.error("x records", dropped=len(self._waiting))
            self._done.set()

    async def close(self, limit: float) -> None:
        """Store what was put, for at most `limit` seconds; return when it is stored or in the spool."""
        self._closing = True
        self._wake.set()
        if self._deadline is None or self._done.is_set():
            return
        self._deadline.reschedule(asyncio.get_running_loop().time() + limit)
        await self._done.wait()

    @property
    def _finished(self) -> bool:
        return self._closing and (self._away or (not self._waiting and self._spool.empty))

    async def _step(self) -> None:
        if self._spool.empty and not self._away:
            await self._write_through()
        else:
            await self._write_behind()

    async def _write_through(self) -> None:
        """From memory to the database."""
        if self._lost_before is not None:
            await self._close_lost(self._lost_before)
        elif lines := list(islice(self._waiting, _BATCH)):
            if await self._store(lines):
                self._forget(len(lines))
        else:
            await self._wake.wait()

    async def _write_behind(self) -> None:
        """From memory to the spool, and from the spool to the database when it may be back."""
        await self._spool_waiting()
        now = asyncio.get_running_loop().time()
        if now >= self._retry_at:
            await self._catch_up()
        else:
            await self._wait(self._retry_at - now)

    async def _catch_up(self) -> None:
        """Store a part of the spool; with nothing in it, only try the database."""
        try:
            chunk = await asyncio.to_thread(self._spool.read, _BATCH)
            if await self._store(chunk.lines):
                await asyncio.to_thread(self._spool.stored, chunk)
                self._came_back()
        except StoreError as error:
            self._went_away(error)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _store(self, lines: list[str]) -> bool:
        try:
            async with asyncio.timeout(_ATTEMPT_S), self._database.session() as session:
                refused = await _write(session, lines)
        except (StoreError, TimeoutError) as error:
            self._went_away(error)
            return False
        self._written += len(lines) - len(refused)
        for line, reason in refused:
            await self._reject(line, reason)
        return True

    async def _close_lost(self, before: datetime) -> None:
        try:
            async with asyncio.timeout(_ATTEMPT_S), self._database.session() as session:
                closed = await statements.close_lost(session, self._instance, before)
        except (StoreError, TimeoutError) as error:
            self._went_away(error)
            return
        self._lost_before = None
        for call in closed:
            log.warning("= call", call=str(call), ended="lost")

    async def _reject(self, line: str, reason: str) -> None:
        self._rejected += 1
        log.error("! record", rejected=reason, record=line[:200])
        try:
            await asyncio.to_thread(self._spool.reject, line, reason)
        except StoreError as error:
            log.error("! spool", error=str(error), record=line)

    async def _open_spool(self) -> None:
        try:
            await asyncio.to_thread(self._spool.open)
        except StoreError as error:
            self._disk_failed(error)

    async def _spool_waiting(self) -> None:
        lines = list(self._waiting)
        if not lines:
            return
        try:
            await asyncio.to_thread(self._spool.open)
            await asyncio.to_thread(self._spool.append, lines)
        except StoreError as error:
            self._disk_failed(error)
            return
        self._disk_fails = False
        self._spooled += len(lines)
        self._forget(len(lines))

    def _disk_failed(self, error: StoreError) -> None:
        if not self._disk_fails:
            log.error("! spool", error=str(error))
        self._disk_fails = True

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()

    def _went_away(self, error: StoreError | TimeoutError) -> None:
        if not self._away:
            log.warning("! store", away=True, error=str(error) or f"no answer in {_ATTEMPT_S:.0f} s")
        self._away = True
        self._retry_at = asyncio.get_running_loop().time() + self._backoff
        self._backoff = min(self._backoff * 2, _LAST_RETRY_S)

    def _came_back(self) -> None:
        if self._away:
            log.info("= store", away=False, spooled=self._spool.count)
        self._away = False
        self._retry_at = 0.0
        self._backoff = _FIRST_RETRY_S


def _named(record: Record) -> dict[str, str]:
    """What the log says of it."""
    whose = {} if isinstance(record, PhrasePrepared) else {"call": str(record.call)}
    return {**whose, "kind": type(record).__name__}


async def _write(session: Session, lines: list[str]) -> list[tuple[str, str]]:
    """Store `lines` in one transaction; return those that the database refused, each with the reason."""
    try:
        async with session.transaction():
            for line in lines:
                await statements.store(session, codec.decode(line))
    except _REFUSED:
        return await _write_singly(session, lines)
    return []


async def _write_singly(session: Session, lines: list[str]) -> list[tuple[str, str]]:
    refused = []
    async with session.transaction():
        for line in lines:
            try:
                async with session.transaction():
                    await statements.store(session, codec.decode(line))
            except _REFUSED as error:
                refused.append((line, f"{type(error).__name__}: {error}"))
    return refused
