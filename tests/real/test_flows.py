"""Two flows, in two voices, on one daemon and a real Asterisk: the number that is dialled chooses."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from callcenter import config, doctor
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Dialogue
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.dialogue.flow import SHIPPED
from callcenter.media.pcm import NARROWBAND, to_pcm
from callcenter.simulation.handset import Handset
from callcenter.simulation.phone import Phone
from callcenter.speech.models import Models
from callcenter.speech.whisper import Whisper
from callcenter.store import queries
from callcenter.store.database import Database
from tests.conftest import open_to_all
from tests.real.callers import target

pytestmark = [pytest.mark.real, pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="module")]

NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
GREETING_S = 6.0
HARBOUR = "Good morning. This is the harbour office. Every boat is welcome."


def harbour(folder: Path) -> str:
    """The path of another flow: the shipped one with a greeting and a voice of its own."""
    lines = (SHIPPED / "investment.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("name:", "greeting:", "voice:"))]
    own = ["name: harbour", "voice: {engine: espeak, name: en-gb}", f'greeting: "{HARBOUR}"']
    path = folder / "harbour.yaml"
    path.write_text("\n".join([*own, *kept]) + "\n")
    return str(path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two_flows(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that has loaded the shipped flow, which is the usual one, and the harbour's."""
    folder = tmp_path_factory.mktemp("two_flows")
    async with PrivateAsterisk(config.load().paths.cache) as asterisk:
        settings = open_to_all(led_to(config.load(), asterisk, folder / "state"))
        settings = settings.model_copy(update={"dialogue": Dialogue(flow="investment", flows=(harbour(folder),))})
        daemon = DaemonProcess(settings)
        try:
            yield await House.started(settings, asterisk, daemon)
        finally:
            await daemon.stop()


@pytest.fixture(scope="module")
def whisper() -> Iterator[Whisper]:
    settings = config.load()
    whisper = Whisper(Models(settings.paths.cache).locate("base"), settings.hearing)
    yield whisper
    whisper.close()


async def greeted(house: House, extension: str, whisper: Whisper) -> str:
    """What somebody hears who dials `extension` and says nothing, in words."""
    dialled = replace(target(house.settings), extension=extension)
    async with Phone.open(dialled) as phone, Handset.open(phone.host) as handset:
        async with phone.dial(f"+1555040{len(extension):04d}", handset):
            await asyncio.sleep(GREETING_S)
        sound = to_pcm(handset.recording.agent.samples())
    heard = await whisper.recognise(sound, rate=NARROWBAND, language="en", prompt="")
    return heard.text.lower()


async def test_each_of_two_callers_hears_the_flow_that_they_dialled(two_flows: House, whisper: Whisper) -> None:
    by_number = asyncio.create_task(greeted(two_flows, "9001", whisper))
    by_name = asyncio.create_task(greeted(two_flows, "harbour", whisper))
    await calls(two_flows, 2)
    status = await two_flows.daemon.status()
    assert {name: flow["calls"] for name, flow in status["flows"].items()} == {"investment": 1, "harbour": 1}

    assert "northgate" in (invested := await by_number)
    assert "office" in (moored := await by_name)
    assert "office" not in invested
    assert "northgate" not in moored
    settings = two_flows.settings
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        stored = await queries.calls(session, limit=10)
    assert {call.did: call.flow for call in stored} == {"9001": "investment", "9000": "harbour"}
    assert await two_flows.traces.left() == NOTHING


@asynccontextmanager
async def placed(house: House, endpoint: str) -> AsyncIterator[dict[str, Any]]:
    """A call to an extension of the dialplan, as the daemon's status shows it."""
    asterisk = house.asterisk
    headers = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    query = {"endpoint": f"Local/{endpoint}", "context": "phones", "extension": "9999", "priority": "1"}
    far = f"{asterisk.ari_url}/channels/far-{uuid4().hex}"  # Asterisk remembers the name of one that has just gone
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(far, params=query) as response:
            assert response.status == 200, await response.text()
        try:
            (call,) = await calls(house, 1)
            yield call
        finally:
            async with session.delete(far) as response:
                assert response.status == 204
            await calls(house, 0)
    assert await house.traces.left() == NOTHING


async def calls(house: House, count: int) -> list[dict[str, Any]]:
    """Those in progress, as soon as they are so many."""
    async with asyncio.timeout(10):
        while len(found := (await house.daemon.status())["calls"]) != count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    return list(found)


@pytest.mark.parametrize(
    ("endpoint", "flow"),
    [
        ("9000@phones", "investment"),
        ("9001@phones", "investment"),
        ("9009@phones", "harbour"),
        ("harbour@phones", "harbour"),
        ("+33123456789@from-trunk", "harbour"),
        ("+33000000000@from-trunk", "investment"),
    ],
)
async def test_the_number_chooses_whoever_brings_it(two_flows: House, endpoint: str, flow: str) -> None:
    for number in ("9009", "+33123456789"):
        await two_flows.asterisk.command(f"dialplan set global FLOW_{number} harbour")
    async with placed(two_flows, endpoint) as call:
        number = endpoint.partition("@")[0]
        assert (call["did"], call["flow"]) == ("9000" if number == "harbour" else number, flow)


async def test_who_asks_for_a_flow_that_is_not_loaded_gets_the_usual_one(two_flows: House) -> None:
    await two_flows.asterisk.command("dialplan set global FLOW_9008 no_such_flow")
    async with placed(two_flows, "9008@phones") as call:
        assert call["flow"] == "investment"
    assert "no_such_flow" in two_flows.daemon.log.read_text()


async def test_the_doctor_looks_at_every_flow_and_voice(two_flows: House) -> None:
    findings = [finding async for finding in doctor.examine(two_flows.settings)]
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.found.split(",")[0] for finding in findings if finding.name == "flow"] == ["investment", "harbour"]
    voices = [finding.found.split(": ")[0] for finding in findings if finding.name == "voice"]
    assert voices == ["piper:joe-us", "espeak:en-gb"]
