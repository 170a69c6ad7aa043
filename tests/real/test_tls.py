"""A real Asterisk that we reach by TLS alone: ARI's requests and events, and the WebSockets that we dial."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from callcenter import line_trial
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.asterisk.stream import Disconnected, EventStream
from callcenter.config import LineOfNumber, Settings, load
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.doctor import examination
from callcenter.media.line_choice import LineChoice
from tests.conftest import open_to_all
from tests.peers.certificate import Certified, of_own_authority
from tests.real.callers import calling, ended

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

NUMBERS = {"9004": LineOfNumber(line="websocket"), "9005": LineOfNumber(line="websocket", rate=16_000)}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return of_own_authority(tmp_path_factory.mktemp("tls"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(certified: Certified) -> AsyncIterator[PrivateAsterisk]:
    async with PrivateAsterisk(load().paths.cache, certificate=certified.server) as asterisk:
        yield asterisk


@pytest.fixture(scope="module")
def settings(asterisk: PrivateAsterisk, certified: Certified, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = open_to_all(led_to(load(), asterisk, tmp_path_factory.mktemp("state")))
    assert found.asterisk.url == f"https://127.0.0.1:{asterisk.parameters.tls_port}/ari"
    media = found.media.model_copy(update={"by_did": NUMBERS})
    return trusting(found.model_copy(update={"media": media}), certified.authority)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(settings: Settings, asterisk: PrivateAsterisk) -> AsyncIterator[House]:
    daemon = DaemonProcess(settings)
    try:
        yield await House.started(settings, asterisk, daemon)
    finally:
        await daemon.stop()


def trusting(settings: Settings, authority: Path | None) -> Settings:
    return settings.model_copy(update={"asterisk": settings.asterisk.model_copy(update={"ca_certificate": authority})})


def connections(daemon: psutil.Process) -> Counter[int]:
    """How many it has, by the port of their other end."""
    there = daemon.net_connections("tcp")
    return Counter(each.raddr.port for each in there if each.raddr and each.status == psutil.CONN_ESTABLISHED)


@pytest.mark.parametrize("extension", NUMBERS)
async def test_a_whole_call(house: House, extension: str) -> None:
    """The agent hears the caller, the caller hears the agent, and nothing of it goes without TLS."""
    parameters = house.asterisk.parameters
    daemon = psutil.Process(house.daemon.pid)
    before = daemon.num_fds()
    async with calling(house, extension) as caller:
        call = (await caller.told("turn", index=0))["call"]
        await caller.says("Index funds, please.")
        await caller.told("say", turn=1)
        used = connections(daemon)
        assert used[parameters.tls_port] >= 3, "requests, events and sound"
        assert used[parameters.http_port] == 0
        heard_at = caller.handset.sounded
    transcript = await ended(house.settings, call)
    assert heard_at
    assert (transcript.call.reason, transcript.call.outcome) == ("caller", "partial")
    assert "fund" in transcript.turns[1].heard.lower()
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
    async with asyncio.timeout(20):
        while daemon.num_fds() > before:  # noqa: ASYNC110 - ARI's connections are kept for some seconds
            await asyncio.sleep(0.5)


@pytest.mark.parametrize(("rate", "format_name"), [(8000, "slin"), (16_000, "slin16")])
async def test_a_tone_goes_both_ways(settings: Settings, rate: int, format_name: str) -> None:
    choice = LineChoice(kind="websocket", rate=rate, codec="slin")
    assert await line_trial.tried(choice, settings) == f"{format_name}: a tone came through Asterisk both ways"


async def test_the_doctor_says_that_it_is_not_trusted_and_what_to_do(settings: Settings, tmp_path: Path) -> None:
    look = next(check for check in examination.connected(settings) if check.name == "ARI")
    well = await look.finding(settings)
    assert (well.ok, settings.asterisk.url in well.found) == (True, True), well
    unknown = await look.finding(trusting(settings, None))
    assert not unknown.ok
    assert "is not trusted (unable to get local issuer certificate): name the PEM file of the CA" in unknown.found
    assert "ca_certificate" in unknown.advice
    missing = await look.finding(trusting(settings, tmp_path / "ca.crt"))
    assert not missing.ok
    assert f"asterisk.ca_certificate {tmp_path}/ca.crt cannot be used (No such file or directory)" in missing.found
    lines = [check for check in examination.lines(trusting(settings, tmp_path / "ca.crt")) if "both" in check.name]
    assert not any([(await each.finding(trusting(settings, tmp_path / "ca.crt"))).ok for each in lines])


async def test_the_events_say_that_it_is_not_trusted(settings: Settings) -> None:
    stream = EventStream(trusting(settings, None).asterisk).__aiter__()
    async with asyncio.timeout(10):
        event = await anext(stream)
    await stream.aclose()
    assert isinstance(event, Disconnected)
    assert "its certificate is not trusted" in event.reason
