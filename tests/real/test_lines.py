"""Whole calls over every kind of line, on a real Asterisk, with a person on a SIP phone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import LineOfNumber, load
from callcenter.demo import DaemonProcess, House, led_to
from tests.conftest import open_to_all
from tests.real.callers import calling, ended

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.timeout(300)]

NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
NUMBERS = {
    "9001": LineOfNumber(codec="slin"),
    "9002": LineOfNumber(line="audiosocket"),
    "9003": LineOfNumber(line="audiosocket", rate=16_000),
    "9004": LineOfNumber(line="websocket"),
    "9005": LineOfNumber(line="websocket", rate=16_000),
}
DIALPLAN = "777"


@pytest_asyncio.fixture(params=["dial", "listen"])
async def lines(
    request: pytest.FixtureRequest, new_asterisk: Callable[[], Awaitable[PrivateAsterisk]], tmp_path: Path
) -> AsyncIterator[House]:
    """A house with a number for each kind of line; who connects the WebSocket is its parameter."""
    asterisk = await new_asterisk()
    settings = open_to_all(led_to(load(), asterisk, tmp_path / "state"))
    media = settings.media.model_copy(update={"by_did": NUMBERS, "websocket": request.param})
    settings = settings.model_copy(update={"media": media})
    daemon = DaemonProcess(settings)
    try:
        yield await House.started(settings, asterisk, daemon)
    finally:
        await daemon.stop()


async def answers_and_leaves(house: House, extension: str) -> None:
    """Listen to the greeting, answer it, and hang up in the middle of what comes next."""
    async with calling(house, extension) as caller:
        started = await caller.told("call")
        await caller.told("turn", index=0)
        assert (await caller.gets_across("Index funds, please."))["slots"] == {"interest": ["funds"]}, extension
    transcript = await ended(house.settings, started["call"])
    assert (extension, transcript.call.reason) == (extension, "caller")
    greeting = transcript.turns[0]
    assert greeting.heard_by_caller == greeting.said


async def asks_for_a_person(house: House, extension: str) -> None:
    """Press a key, ask for a person, talk to them until they hang up."""
    async with calling(house, extension, "+1555010") as caller:
        started = await caller.told("call")
        await caller.told("turn", index=0)
        await caller.handset.press("7#")
        await caller.told("turn", heard="7")
        await caller.says("I want to talk to a person.")
        await caller.left()
    transcript = await ended(house.settings, started["call"])
    assert (extension, transcript.call.outcome, transcript.call.reason) == (extension, "transferred", "person")


async def test_calls_over_every_line(lines: House) -> None:
    for converse in (answers_and_leaves, asks_for_a_person):
        async with asyncio.TaskGroup() as group:
            for extension in (*NUMBERS, DIALPLAN):
                group.create_task(converse(lines, extension))
    assert await lines.traces.left() == NOTHING
