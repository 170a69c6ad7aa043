"""The daemon on a real Asterisk, with callers on SIP phones: what it does well."""

import asyncio
import json
import os
import random
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from callcenter import cli, config, doctor
from callcenter.config import Settings
from callcenter.demo import House
from callcenter.errors import SimulationError
from callcenter.media.rtp_packet import Packet
from callcenter.simulation.handset import Handset
from callcenter.simulation.phone import Phone
from callcenter.store import queries
from callcenter.store.database import Database
from tests.real.callers import calling, ended, target

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

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
        await caller.gets_across("Index funds, please.")
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
        assert (await caller.gets_across("Index funds, please."))["slots"] == {"interest": ["funds"]}
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
        for _ in range(20):
            moments = [0.0, 0.01, 0.02, 0.05, 0.1, 0.5, random.uniform(0, 2)]
            await asyncio.gather(*(hasty(phone, random.choice(moments)) for _ in range(5)))
        for _ in range(3):
            await asyncio.gather(*(hasty(phone, random.uniform(0, 2)) for _ in range(20)))
        assert await house.traces.left() == NOTHING
    async with asyncio.timeout(20):
        while process.num_fds() > files:  # noqa: ASYNC110 - idle connections to ARI are kept for some seconds
            await asyncio.sleep(0.5)
    assert process.memory_info().rss - memory < 20e6
    report = await house.daemon.status()
    assert (report["calls"], report["orphans_removed"]) == ([], 0)


async def test_callers_are_told_apart(house: House) -> None:
    """Two at once, one of whom says what the other never does."""

    async def call(interest: str) -> Any:
        async with calling(house) as caller:
            await caller.told("turn", index=0)
            return (await caller.gets_across(f"{interest}, please."))["slots"]["interest"]

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
