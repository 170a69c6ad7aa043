"""The daemon on a real Asterisk, with callers on SIP phones: what it does well, and what it survives."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from callcenter import cli, config, doctor
from callcenter.config import Settings
from callcenter.demo import DaemonProcess, House
from callcenter.errors import SimulationError
from callcenter.media.rtp_packet import Packet
from callcenter.simulation.handset import Handset
from callcenter.simulation.phone import Phone
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.store.embedded import EmbeddedPostgres
from tests.real.callers import calling, ended, stored, target

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("house"), pytest.mark.timeout(400)]

NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}


async def command(settings: Settings, *arguments: str) -> tuple[int, str]:
    """The exit status and the output of `callcenter` with `settings`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callcenter",
        *arguments,
        env={**os.environ, **config.as_environment(settings)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_status_shows_the_call_and_what_is_known(house: House) -> None:
    async with calling(house) as caller:
        await caller.told("turn", index=0)
        await caller.says("Index funds, please.")
        await caller.told("lead")
        status, output = await command(house.settings, "status", "--json")
        (call,) = json.loads(output)["calls"]
        assert (status, call["caller"], call["did"]) == (0, caller.number, "9000")
        assert call["slots"] == {"interest": ["funds"]}
        assert call["state"] in {"talking", "listening"}
        assert (await command(house.settings, "status"))[1].count(caller.number) == 1
        started = await caller.told("call")
    transcript = await ended(house.settings, started["call"])
    assert (transcript.call.reason, transcript.call.outcome) == ("caller", "partial")
    assert transcript.turns[1].timings.keys() >= {"endpoint", "recognise", "think", "voice", "wire", "total"}
    status, output = await command(house.settings, "calls", started["call"][:8], "--json")
    assert json.loads(output)["turns"][1]["heard"] == transcript.turns[1].heard
    assert transcript.turns[1].heard in (await command(house.settings, "calls", started["call"][:8]))[1]
    assert caller.number in (await command(house.settings, "leads"))[1]
    assert await house.traces.left() == NOTHING


async def test_the_doctor_finds_nothing(house: House) -> None:
    usual = house.settings.model_copy(update={"dialogue": config.Dialogue()})  # without the rehearsal's clock
    findings = [finding async for finding in doctor.examine(usual)]
    assert [finding for finding in findings if not finding.ok] == []
    assert len(findings) == 11


async def test_the_doctor_says_what_to_do(house: House) -> None:
    changed = house.settings.model_copy(
        update={
            "asterisk": house.settings.asterisk.model_copy(update={"username": "nobody"}),
            "database": config.Database.model_validate({"url": "postgresql://nobody@127.0.0.1:1/none"}),
            "dialogue": config.Dialogue(flow="none"),
        }
    )
    findings = {finding.name: finding async for finding in doctor.examine(changed)}
    assert {name for name, finding in findings.items() if not finding.ok} == {
        "flow",
        "database",
        "ARI",
        "lines",
        "RTP both ways",
    }
    assert "asterisk.username" in findings["ARI"].found
    assert all(finding.advice for finding in findings.values() if not finding.ok)


async def test_garbage_and_spoofed_sound_change_nothing(house: House) -> None:
    async with calling(house) as caller:
        ports = [
            connection.laddr.port
            for connection in psutil.Process(house.daemon.pid).net_connections("udp4")
            if connection.laddr.ip == "127.0.0.1"
        ]
        assert ports
        loud = Packet(payload_type=0, sequence=1, timestamp=0, ssrc=99, marker=False, payload=b"\x00" * 160).build()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(2000):
                datagram = random.choice([b"", b"x", random.randbytes(172), loud, loud[: random.randrange(172)]])
                stranger.sendto(datagram, ("127.0.0.1", ports[number % len(ports)]))
                if number % 50 == 0:
                    await asyncio.sleep(0.01)
        await caller.told("turn", index=0)
        await caller.says("Index funds, please.")
        assert (await caller.told("lead"))["slots"] == {"interest": ["funds"]}
    assert await house.traces.left() == NOTHING


async def test_keys_are_heard(house: House) -> None:
    async with calling(house) as caller:
        await caller.told("turn", index=0)
        for answer in ("Index funds.", "Fifty thousand dollars.", "Low risk.", "Ten years.", "Karen Mitchell."):
            turns = len([event for event in caller.events if event["event"] == "turn"])
            await caller.says(answer)
            await caller.told("turn", index=turns)
        await caller.handset.press("5552347890#")
        lead = await caller.told("turn", heard="5552347890")
        assert lead
        assert [event for event in caller.events if event["event"] == "lead"][-1]["slots"]["phone"] == "+15552347890"


async def hasty(phone: Phone, seconds: float) -> None:
    """Somebody who hangs up after `seconds`, whatever has happened by then."""
    async with Handset.open(phone.host) as handset:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), phone.dial("+15550300000", handset) as connection:
                await connection.over.wait()


