"""Numbered SQL migrations, each applied once, in order, in a transaction of its own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import structlog

from callcenter.errors import StoreError
from callcenter.store.statements import Session

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x63616C6C
"""The key of the advisory lock that lets one process migrate at a time: "call" in ASCII."""

_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
    number   integer PRIMARY KEY,
    name     text NOT NULL,
    checksum text NOT NULL,
    applied  timestamptz NOT NULL DEFAULT now()
)
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: `0001_initial.sql` has number 1 and name `initial`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations in `directory`, in order. Raises StoreError when their numbers are not 1, 2, 3 and so on."""
    found = []
    for path in sorted(directory.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(number=int(number), name=name, sql=path.read_text(encoding="utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise StoreError(f"{directory}: migrations must be numbered 0001, 0002 and so on without a gap")
    return found


async def migrate(session: Session, migrations: list[Migration]) -> int:
    """Bring the schema up to date and return how many migrations that took.

    Raises StoreError when an applied file was changed since, or when the database knows a migration that we do not.
    """
    steps = 0
    while await _step(session, migrations):
        steps += 1
    return steps


async def _step(session: Session, migrations: list[Migration]) -> bool:
    async with session.transaction():
        await session.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await session.execute("SET LOCAL client_min_messages = warning")
        await session.execute(_TABLE)
        applied = {row["number"]: row for row in await session.fetch("SELECT number, name, checksum FROM migrations")}
        _check({number: (row["name"], row["checksum"]) for number, row in applied.items()}, migrations)
        pending = [migration for migration in migrations if migration.number not in applied]
        if not pending:
            return False
        first = pending[0]
        await session.execute(first.sql)
        await session.execute(
            "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
            *(first.number, first.name, first.checksum),
        )
    log.info("= schema", migration=first.number, name=first.name)
    return True


def _check(applied: dict[int, tuple[str, str]], migrations: list[Migration]) -> None:
    newest = max(applied, default=0)
    if newest > len(migrations):
        raise StoreError(
            f"the database has schema {newest} and this version of callcenter knows up to {len(migrations)}: "
            "run the newer version, or give this one a database of its own"
        )
    for migration in migrations:
        name, checksum = applied.get(migration.number, (migration.name, migration.checksum))
        if (name, checksum) != (migration.name, migration.checksum):
            raise StoreError(
                f"migration {migration.number:04}_{migration.name}.sql is not the one that was applied to the "
                "database: put the old file back, and change the schema by a new migration"
            )
