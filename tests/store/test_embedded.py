import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from callcenter import config
from callcenter.errors import StoreError
from callcenter.store import account, embedded
from callcenter.store.database import Database
from callcenter.store.embedded import EmbeddedPostgres

_USER_PROCESS = """
import sys, time
from pathlib import Path
from callcenter.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), quick=True)
server.start()
print(server.pid, file=sys.stderr, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", quick=True)
    yield server
    server.stop()


async def _answer(server: EmbeddedPostgres) -> object:
    connection = await asyncpg.connect(host=server.host, user=embedded.USER, database=embedded.DATABASE)
    try:
        return await connection.fetchval("SHOW server_encoding")
    finally:
        await connection.close()


async def test_it_starts_answers_and_stops(server: EmbeddedPostgres) -> None:
    server.start()
    assert await _answer(server) == "UTF8"
    assert server.home.stat().st_mode & 0o777 == 0o700
    pid = server.pid
    assert pid is not None
    sockets = psutil.Process(pid).net_connections(kind="inet")
    assert sockets == []
    server.stop()
    server.stop()
    assert server.pid is None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_the_last_one_out_stops_it(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.home, quick=True)
    server.start()
    second.start()
    server.stop()
    assert second.pid is not None
    assert await _answer(second) == "UTF8"
    second.stop()
    assert second.pid is None


async def test_the_server_of_a_killed_process_is_taken_over(server: EmbeddedPostgres) -> None:
    pid = await asyncio.to_thread(_start_and_be_killed, server.home)
    server.start()
    assert server.pid == pid
    server.stop()
    assert server.pid is None


async def test_a_killed_server_is_started_again(server: EmbeddedPostgres) -> None:
    server.start()
    assert server.pid is not None
    _kill(server.pid)
    server.start()
    assert await _answer(server) == "UTF8"


@pytest.mark.parametrize("stranger", [os.getpid(), 2**22 + 5], ids=["alive", "free"])
async def test_a_stale_pid_file_is_no_hindrance(server: EmbeddedPostgres, stranger: int) -> None:
    server.start()
    assert server.pid is not None
    note = (server.data / "postmaster.pid").read_text()
    await asyncio.to_thread(_kill, server.pid)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (server.data / name).write_text(note.replace(note.splitlines()[0], str(stranger), 1))
    server.start()
    assert server.pid != stranger
    assert await _answer(server) == "UTF8"


async def test_a_state_path_longer_than_a_socket_allows(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 30) / "postgres", quick=True)
    server.start()
    assert await _answer(server) == "UTF8"
    server.stop()


async def test_an_interrupted_initdb_is_begun_again(server: EmbeddedPostgres) -> None:
    unfinished = server.home / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    assert await _answer(server) == "UTF8"
    assert not unfinished.exists()


async def test_root_runs_it_as_nobody_where_namespaces_are_refused(tmp_path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        if "pytest-of-" in str(directory):
            directory.chmod(0o755)
    server = EmbeddedPostgres(tmp_path / "postgres", quick=True, unshare=False)
    server.start()
    assert await _answer(server) == "UTF8"
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().real == (os.geteuid() or account.NOBODY)
    server.stop()
    usual = EmbeddedPostgres(tmp_path / "postgres", quick=True)
    usual.start()
    assert await _answer(usual) == "UTF8"
    usual.stop()


async def test_a_state_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot use .*file"):
        EmbeddedPostgres(tmp_path / "file" / "postgres").start()


async def test_data_of_a_version_that_is_not_installed(server: EmbeddedPostgres) -> None:
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoreError, match="was made by PostgreSQL 9 and"):
        server.start()


async def test_an_empty_url_means_embedded(tmp_path: Path) -> None:
    async with Database(config.Database(), config.Paths(state=tmp_path)) as database:
        async with database.session() as session:
            assert await session.fetchval("SELECT count(*) FROM calls") == 0
        pid = EmbeddedPostgres(tmp_path / "postgres").pid
        assert pid is not None
        _kill(pid)
        async with database.session() as session:
            assert await session.fetchval("SELECT count(*) FROM calls") == 0
    assert EmbeddedPostgres(tmp_path / "postgres").pid is None


def _start_and_be_killed(home: Path) -> int:
    """The server that a process has started which is no more."""
    command = [sys.executable, "-c", _USER_PROCESS, str(home)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as child:
        assert child.stderr is not None
        pid = int(child.stderr.readline())
        child.kill()
    return pid


def _kill(pid: int) -> None:
    """Kill the server and wait for its helpers, which notice by themselves."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while time.monotonic() < until and any(map(_alive, processes)):
        time.sleep(0.02)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