async def test_a_hundred_hasty_callers_leave_nothing_behind(house: House) -> None:
    random.seed(1)
    process = psutil.Process(house.daemon.pid)
    async with Phone.open(target(house.settings)) as phone:
        for _ in range(10):
            await hasty(phone, 0.5)
        assert await house.traces.left() == NOTHING
        files, memory = process.num_fds(), process.memory_info().rss
        for _ in range(100):
            await hasty(phone, random.choice([0.0, 0.01, 0.02, 0.05, 0.1, 0.5, random.uniform(0, 2)]))
        for _ in range(3):
            await asyncio.gather(*(hasty(phone, random.uniform(0, 2)) for _ in range(20)))
        assert await house.traces.left() == NOTHING
    async with asyncio.timeout(20):
        while process.num_fds() > files:  # noqa: ASYNC110 - idle connections to ARI are kept for some seconds
            await asyncio.sleep(0.5)
    assert process.memory_info().rss - memory < 20e6
    report = await house.daemon.status()
    assert (report["calls"], report["orphans_removed"]) == ([], 0)


async def test_asterisk_may_die_in_a_call_and_come_back(own_house: House) -> None:
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        await caller.says("Index funds, please.")
        call = (await caller.told("lead"))["call"]
        await own_house.asterisk.kill()
        await asyncio.sleep(1)
        assert (await own_house.daemon.status())["asterisk"].startswith("disconnected")
        await own_house.asterisk.start()
        transcript = await ended(own_house.settings, call)
        assert (transcript.call.outcome, transcript.call.reason) == ("partial", "caller")
    async with calling(own_house) as caller:
        assert await caller.told("turn", index=0)
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


async def test_a_killed_daemon_is_cleaned_up_after_and_its_caller_greeted_again(own_house: House) -> None:
    async with calling(own_house) as caller:
        await caller.told("turn", index=0)
        await caller.says("Index funds, please.")
        call = (await caller.told("lead"))["call"]
        await caller.told("turn", index=1)
        await asyncio.sleep(0.2)
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


async def test_without_a_daemon_the_dialplan_answers(own_house: House) -> None:
    await own_house.daemon.stop()
    async with Phone.open(target(own_house.settings)) as phone, Handset.open(phone.host) as handset:
        async with phone.dial("+15550300001", handset) as connection, asyncio.timeout(20):
            await connection.over.wait()
        assert handset.recording.agent.samples().any()


def beside(house: House) -> DaemonProcess:
    """Another daemon for the same application, with a state of its own."""
    paths = house.settings.paths
    return DaemonProcess(
        house.settings.model_copy(update={"paths": paths.model_copy(update={"state": paths.state / "2"})})
    )


async def test_a_second_daemon_that_takes_over_is_noticed(own_house: House) -> None:
    second = beside(own_house)
    try:
        async with calling(own_house) as caller:
            await caller.told("turn", index=0)
            await second.start()
            await asyncio.sleep(0.5)
            report = await own_house.daemon.status()
            assert "another daemon" in report["asterisk"]
            assert "! replaced" in own_house.daemon.log.read_text()
            assert len(report["calls"]) == 1
            assert (await second.status())["calls"] == []
        async with asyncio.timeout(20):
            while (await own_house.daemon.status())["calls"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
    finally:
        await second.stop()


async def test_the_application_is_taken_back_when_the_second_daemon_is_gone(own_house: House) -> None:
    second = beside(own_house)
    await second.start()
    await second.stop()
    async with asyncio.timeout(20):
        while (await own_house.daemon.status())["asterisk"] != "connected":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
    async with calling(own_house) as caller:
        assert await caller.told("turn", index=0)


async def test_a_wrong_password_is_one_clear_sentence(own_house: House) -> None:
    await own_house.daemon.stop()
    settings = own_house.settings
    wrong = settings.model_copy(update={"asterisk": settings.asterisk.model_copy(update={"username": "nobody"})})
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


async def test_callers_are_told_apart(house: House) -> None:
    """Two at once, one of whom says what the other never does."""

    async def call(interest: str) -> Any:
        async with calling(house) as caller:
            await caller.told("turn", index=0)
            await caller.says(f"{interest}, please.")
            return (await caller.told("lead"))["slots"]["interest"]

    funds, bonds = await asyncio.gather(call("Index funds"), call("Government bonds"))
    assert (funds, bonds) == (["funds"], ["bonds"])


async def test_a_wrong_phone_password_is_refused(house: House) -> None:
    guessing = replace(target(house.settings), password="no")
    async with Phone.open(guessing) as phone, Handset.open(phone.host) as handset:
        with pytest.raises(SimulationError, match="401"):
            async with phone.dial("+15550300002", handset):
                pass


async def test_totals_count_what_was_stored(house: House) -> None:
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        totals = await queries.totals(session)
    assert totals.calls >= sum(totals.outcomes.values()) > 0


def test_the_command_line_completes_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--print-completion", "bash"])
    assert "simulate" in capsys.readouterr().out
