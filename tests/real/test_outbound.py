"""Calls out over a real Asterisk, into a telephone network that is a context of its dialplan."""

import asyncio
import json
import os
import signal
import sys
import wave
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from callcenter import config
from callcenter.config import Outbound
from callcenter.demo import House
from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, to_pcm, to_samples
from callcenter.outbound import campaign
from callcenter.outbound.campaign import Order
from callcenter.store import campaigns, do_not_call, queries
from callcenter.store.contacts import Contact, Tally
from callcenter.store.database import Database

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("house"), pytest.mark.timeout(200)]

NETWORK = """
[network]
exten = _1212555010X,1,Log(NOTICE,${EXTEN} is rung)
 same = n,Goto(network-${EXTEN:-1},${EXTEN},1)
[network-0]
exten = _X.,1,Ringing()
 same = n,Wait(0.5)
 same = n,Answer()
 same = n,PlayTones(!0/200,!400+700/500,!0/60000)
 same = n,Wait(7)
 same = n,Playback(SPEECH/index_funds)
 same = n,Wait(4)
 same = n,Hangup()
[network-1]
exten = _X.,1,Hangup(17)
[network-2]
exten = _X.,1,Ringing()
 same = n,Wait(60)
[network-3]
exten = _X.,1,Ringing()
 same = n,Wait(1)
 same = n,Answer()
 same = n,PlayTones(!0/200,!400+700/500,!0/60000)
 same = n,Wait(7)
 same = n,Hangup()
[network-4]
exten = _X.,1,Answer()
 same = n,Playback(FOLDER/greeting)
 same = n,Record(FOLDER/recorded.wav,0,12,kqx)
[network-5]
exten = _X.,1,Hangup(34)
[network-6]
exten = _X.,1,Hangup(1)
"""

SPEECH = Path(__file__).parents[1] / "captures/speech"

HOURS = {"mon-sun": "0:00-24:00"}
PERSON, BUSY, SLEEPER, OTHER_PERSON, MACHINE, NO_WAY, NO_NUMBER = (f"+1212555010{digit}" for digit in range(7))
NO_TRUNK = "+12125550999"


def tone(seconds: float, *hz: float) -> Samples:
    """Several at once; silence without any."""
    time = np.arange(int(seconds * NARROWBAND)) / NARROWBAND
    return sum((0.2 * np.sin(2 * np.pi * each * time) for each in hz), 0 * time).astype(np.float32)


def write_greeting(path: Path) -> None:
    """Four words as long and as loud as a machine's, and a beep."""
    words = [tone(0.6, 400, 700), tone(0.12), tone(0.6, 300, 900), tone(0.12)] * 2
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, NARROWBAND, 0, "NONE", ""))
        file.writeframes(to_pcm(np.concatenate([tone(0.3), *words, tone(0.8), tone(0.4, 1000), tone(0.1)])))


@pytest_asyncio.fixture
async def network(house: House, tmp_path: Path) -> AsyncIterator[Path]:
    """The dialplan has the network; what a machine records is at the path."""
    write_greeting(tmp_path / "greeting.wav")
    path = house.asterisk.run_dir / "etc/extensions.conf"
    before = path.read_text()
    path.write_text(before + NETWORK.replace("FOLDER", str(tmp_path)).replace("SPEECH", str(SPEECH)))
    await house.asterisk.command("dialplan reload")
    yield tmp_path / "recorded.wav"
    path.write_text(before)
    await house.asterisk.command("dialplan reload")


def outbound(**changes: Any) -> Outbound:
    """Settings under which nobody is called twice in a test, unless it says so."""
    usual = {
        "trunk": "Local/{digits}@network/n",
        "caller": '"Acme" <+12125550199>',
        "hours": HOURS,
        "at_once": 8,
        "per_minute": 600,
        "ring_s": 5,
        "tries": 1,
    }
    return Outbound(**{**usual, **changes})


async def conducted(
    house: House, name: str, numbers: Sequence[str], settings: Outbound
) -> tuple[Tally, dict[str, Any]]:
    """The tally of a whole campaign, and the last attempt to each number."""
    contacts = [
        Contact(number=number, zones=("UTC",), data={"name": "Karen Mitchell"}, line=line)
        for line, number in enumerate(numbers)
    ]
    async with Database(house.settings.database, house.settings.paths) as database:
        made = await campaign.create(database, name, "investment", contacts)
        order = Order.of(house.settings, settings)
        tally = await campaign.conduct(made, order, database, print, asyncio.Event())
        async with database.session() as session:
            attempts = await campaigns.attempts(session, made.id)
    return tally, {str(attempt["number"]): attempt for attempt in attempts}


