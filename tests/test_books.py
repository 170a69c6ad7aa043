"""What is kept of all calls, from when the daemon starts until it ends."""

import asyncio
from pathlib import Path

from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import books, config
from callcenter.books import Books
from callcenter.store.spool import Spool
from tests.store import samples

AWAY = config.Database(url=SecretStr("postgresql://nobody@127.0.0.1:1/none"))


async def test_a_database_that_cannot_be_used_is_told_while_the_daemon_still_starts(tmp_path: Path) -> None:
    settings = config.Settings(database=AWAY, paths=config.Paths(state=tmp_path))
    with capture_logs() as lines:
        async with books.opened(settings, "test") as kept:
            await until_away(kept)
    (warning,) = [line for line in lines if line["event"] == "! store"]
    assert "database.url" in warning["error"]


async def until_away(kept: Books) -> None:
    async with asyncio.timeout(10):
        while not kept.recorder.counts.away:  # noqa: ASYNC110 - counts have no event
            await asyncio.sleep(0.01)


async def test_what_was_put_last_is_kept(tmp_path: Path) -> None:
    settings = config.Settings(database=AWAY, paths=config.Paths(state=tmp_path))
    async with books.opened(settings, "test") as kept:
        await until_away(kept)
        kept.recorder.put(samples.started(1))
    spool = Spool(tmp_path / "spool")
    spool.open()
    assert len(spool.read(10).lines) == 1
    spool.close()
