import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from callcenter.errors import StoreError
from callcenter.store import schema

_PROCESS = """
import asyncio, asyncpg, sys
from callcenter.store import schema
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    print("steps", await schema.migrate(connection, schema.read()))
asyncio.run(main())
"""


async def test_an_empty_database_is_migrated_once(url: str) -> None:
    connection = await asyncpg.connect(url)
    migrations = schema.read()
    assert await schema.migrate(connection, migrations) == len(migrations)
    assert await schema.migrate(connection, migrations) == 0
    await connection.close()


async def test_two_processes_migrate_at_once(url: str) -> None:
    async def process() -> str:
        arguments = ("-c", _PROCESS, url)
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        return (await child.communicate())[0].decode().splitlines()[-1]

    said = await asyncio.gather(process(), process())
    assert sum(int(line.removeprefix("steps ")) for line in said) == len(schema.read())


async def test_calls_from_before_there_were_recordings_stay(url: str) -> None:
    connection = await asyncpg.connect(url)
    migrations = schema.read()
    await schema.migrate(connection, migrations[:1])
    await connection.execute(
        "INSERT INTO calls (id, instance, channel, caller, did, flow, started, ended, outcome, reason) "
        "VALUES (gen_random_uuid(), '', '', '', '', '', now(), now(), 'qualified', 'caller')"
    )
    await schema.migrate(connection, migrations)
    rows = await connection.fetch("SELECT outcome, recording FROM calls")
    assert [tuple(row) for row in rows] == [("qualified", None)]
    await connection.close()


async def test_calls_from_before_usage_was_kept_cost_nothing_that_is_known(url: str) -> None:
    connection = await asyncpg.connect(url)
    migrations = schema.read()
    await schema.migrate(connection, migrations[:5])
    await connection.execute(
        "INSERT INTO calls (id, instance, channel, caller, did, flow, started, ended, outcome, reason) "
        "VALUES (gen_random_uuid(), '', '', '', '', '', now(), now(), 'qualified', 'caller'), "
        "(gen_random_uuid(), '', '', '', '', '', now(), NULL, NULL, NULL)"
    )
    await connection.execute(
        "INSERT INTO turns (call, index, heard, said, heard_by_caller, timings, at) "
        "SELECT id, 0, '', 'Hello.', 'Hello.', '{}', now() FROM calls"
    )
    assert await schema.migrate(connection, migrations) == len(migrations) - 5
    calls = await connection.fetch("SELECT usage, cost FROM calls")
    turns = await connection.fetch("SELECT said, usage FROM turns")
    assert [tuple(row) for row in calls] == [("{}", None)] * 2
    assert [tuple(row) for row in turns] == [("Hello.", "{}")] * 2
    assert await connection.fetchval("SELECT count(*) FROM charges") == 0
    await connection.close()


async def test_a_changed_migration_is_refused(url: str) -> None:
    connection = await asyncpg.connect(url)
    migrations = schema.read()
    await schema.migrate(connection, migrations)
    with pytest.raises(StoreError, match=r"0001_initial\.sql is not the one"):
        await schema.migrate(connection, [replace(migrations[0], sql="SELECT 1"), *migrations[1:]])
    with pytest.raises(StoreError, match="run the newer version"):
        await schema.migrate(connection, [])
    await connection.close()


async def test_a_failing_migration_leaves_nothing(url: str) -> None:
    connection = await asyncpg.connect(url)
    broken = schema.Migration(number=1, name="broken", sql="CREATE TABLE half (); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await schema.migrate(connection, [broken])
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert await connection.fetchval("SELECT to_regclass('migrations')") is None
    await connection.close()


def test_numbers_have_no_gap(tmp_path: Path) -> None:
    (tmp_path / "0002_second.sql").write_text("SELECT 1")
    with pytest.raises(StoreError, match="without a gap"):
        schema.read(tmp_path)
