"""The recorder against a PostgreSQL that is stopped, frozen and killed, and a recorder that is itself killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import config
from callcenter.store import account, embedded, queries
from callcenter.store.database import Database
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.recorder import Recorder
from callcenter.store.spool import Spool
from tests.store import samples
from tests.waiting import until

pytestmark = pytest.mark.real

_WRITER = """
import asyncio, sys
from pathlib import Path
from pydantic import SecretStr
from callcenter import config
from callcenter.store.database import Database
from callcenter.store.recorder import Recorder
from callcenter.store.spool import Spool
from tests.store import samples

async def main():
    settings = config.Database(url=SecretStr(sys.argv[1]))
    async with Database(settings, config.Paths()) as database, asyncio.TaskGroup() as tasks:
        recorder = Recorder(database, Spool(Path(sys.argv[2])))
        tasks.create_task(recorder.run())
        for number in range(1, 1000):
            recorder.put(samples.started(number))
        for index in range(100_000):
            for number in range(1, 10):
                recorder.put(samples.turn(number, index))
                recorder.put(samples.lead(number, amount=index))
            if index == 20:
                print("writing", file=sys.stderr, flush=True)
            await asyncio.sleep(0.005)

asyncio.run(main())
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres")
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


def _url(server: EmbeddedPostgres) -> str:
    return f"postgresql://{embedded.USER}@/{embedded.DATABASE}?host={server.host}"


def _database(url: str) -> Database:
    return Database(config.Database(url=SecretStr(url)), config.Paths())


def _stop_at_once(server: EmbeddedPostgres) -> None:
    programs = embedded._installed()[int((server.data / "PG_VERSION").read_text())]
    account.find().run(programs / "pg_ctl", "stop", "--mode=immediate", "--wait", f"--pgdata={server.data}")


async def _until_back(recorder: Recorder) -> None:
    async with asyncio.timeout(30):
        while recorder.counts.away or recorder.counts.waiting:  # noqa: ASYNC110 - counts have no event
            await asyncio.sleep(0.05)


async def _inserts_in_order(database: Database) -> None:
    """Have the database itself note each first insert of a turn, in the order in which they happen."""
    async with database.session() as session:
        await session.execute("""
            CREATE TABLE noted (number bigserial PRIMARY KEY, call uuid, index integer);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN INSERT INTO noted (call, index) VALUES (NEW.call, NEW.index); RETURN NEW; END';
            CREATE TRIGGER note AFTER INSERT ON turns FOR EACH ROW EXECUTE FUNCTION note();
        """)


async def test_postgres_stopped_and_started_in_the_middle(server: EmbeddedPostgres, tmp_path: Path) -> None:
    calls, turns = 40, 5
    async with _database(_url(server)) as database, asyncio.TaskGroup() as tasks:
        await _inserts_in_order(database)
        recorder = Recorder(database, Spool(tmp_path / "spool"))
        tasks.create_task(recorder.run())
        by_step = list(zip(*(samples.whole(number, turns) for number in range(1, calls + 1)), strict=True))
        outage = asyncio.create_task(asyncio.sleep(0))
        for step, records in enumerate(by_step):
            if step in (3, 7):
                await outage
                outage = tasks.create_task(asyncio.to_thread(_stop_at_once, server))
            if step in (5, 9):
                await outage
                await until(lambda: recorder.counts.away)
                outage = tasks.create_task(asyncio.to_thread(server.start))
            for record in records:
                recorder.put(record)
                await asyncio.sleep(0.001)
        await outage
        await _until_back(recorder)
        await recorder.close(5)
        assert recorder.counts.spooled > 0
        assert (recorder.counts.rejected, recorder.counts.dropped) == (0, 0)
        async with database.session() as session:
            assert (await queries.totals(session)).outcomes == {"qualified": calls}
            noted = await session.fetch(
                "SELECT call, array_agg(index ORDER BY number) AS turns FROM noted GROUP BY call"
            )
            leads = await queries.leads(session, limit=100)
    assert [list(row["turns"]) for row in noted] == [list(range(turns))] * calls
    assert [lead.slots["amount"].value for lead in leads] == [turns - 1] * calls


async def test_a_frozen_postgres_holds_up_nobody(server: EmbeddedPostgres, tmp_path: Path) -> None:
    async with _database(_url(server)) as database, asyncio.TaskGroup() as tasks:
        recorder = Recorder(database, Spool(tmp_path / "spool"))
        tasks.create_task(recorder.run())
        recorder.put(samples.started(1))
        await until(lambda: recorder.counts.written)
        backends = _processes_in(server.data)
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            for record in samples.whole(1)[1:]:
                recorder.put(record)
            async with asyncio.timeout(45):
                while not recorder.counts.spooled:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        await _until_back(recorder)
        await recorder.close(5)
        async with database.session() as session:
            assert (await queries.transcript(session, str(samples.call(1)))).call.turns == 3


@pytest.mark.parametrize("away", [False, True], ids=["to the database", "to the spool"])
async def test_a_killed_writer_loses_no_more_than_its_last_moment(
    server: EmbeddedPostgres, tmp_path: Path, away: bool
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none" if away else _url(server)
    await asyncio.to_thread(_write_until_killed, url, tmp_path / "spool")
    async with _database(_url(server)) as database, asyncio.TaskGroup() as tasks:
        recorder = Recorder(database, Spool(tmp_path / "spool"))
        tasks.create_task(recorder.run())
        await asyncio.sleep(0.1)
        await _until_back(recorder)
        with capture_logs() as logs:
            recorder.close_lost(samples.ended(1000).at)
            await until(lambda: any(line.get("ended") == "lost" for line in logs))
        await recorder.close(5)
        async with database.session() as session:
            indexes = await session.fetch("SELECT array_agg(index ORDER BY index) AS found FROM turns GROUP BY call")
            leads = await queries.leads(session)
            totals = await queries.totals(session)
    assert len(indexes) == 9
    lengths = [len(row["found"]) for row in indexes]
    assert [list(row["found"]) for row in indexes] == [list(range(length)) for length in lengths]
    assert min(lengths) > 10
    assert max(lengths) - min(lengths) <= 1
    assert {lead.slots["amount"].value - max(lengths) for lead in leads} <= {-1, -2}
    assert totals.outcomes == {"hung_up": 990, "partial": 9}


def _write_until_killed(url: str, spool: Path) -> None:
    command = [sys.executable, "-c", _WRITER, url, str(spool)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == "writing\n"
        time.sleep(2)
        child.kill()


def _processes_in(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve() == directory.resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