async def test_every_outcome(house: House, network: Path) -> None:
    numbers = [PERSON, BUSY, SLEEPER, NO_TRUNK, MACHINE, NO_WAY, NO_NUMBER]
    settings = outbound(machine="message", message="This is Acme. Please call us back.")
    tally, attempts = await conducted(house, "outcomes", numbers, settings)
    assert {number: attempt["outcome"] for number, attempt in attempts.items()} == {
        PERSON: "partial",
        BUSY: "busy",
        SLEEPER: "no_answer",
        NO_TRUNK: "failed",
        MACHINE: "message",
        NO_WAY: "congestion",
        NO_NUMBER: "invalid",
    }
    assert (tally.done, tally.waiting, tally.dialling) == (7, 0, 0)
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        had = await queries.transcript(session, str(attempts[PERSON]["call"]))
    assert (had.call.caller, had.call.flow, had.call.reason) == (PERSON, "investment", "caller")
    assert had.lead
    assert had.lead.slots["interest"].value == ["funds"]
    assert had.lead.slots["name"].value == "Karen Mitchell"
    assert 0 < first_word_s(network) < 1.5
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}


def first_word_s(path: Path) -> float:
    """When the machine that recorded `path` was told something, from the end of its beep on; it must be some words."""
    with wave.open(str(path)) as file:
        recorded = to_samples(file.readframes(file.getnframes()))
    spoken = [at for at in range(0, len(recorded) - 800, 800) if rms_dbfs(recorded[at : at + 800]) > -45]
    assert len(spoken) > 10
    return spoken[0] / NARROWBAND


async def test_who_does_not_want_calls_is_never_rung(house: House, network: Path) -> None:
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        await do_not_call.add(session, [OTHER_PERSON], "asked for it", datetime.now(UTC))
    try:
        tally, attempts = await conducted(house, "barred", [OTHER_PERSON, BUSY], outbound())
    finally:
        async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
            await do_not_call.remove(session, [OTHER_PERSON])
    assert tally.outcomes == {"do_not_call": 1, "busy": 1}
    assert attempts.keys() == {BUSY}


def rung(house: House, number: str) -> int:
    """How often the network has rung a number."""
    return house.asterisk.log.read_text().count(f"{number.removeprefix('+')} is rung")


async def test_a_killed_campaign_is_taken_up(house: House, network: Path) -> None:
    """Nobody is lost, and the network was rung once for each attempt."""
    numbers = [PERSON, OTHER_PERSON, SLEEPER, BUSY, NO_WAY, NO_NUMBER]
    before = {number: rung(house, number) for number in numbers}
    settings = outbound(at_once=3, tries=2, retries={"no_answer": (), "busy": (), "congestion": (), "lost": (0.01,)})
    wanted = {"name": "killed", "flow": "investment", "numbers": numbers, "outbound": settings.model_dump(mode="json")}
    environment = {**os.environ, **config.as_environment(house.settings)}

    async def begin() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.real.campaign_process"),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin
        process.stdin.write(json.dumps(wanted).encode())
        process.stdin.close()
        return process

    first = await begin()
    async with asyncio.timeout(30):
        while not (await house.daemon.status())["calls"]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await begin()
    async with asyncio.timeout(60):
        output, _ = await second.communicate()
    assert second.returncode == 0, output.decode()
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        made = await campaigns.find(session, "killed")
        assert made
        attempts = await campaigns.attempts(session, made.id)
        tally = await campaigns.tally(session, made.id)
    assert (tally.done, tally.waiting, tally.dialling) == (6, 0, 0)
    assert tally.outcomes == {"partial": 1, "hung_up": 1, "no_answer": 1, "busy": 1, "congestion": 1, "invalid": 1}
    tried = {number: sum(attempt["number"] == number for attempt in attempts) for number in numbers}
    assert {number: rung(house, number) - before[number] for number in numbers} == tried
    lost = sum(attempt["outcome"] == "lost" for attempt in attempts)
    assert sum(tried.values()) == 6 + lost
    assert lost <= 1
