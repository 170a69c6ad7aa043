"""The exchange with real calls and a small Asterisk that refuses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.legs import Legs, Names
from callcenter.asterisk.stream import EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.call import Office
from callcenter.config import Limits
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.exchange import Exchange
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.rtp_line import RtpLine
from callcenter.store.records import CallEnded, CallStarted, Record, TurnEnded
from tests.peers.ari_server import AriServer, Fault
from tests.stand_ins import ScriptedEar, ToneVoice

STEPS = ["bridge", "snoop", "externalMedia", "addChannel", "answer", "silence"]
STATUSES = [401, 404, 409, 422, 500, Fault.CUT]


@dataclass(kw_only=True)
class Running:
    """A exchange that answers the calls of a small Asterisk."""

    server: AriServer
    exchange: Exchange
    clock: Clock
    stop: asyncio.Event
    records: list[Record] = field(default_factory=list)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - there is no one event for all that is waited for
                await asyncio.sleep(0.01)

    def ended(self, channel: str) -> CallEnded | None:
        (call,) = [
            record.call for record in self.records if isinstance(record, CallStarted) and record.channel == channel
        ]
        found = [record for record in self.records if isinstance(record, CallEnded) and record.call == call]
        return found[0] if found else None

    def left_over(self) -> list[str]:
        return [name for name in (*self.server.channels, *self.server.bridges) if name.startswith("cc-")]


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    flow, clock, switchboard, stop = load_flow("investment"), Clock(), Switchboard(), asyncio.Event()
    async with AriServer() as server, Ari(server.settings) as ari, asyncio.TaskGroup() as group:
        records: list[Record] = []
        office = Office(
            instance="test",
            flow=flow.name,
            legs=lambda channel, call: Legs(
                ari, switchboard.open(channel.id), channel.id, Names(instance="test", call=call)
            ),
            line=lambda: RtpLine.open("127.0.0.1", ULAW, clock),
            codec="ulaw",
            ear=lambda frames: ScriptedEar(),
            brain=lambda: ScriptedBrain(flow, now=datetime.now),
            voice=ToneVoice(),
            store=records.append,
            tell=lambda event: None,
            manners=Manners(is_backchannel=flow.is_backchannel, pause_ms=600, long_pause_ms=1000, errors=3),
            limits=Limits(),
        )
        exchange = Exchange(office, ari, switchboard, EventStream(server.settings), "ai-call-center")
        ticking = group.create_task(clock.run())
        answering = group.create_task(exchange.answer_calls(stop, drain_s=0.2))
        scene = Running(server=server, exchange=exchange, clock=clock, stop=stop, records=records)
        await scene.until(lambda: exchange.report()["asterisk"] == "connected")
        try:
            yield scene
        finally:
            stop.set()
            await answering
            ticking.cancel()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEPS)
async def test_a_refused_call_is_recorded_given_back_and_noticed_by_no_other(step: str, status: int | Fault) -> None:
    async with running() as scene:
        scene.server.call("first")
        await scene.until(lambda: "silence" in scene.server.requests)
        scene.server.faults[step] = status
        scene.server.call("second")
        await scene.until(lambda: any(isinstance(record, CallEnded) for record in scene.records))
        ended = scene.ended("second")
        assert ended
        assert ended.reason.startswith("error: ")
        assert scene.ended("first") is None
        await scene.until(lambda: "second" not in scene.server.channels)
        await scene.until(lambda: len(scene.exchange.calls) == 1)
        assert [call["channel"] for call in scene.exchange.report()["calls"]] == ["first"]
        assert scene.server.requests[-2:] == ["variable", "goOn"]
        assert len(scene.left_over()) == 3

        refused = int(step == "silence")
        scene.server.faults.clear()
        scene.server.call("third")
        await scene.until(lambda: scene.server.requests.count("silence") == refused + 2)
        scene.server.hang_up("first")
        scene.server.hang_up("third")
        await scene.until(lambda: not scene.exchange.calls)
        assert scene.left_over() == []
        assert scene.clock.lines == 0
        assert len([record for record in scene.records if isinstance(record, TurnEnded)]) == 2


async def test_calls_that_outlast_the_drain_are_cut_off_and_recorded() -> None:
    async with running() as scene:
        scene.server.call("caller")
        await scene.until(lambda: "silence" in scene.server.requests)
        scene.stop.set()
        await asyncio.sleep(0.05)
        scene.server.call("late")
        await scene.until(lambda: "late" not in scene.server.channels)
        await scene.until(lambda: not scene.exchange.calls)
    ended = scene.ended("caller")
    assert ended
    assert ended.reason == "shutdown"
    assert len([record for record in scene.records if isinstance(record, CallStarted)]) == 1
    assert scene.left_over() == []


async def test_calls_keep_their_sound_while_the_event_stream_is_away() -> None:
    async with running() as scene:
        scene.server.call("stays")
        scene.server.call("goes")
        await scene.until(lambda: scene.server.requests.count("silence") == 2)
        await scene.server.deafen()
        await scene.until(lambda: scene.exchange.report()["asterisk"].startswith("disconnected"))
        scene.server.hang_up("goes")
        await asyncio.sleep(0.1)
        assert scene.clock.lines == 2
        await scene.server.listen()
        await scene.until(lambda: len(scene.exchange.calls) == 1)
        assert [call["channel"] for call in scene.exchange.report()["calls"]] == ["stays"]
        ended = scene.ended("goes")
        assert ended
        assert ended.reason == "caller"
