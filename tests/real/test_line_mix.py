"""Calls over every kind of line at once, on a real Asterisk: greeted, let speak, and gone without a trace."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from statistics import median

import psutil
import pytest
import pytest_asyncio

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.bench.politeness import BargeIns
from callcenter.config import LineOfNumber, load
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.dialogue.flow import load_flow
from callcenter.simulation.handset import Handset
from callcenter.simulation.happenings import Happening
from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import Phone
from callcenter.simulation.report import CallResult
from callcenter.simulation.simulation import Plan, simulate
from tests.conftest import open_to_all
from tests.real.callers import PATIENCE_S, calling, ended, target

pytestmark = [
    pytest.mark.real,
    pytest.mark.alone,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]

RTP = "9001"
NUMBERS = {
    RTP: LineOfNumber(codec="ulaw"),
    "9002": LineOfNumber(line="audiosocket"),
    "9003": LineOfNumber(line="audiosocket", rate=16_000),
    "9004": LineOfNumber(line="websocket"),
    "9005": LineOfNumber(line="websocket", rate=16_000),
}
EVERY = (*NUMBERS, "777")
TWENTY = {"9001": 3, "9002": 3, "9003": 3, "9004": 3, "9005": 4, "777": 4}
RINGS, TALKS = "+1555012", "+1555010"
"""What the numbers of callers begin with for whom a person's phone rings and rings, and who are put through."""
UNDERSTOOD = 18
"""A recogniser hears the same voice a little differently each time."""
SLOWER = 2
"""Times."""
GREETING_MS = 300.0
"""From the answer to the first sound of the greeting; at most half of the callers wait longer, on a busy machine."""
IMPATIENT = Persona.model_validate(
    {
        "name": "impatient",
        "voice": {"engine": "flite", "name": "slt"},
        "lines": [
            {"on": ".", "barge_in": 1.4, "say": "Sorry, what does it cost?"},
            {"on": ".", "barge_in": 0.7, "say": "Are you a robot?"},
            {"on": ".", "barge_in": 1.1, "say": "Could you say that again?"},
            {"on": ".", "barge_in": 0.9, "say": "Who are you?"},
            {"on": ".", "hang_up": True},
        ],
        "expect": {"outcome": "hung_up"},
    }
)
BRIEF = Persona.model_validate(
    {
        "name": "brief",
        "voice": {"engine": "flite", "name": "rms"},
        "lines": [{"on": "interested in", "say": "Index funds, please."}, {"on": ".", "hang_up": True}],
        "expect": {"outcome": "partial", "slots": {"interest": "funds"}},
    }
)


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A number for each kind of line; the daemon dials the WebSockets."""
    async with PrivateAsterisk(load().paths.cache) as asterisk:
        settings = open_to_all(led_to(load(), asterisk, tmp_path_factory.mktemp("state")))
        media = settings.media.model_copy(update={"by_did": NUMBERS})
        settings = settings.model_copy(update={"media": media})
        daemon = DaemonProcess(settings)
        try:
            yield await House.started(settings, asterisk, daemon)
        finally:
            await daemon.stop()


async def called(house: House, persona: Persona, counts: Mapping[str, int]) -> dict[str, Sequence[CallResult]]:
    """What came of so many calls to each number, all at once."""

    async def place(order: int, extension: str, count: int) -> Sequence[CallResult]:
        plan = Plan(
            personas=[persona],
            calls=count,
            at_once=count,
            target=replace(target(house.settings), extension=extension),
            control=house.settings.paths.control_socket,
            cache=house.settings.paths.cache,
            first_number=100 * order,
        )
        return (await simulate(plan, Nobody())).calls

    placed = (place(order, extension, count) for order, (extension, count) in enumerate(counts.items()))
    return dict(zip(counts, await asyncio.gather(*placed), strict=True))


async def stops(house: House, counts: Mapping[str, int]) -> dict[str, BargeIns]:
    """How soon the agent stopped for impatient callers, by number."""
    found = {name: BargeIns.of(calls) for name, calls in (await called(house, IMPATIENT, counts)).items()}
    for name, ins in found.items():
        print(f"{name}: p50 {ins.p50} ms, p95 {ins.p95} ms of {sorted(ins.stop_ms)}, {ins.missed} missed")
    return found


async def nothing_left(house: House, files: int) -> None:
    """Assert that no channel, bridge, task, connection, file, or call that is waited for is left."""
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
    told = (await house.daemon.status())["lines"]["audiosocket"]
    assert (told["expected"], told["waiting"]) == (0, 0)
    async with asyncio.timeout(20):
        while psutil.Process(house.daemon.pid).num_fds() > files:  # noqa: ASYNC110 - ARI's are kept for some seconds
            await asyncio.sleep(0.5)


async def test_callers_may_interrupt_on_every_line(house: House) -> None:
    """The agent stops in time, once more if it did not; where the machine is too busy for RTP too, hardly later."""
    first = await stops(house, dict.fromkeys(EVERY, 1))
    second = await stops(house, {name: 1 for name, found in first.items() if not found.ok})
    last = {**first, **second}
    rtp = last[RTP].p50 or math.inf
    late = {
        name: found
        for name, found in last.items()
        if not found.ok and (last[RTP].ok or found.missed or (found.p50 or 0) > SLOWER * rtp)
    }
    assert late == {}


async def before_answer(house: House, extension: str) -> None:
    """Hang up while the legs are made, at several moments of it."""
    async with Phone.open(target(house.settings)) as phone, Handset.open(phone.host) as handset:
        for seconds in (0.0, 0.03, 0.08, 0.15):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), phone.dial("+15550300000", handset, extension) as connection:
                    await connection.over.wait()
        await asyncio.sleep(1.0)  # a call that was answered as its CANCEL was on the way is ended by this phone


async def in_the_greeting(house: House, extension: str) -> None:
    async with calling(house, extension) as caller:
        call = (await caller.told("say", turn=0))["call"]
        await asyncio.sleep(0.5)
    transcript = await ended(house.settings, call)
    assert (extension, transcript.call.reason, transcript.call.outcome) == (extension, "caller", "hung_up")
    assert len(transcript.turns[0].heard_by_caller) < len(load_flow("investment").greeting)


async def in_an_answer(house: House, extension: str) -> None:
    async with calling(house, extension) as caller:
        call = (await caller.told("say", turn=0))["call"]
        await asyncio.sleep(1.0)
        await caller.says("Index funds, please.")
        await caller.told("say", turn=1)
        await asyncio.sleep(0.3)
    transcript = await ended(house.settings, call)
    assert (extension, transcript.call.reason) == (extension, "caller")
    assert transcript.turns[1].heard
    assert transcript.turns[1].said != transcript.turns[1].heard_by_caller


async def in_a_transfer(house: House, extension: str, prefix: str, state: str) -> None:
    async with calling(house, extension, prefix) as caller:
        call = (await caller.told("turn", index=0))["call"]
        await caller.says("I want to talk to a person.")
        async with asyncio.timeout(PATIENCE_S):
            while state not in {  # noqa: ASYNC110 - another process
                each["state"] for each in (await house.daemon.status())["calls"] if each["id"] == call
            }:
                await asyncio.sleep(0.05)
    transcript = await ended(house.settings, call)
    assert (extension, transcript.call.reason, transcript.call.outcome) == (extension, "caller", "transferred")


async def test_callers_hang_up_at_each_stage(house: House) -> None:
    before = psutil.Process(house.daemon.pid).num_fds()
    added = await house.asterisk.command(f"dialplan add extension 9100/_{RINGS}XXXX,1,Wait,5 into people")
    assert "added" in added
    async with asyncio.TaskGroup() as group:
        for extension in EVERY:
            group.create_task(before_answer(house, extension))
            group.create_task(in_the_greeting(house, extension))
            group.create_task(in_an_answer(house, extension))
            group.create_task(in_a_transfer(house, extension, RINGS, "ringing a person"))
            group.create_task(in_a_transfer(house, extension, TALKS, "transferred"))
    await nothing_left(house, before)


async def test_twenty_calls_at_once(house: House) -> None:
    before = psutil.Process(house.daemon.pid).num_fds()
    found = await called(house, BRIEF, TWENTY)
    calls = [call for placed in found.values() for call in placed]
    assert len(calls) == 20
    assert [(name, call.error) for name, placed in found.items() for call in placed if call.error] == []
    understood = [name for name, placed in found.items() for call in placed if call.ok and not call.wrong]
    assert (len(understood) >= UNDERSTOOD, set(understood)) == (True, set(TWENTY)), understood
    greetings = {name: [call.greeting_ms or math.inf for call in placed] for name, placed in found.items()}
    print("greeted after", greetings, "ms")
    assert {name: all_ms for name, all_ms in greetings.items() if median(all_ms) > GREETING_MS} == {}
    await nothing_left(house, before)
