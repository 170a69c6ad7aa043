"""What the daemon survives, and how it ends: one house for all of it, mended before each test.

The last tests need no daemon, so the one that ends politely is their last.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callcenter import config
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.demo import DaemonProcess, House, Traces, led_to
from callcenter.simulation.handset import Handset
from callcenter.simulation.phone import Phone
from callcenter.store.embedded import EmbeddedPostgres
from tests.conftest import finish, open_to_all
from tests.real.callers import calling, ended, stored, target
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
MENDED_S = 30.0


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house as the test before has left it: Asterisk, the daemon or its database may be away."""
    asterisk = PrivateAsterisk(config.load().paths.cache)
    settings = open_to_all(led_to(config.load(), asterisk, tmp_path_factory.mktemp("broken")))
    daemon = DaemonProcess(settings)
    try:
        finish(asterisk.start())
        yield finish(House.started(settings, asterisk, daemon))
    finally:
        finish(daemon.stop())
        finish(asterisk.close())


@pytest.fixture
def own_house(wreck: House) -> House:
    """It, whole and without calls: to break."""
    return finish(mended(wreck))


async def mended(house: House) -> House:
    """What is away comes back; traces are counted from here on."""
    await house.asterisk.start()
    if house.daemon.pid is None:
        await house.daemon.start()
    async with asyncio.timeout(MENDED_S):
        while not await is_whole(house):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    return replace(house, traces=await Traces.before(house.settings))


async def is_whole(house: House) -> bool:
    """Whether it would take a call, and store it at once."""
    report = await house.daemon.status()
    away = report["store"]["away"] or report["store"]["waiting"]
    return report["asterisk"] == "connected" and not report["calls"] and not away


async def shows(house: House, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The daemon's status, as soon as it does."""
    async with asyncio.timeout(PATIENCE_S):
        while not what(report := await house.daemon.status()):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    return report


def beside(house: House) -> DaemonProcess:
    """Another daemon for the same application, with a state of its own."""
    paths = house.settings.paths
    return DaemonProcess(
        house.settings.model_copy(update={"paths": paths.model_copy(update={"state": paths.state / "2"})})
    )


async def test_a_second_daemon_that_takes_over_is_noticed(own_house: House) -> None:
    second = beside(own_house)
    try:
        before = len(own_house.daemon.log.read_text())
        async with calling(own_house) as caller:
            await caller.told("turn", index=0)
            await second.start()
            report = await shows(own_house, lambda report: "another daemon" in report["asterisk"])
            assert "! replaced" in own_house.daemon.log.read_text()[before:]
            assert len(report["calls"]) == 1
            assert (await second.status())["calls"] == []
        await shows(own_house, lambda report: not report["calls"])
    finally:
        await second.stop()


async def test_the_application_is_taken_back_when_the_second_daemon_is_gone(own_house: House) -> None:
    second = beside(own_house)
    await second.start()
    await second.stop()
    await shows(own_house, lambda report: report["asterisk"] == "connected")
    async with calling(own_house) as caller:
        assert await caller.told("turn", index=0)


async def test_asterisk_may_die_in_a_call_and_come_back(own_house: House) -> None:
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        call = (await caller.gets_across("Index funds, please."))["call"]
        await own_house.asterisk.kill()
        await shows(own_house, lambda report: report["asterisk"].startswith("disconnected"))
        await own_house.asterisk.start()
        transcript = await ended(own_house.settings, call)
        assert (transcript.call.outcome, transcript.call.reason) == ("partial", "caller")
    async with calling(own_house) as caller:
        assert await caller.told("turn", index=0)
    assert await own_house.traces.left() == NOTHING


async def test_a_killed_daemon_is_cleaned_up_after_and_its_caller_greeted_again(own_house: House) -> None:
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        call = (await caller.gets_across("Index funds, please."))["call"]
        await caller.told("turn", index=1)
        await shows(own_house, lambda report: not report["store"]["waiting"])
        await own_house.daemon.kill()
        await own_house.daemon.start()
        assert (await own_house.daemon.status())["orphans_removed"] == 3
        (again,) = (await own_house.daemon.status())["calls"]
        assert (again["caller"], again["id"] != call) == (caller.number, True)
        transcript = await ended(own_house.settings, call)
        assert (transcript.call.reason, transcript.call.outcome) == ("lost", "partial")
        assert transcript.lead
        assert transcript.lead.slots["interest"].value == ["funds"]
        assert [turn.index for turn in transcript.turns] == [0, 1]
    assert await own_house.traces.left() == NOTHING


async def test_postgres_may_stop_in_a_call_and_come_back(own_house: House) -> None:
    server = EmbeddedPostgres(own_house.settings.paths.state / "postgres")
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        os.kill(server.pid or 0, signal.SIGSTOP)
        try:
            await caller.says("Index funds, please.")
            await caller.told("turn", index=1)
            await caller.says("Fifty thousand dollars.")
            await caller.told("turn", index=2)
        finally:
            os.kill(server.pid or 0, signal.SIGKILL)
        call = caller.events[0]["call"]
    transcript = await ended(own_house.settings, call)
    assert [turn.index for turn in transcript.turns[:3]] == [0, 1, 2]
    assert transcript.lead
    assert transcript.lead.slots["amount"].value == 50000


async def test_sigterm_lets_calls_end_politely_and_takes_no_new_ones(own_house: House) -> None:
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        call = caller.events[0]["call"]
        stopping = asyncio.ensure_future(own_house.daemon.stop())
        await caller.told("say", turn=1)
        await caller.left()
        await stopping
    transcript = await stored(own_house.settings, call)
    assert transcript.call.reason == "shutdown"
    assert transcript.turns[-1].heard_by_caller
    assert (await own_house.asterisk.command("core show channels concise")).strip() == ""


async def test_without_a_daemon_the_dialplan_answers(wreck: House) -> None:
    await wreck.daemon.stop()
    async with Phone.open(target(wreck.settings)) as phone, Handset.open(phone.host) as handset:
        async with phone.dial("+15550300001", handset) as connection, asyncio.timeout(20):
            await connection.over.wait()
        assert handset.recording.agent.samples().any()


async def test_a_wrong_password_is_one_clear_sentence_before_a_model_is_looked_for(
    wreck: House, tmp_path: Path
) -> None:
    await wreck.daemon.stop()
    changes = {
        "asterisk": wreck.settings.asterisk.model_copy(update={"username": "nobody"}),
        "paths": config.Paths(state=tmp_path / "state", cache=tmp_path / "no models"),
    }
    wrong = wreck.settings.model_copy(update=changes)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callcenter",
        "run",
        env={**os.environ, **config.as_environment(wrong), "CALLCENTER_LOG__LEVEL": "error"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert len(errors.decode().strip().splitlines()) == 1
    assert "asterisk.username" in errors.decode()
