"""Calls over every kind of line at once, on a real Asterisk: greeted, let speak, and gone without a trace."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median

import psutil
import pytest
import pytest_asyncio
from rich.console import Console

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.bench.calling import personas
from callcenter.bench.interruptions import Row, table
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
    pytest.mark.timeout(300),
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
WEBSOCKETS = ("9004", "9005")
BY_DIALPLAN = "777"
TWENTY = {"9001": 3, "9002": 3, "9003": 3, "9004": 3, "9005": 4, BY_DIALPLAN: 4}
RINGS, TALKS = "+1555012", "+1555010"
"""What the numbers of callers begin with for whom a person's phone rings and rings, and who are put through."""
UNDERSTOOD = 18
"""A recogniser hears the same voice a little differently each time."""
SLOWER = 2
"""Times."""
AT_ONCE = 3
"""Impatient callers; many at a time would measure how busy the machine is."""
COUNTED = 3
"""Of a caller's five interruptions, at least; one in a pause between two words, or after a filler, tells nothing."""
GREETING_MS = 300.0
"""From the answer to the first sound of the greeting; at most half of the callers wait longer, on a busy machine."""
INSISTENT = personas("insistent")[0]
IMPATIENT = INSISTENT.model_copy(update={"lines": (*INSISTENT.lines[:6], INSISTENT.lines[-1])})
"""Asks for the question, interrupts it five times, and hangs up. `callcenter bench interruptions` has more of them."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A number for each kind of line, of a daemon that dials WebSockets, or listens for them."""

    house: House
    listens: bool

    @property
    def all(self) -> tuple[str, ...]:
        """What is tried of each stage of a call: of a daemon that listens, what is different of it."""
        return WEBSOCKETS if self.listens else (*NUMBERS, BY_DIALPLAN)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["dial", "listen"])
async def mix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mix]:
    async with PrivateAsterisk(load().paths.cache) as asterisk:
        settings = open_to_all(led_to(load(), asterisk, tmp_path_factory.mktemp("state")))
        media = settings.media.model_copy(update={"by_did": NUMBERS, "websocket": request.param})
        settings = settings.model_copy(update={"media": media})
        daemon = DaemonProcess(settings)
        try:
            yield Mix(house=await House.started(settings, asterisk, daemon), listens=request.param == "listen")
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


async def stops(house: House, extensions: Sequence[str]) -> dict[str, Row]:
    """How soon the agent stopped for an impatient caller, by number."""
    found: dict[str, Sequence[CallResult]] = {}
    for place in range(0, len(extensions), AT_ONCE):
        found |= await called(house, IMPATIENT, dict.fromkeys(extensions[place : place + AT_ONCE], 1))
    rows = {name: Row(name=name, calls=tuple(calls)) for name, calls in found.items()}
    if rows:
        Console(width=100).print(table([*rows.values()]))
    return rows


async def nothing_left(mix: Mix, files: int) -> None:
    """Assert that no channel, bridge, task, connection, file, or call that is waited for is left."""
    house = mix.house
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
    told = (await house.daemon.status())["lines"]
    assert told.keys() == ({"audiosocket", "websocket"} if mix.listens else {"audiosocket"})
    for name, server in told.items():
        assert (name, server["expected"], server["waiting"]) == (name, 0, 0)
    if mix.listens:
        assert told["websocket"]["taken"] > 0
    async with asyncio.timeout(20):
        while psutil.Process(house.daemon.pid).num_fds() > files:  # noqa: ASYNC110 - ARI's are kept for some seconds
            await asyncio.sleep(0.5)


async def test_callers_may_interrupt_on_every_line(mix: Mix) -> None:
    """The agent stops in time, once more if it did not; where the machine is too busy for RTP too, hardly later."""
    first = await stops(mix.house, [*dict.fromkeys((RTP, *mix.all))])
    second = await stops(mix.house, [name for name, row in first.items() if not row.barge_ins.ok])
    last = {name: row.barge_ins for name, row in {**first, **second}.items()}
    rtp = last[RTP].p50 or math.inf
    late = {
        name: found
        for name, found in last.items()
        if not found.ok and (last[RTP].ok or found.missed or (found.p50 or 0) > SLOWER * rtp)
    }
    assert late == {}
    assert {name: len(found.stop_ms) for name, found in last.items() if len(found.stop_ms) < COUNTED} == {}


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


async def test_callers_hang_up_at_each_stage(mix: Mix) -> None:
    house = mix.house
    before = psutil.Process(house.daemon.pid).num_fds()
    added = await house.asterisk.command(f"dialplan add extension 9100/_{RINGS}XXXX,1,Wait,5 into people")
    assert "added" in added
    async with asyncio.TaskGroup() as group:
        for extension in mix.all:
            group.create_task(before_answer(house, extension))
            group.create_task(in_the_greeting(house, extension))
            group.create_task(in_an_answer(house, extension))
            group.create_task(in_a_transfer(house, extension, RINGS, "ringing a person"))
            group.create_task(in_a_transfer(house, extension, TALKS, "transferred"))
    await nothing_left(mix, before)


async def test_twenty_calls_at_once(mix: Mix) -> None:
    house = mix.house
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
    await nothing_left(mix, before)
