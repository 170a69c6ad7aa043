"""The exchange with real calls about two flows, and a small Asterisk that refuses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from callcenter.admission import Guard, Load
from callcenter.asterisk import ari as ari_module
from callcenter.asterisk import legs as legs_module
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.asterisk.stream import EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.config import Admission, Limits
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.exchange import Door, Exchange
from callcenter.latency import Latencies
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.rtp_line import RtpLine
from callcenter.office import Office, Offices
from callcenter.store.records import CallEnded, CallStarted, Record, TurnEnded
from tests.peers.ari_server import CREATED, AriServer, Fault
from tests.stand_ins import ScriptedEar, ToneVoice
from tests.waiting import PATIENCE_S

STEPS = ["bridge", "snoop", "externalMedia", "addChannel", "answer", "silence"]
STATUSES = [401, 404, 409, 422, 500, Fault.CUT]
APOLOGIES = {"investment": "All busy.", "second": "Nobody is free."}
"""By flow."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an Asterisk that is slow because this machine is busy."""
    monkeypatch.setattr(ari_module, "TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(legs_module, "CLOSE_S", PATIENCE_S)


@dataclass(kw_only=True)
class Running:
    """A exchange that answers the calls of a small Asterisk."""

    server: AriServer
    exchange: Exchange = field(init=False)
    clock: Clock
    stop: asyncio.Event
    records: list[Record] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def call_about(self, channel: str, *arguments: str) -> None:
        """A caller arrives by `Stasis(ai-call-center,...)` with these arguments."""
        arrive(self.server, channel, *arguments)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - there is no one event for all that is waited for
                await asyncio.sleep(0.01)

    def talk(self, calls: int) -> bool:
        """Whether there are so many, all of whose legs are made."""
        states = [call["state"] for call in self.exchange.report()["calls"]]
        return len(states) == calls and "connecting" not in states

    def ended(self, channel: str) -> CallEnded | None:
        (call,) = [
            record.call for record in self.records if isinstance(record, CallStarted) and record.channel == channel
        ]
        found = [record for record in self.records if isinstance(record, CallEnded) and record.call == call]
        return found[0] if found else None

    def left_over(self) -> list[str]:
        return [name for name in (*self.server.channels, *self.server.bridges) if name.startswith("cc-")]


def arrive(server: AriServer, channel: str, *arguments: str) -> None:
    """Somebody calls, whether anybody listens or not."""
    server.channels[channel] = content = {
        "id": channel,
        "name": f"PJSIP/phone-{channel}",
        "state": "Ring",
        "caller": {"name": "", "number": f"+1555{channel}"},
        "dialplan": {"exten": "9001", "app_name": "Stasis", "app_data": ",".join(["ai-call-center", *arguments])},
        "creationtime": CREATED,
    }
    server.emit({"type": "StasisStart", "args": arguments, "channel": content})


def open_door(admission: Admission, load: Callable[[int], Load] = lambda calls: Load(calls=calls)) -> Door:
    return Door(guard=Guard(admission), load=load, apologies=admission.apologies)


@cache
def investment() -> Flow:
    return load_flow("investment")


def office(flow: str, scene: Running, legs: Callable[[Channel, str], Legs]) -> Office:
    """Of a flow that is the shipped one, but for its name."""
    shipped = investment()
    return Office(
        instance="test",
        flow=flow,
        legs=legs,
        line=lambda channel: RtpLine.open("127.0.0.1", ULAW, scene.clock),
        ear=lambda line: ScriptedEar(),
        brain=lambda known: ScriptedBrain(shipped, now=datetime.now),
        voice=ToneVoice(),
        store=scene.records.append,
        tape=lambda call, at, rate: None,
        tell=scene.told.append,
        latencies=Latencies(),
        fillers=shipped.sentences.fillers,
        apology=APOLOGIES[flow],
        manners=Manners(
            is_backchannel=shipped.is_backchannel,
            pause_ms=600,
            short_pause_ms=350,
            long_pause_ms=1100,
            filler_ms=1500,
        ),
        limits=Limits(),
    )


@asynccontextmanager
async def running(
    door: Door | None = None, arrived: Sequence[str] = (), arguments: Sequence[str] = ()
) -> AsyncIterator[Running]:
    """With callers in `arrived` who were there before the daemon, with these arguments of Stasis()."""
    switchboard, clock, stop = Switchboard(), Clock(), asyncio.Event()
    async with AriServer() as server, Ari(server.settings) as ari, asyncio.TaskGroup() as group:

        def legs(channel: Channel, call: str) -> Legs:
            return Legs(ari, switchboard.open(channel.id), channel.id, Names(instance="test", call=call))

        for channel in arrived:
            arrive(server, channel, *arguments)
        scene = Running(server=server, clock=clock, stop=stop)
        offices = Offices(by_flow={flow: office(flow, scene, legs) for flow in APOLOGIES}, default="investment")
        stream, door = EventStream(server.settings), door or open_door(Admission())
        scene.exchange = Exchange(offices, ari, switchboard, stream, door)
        ticking = group.create_task(clock.run())
        answering = group.create_task(scene.exchange.answer_calls(stop, drain_s=0.2))
        await scene.until(lambda: scene.exchange.report()["asterisk"] == "connected")
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
        await scene.until(lambda: scene.talk(1))
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
        named = [name for name in scene.server.requests if name]  # the first one's line is looked at meanwhile
        assert named[-2:] == ["variable", "goOn"]
        assert len(scene.left_over()) == 3

        scene.server.faults.clear()
        scene.server.call("third")
        await scene.until(lambda: scene.talk(2))
        scene.server.hang_up("first")
        scene.server.hang_up("third")
        await scene.until(lambda: not scene.exchange.calls)
        assert scene.left_over() == []
        assert scene.clock.lines == 0
        assert len([record for record in scene.records if isinstance(record, TurnEnded)]) == 2


async def test_calls_that_outlast_the_drain_are_cut_off_and_recorded() -> None:
    async with running() as scene:
        scene.server.call("caller")
        await scene.until(lambda: scene.talk(1))
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
        await scene.until(lambda: scene.talk(2))
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


def outcome(scene: Running, channel: str) -> tuple[str, str] | None:
    """How the call ended, and why; None while it goes on."""
    ended = scene.ended(channel)
    return (ended.outcome, ended.reason) if ended else None


def sent_away(scene: Running, channel: str) -> bool:
    """Whether the dialplan has the caller again, and that is recorded."""
    return channel not in scene.server.channels and outcome(scene, channel) is not None


async def test_the_call_too_many_is_refused_and_the_next_is_not() -> None:
    async with running(open_door(Admission(max_calls=2))) as scene:
        for channel in ("first", "second", "third"):
            scene.server.call(channel)
        await scene.until(lambda: sent_away(scene, "third"))
        await scene.until(lambda: len(scene.left_over()) == 6)
        assert outcome(scene, "third") == ("busy", "full")
        await scene.until(lambda: scene.exchange.report()["outcomes"] == {"busy": 1})
        assert scene.server.requests.count("answer") == 3
        assert [call["channel"] for call in scene.exchange.report()["calls"]] == ["first", "second"]
        assert scene.exchange.report()["admission"] == {"state": "full", "refused": {"full": 1}}

        scene.server.hang_up("first")
        await scene.until(lambda: len(scene.exchange.calls) == 1)
        scene.server.call("third")
        await scene.until(lambda: len(scene.exchange.calls) == 2)
        assert scene.exchange.report()["admission"] == {"state": "open", "refused": {"full": 1}}


async def test_of_many_at_once_so_many_come_in_and_so_many_hear_why_not() -> None:
    async with running(open_door(Admission(max_calls=3, apologies=2))) as scene:
        for number in range(20):
            scene.server.call(f"caller {number}")
        await scene.until(lambda: scene.exchange.report()["outcomes"] == {"busy": 17})
        assert len(scene.exchange.calls) == 3
        assert scene.clock.lines == 3
        assert scene.server.requests.count("answer") == 5
        assert scene.server.requests.count("goOn") == 17
        assert len(scene.left_over()) == 9


async def test_who_was_let_in_by_a_daemon_that_died_is_not_sent_away() -> None:
    async with running(open_door(Admission(max_calls=1)), arrived=["first", "second"]) as scene:
        assert len(scene.exchange.calls) == 2
        scene.server.call("third")
        await scene.until(lambda: sent_away(scene, "third"))
        assert outcome(scene, "third") == ("busy", "full")
        assert len(scene.exchange.calls) == 2


async def test_who_was_let_in_by_a_daemon_that_died_is_greeted_again_in_the_same_flow() -> None:
    async with running(arrived=["first"], arguments=["flow=second"]) as scene:
        await scene.until(lambda: bool(scene.records))
        assert flow_of(scene, "first") == "second"


async def test_nobody_comes_in_while_the_sound_is_late_and_somebody_does_when_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callcenter.exchange.LOOK_EVERY_S", 0.02)
    monkeypatch.setattr("callcenter.admission.CALM_S", 0.2)
    lags = [1.0]
    door = open_door(Admission(apologies=0), lambda calls: Load(calls=calls, lag_ms=lags[-1]))
    async with running(door) as scene:
        scene.server.call("first")
        await scene.until(lambda: len(scene.exchange.calls) == 1)
        lags.append(50.0)
        scene.server.call("early")
        await scene.until(lambda: sent_away(scene, "early"))
        assert outcome(scene, "early") == ("busy", "sound is late")
        lags.append(1.0)
        await scene.until(lambda: scene.exchange.report()["admission"]["state"] == "open")
        scene.server.call("later")
        await scene.until(lambda: len(scene.exchange.calls) == 2)


async def test_a_refused_caller_who_left_while_no_events_came_is_forgotten() -> None:
    async with running(open_door(Admission(max_calls=1))) as scene:
        scene.server.call("first")
        await scene.until(lambda: "silence" in scene.server.requests)
        scene.server.faults["silence"] = Fault.STALL
        scene.server.call("second")
        await scene.until(lambda: scene.server.requests.count("silence") == 2)
        await scene.server.deafen()
        scene.server.hang_up("second")
        await scene.server.listen()
        await scene.until(lambda: outcome(scene, "second") == ("busy", "caller"))
        await scene.until(lambda: len(scene.left_over()) == 3)


async def test_a_late_caller_who_cannot_be_given_back_disturbs_no_farewell() -> None:
    async with running() as scene:
        scene.server.call("caller")
        await scene.until(lambda: scene.talk(1))
        scene.server.faults["variable"] = 404
        scene.stop.set()
        await asyncio.sleep(0.05)
        scene.server.call("late")
        await scene.until(lambda: "variable" in scene.server.requests)
        await asyncio.sleep(0.05)
        assert len(scene.exchange.calls) == 1
    assert outcome(scene, "caller") == ("hung_up", "shutdown")


def flow_of(scene: Running, channel: str) -> str:
    """What the record says the call was about."""
    (flow,) = [record.flow for record in scene.records if isinstance(record, CallStarted) and record.channel == channel]
    return flow


async def test_calls_are_about_what_the_dialplan_says_and_are_counted_so() -> None:
    async with running() as scene:
        scene.call_about("1", "flow=second")
        scene.call_about("2", "flow=investment")
        scene.call_about("3")
        scene.call_about("4", "flow=nowhere")
        await scene.until(lambda: len(scene.exchange.calls) == 4)
        flows = {channel: flow_of(scene, channel) for channel in "1234"}
        assert flows == {"1": "second", "2": "investment", "3": "investment", "4": "investment"}
        report = scene.exchange.report()
        assert {call["channel"]: call["flow"] for call in report["calls"]} == flows
        assert report["flows"] == {
            "investment": {"calls": 3, "outcomes": {}, "asks": []},
            "second": {"calls": 1, "outcomes": {}, "asks": []},
        }

        await scene.until(lambda: scene.server.requests.count("silence") == 4)
        scene.server.hang_up("1")
        scene.server.hang_up("2")
        await scene.until(lambda: len(scene.exchange.calls) == 2)
        assert scene.exchange.report()["flows"] == {
            "investment": {"calls": 2, "outcomes": {"hung_up": 1}, "asks": []},
            "second": {"calls": 0, "outcomes": {"hung_up": 1}, "asks": []},
        }
        assert scene.exchange.report()["outcomes"] == {"hung_up": 2}


async def test_who_is_refused_hears_why_in_the_words_of_their_flow() -> None:
    async with running(open_door(Admission(max_calls=1, apologies=2))) as scene:
        scene.call_about("1", "flow=investment")
        await scene.until(lambda: len(scene.exchange.calls) == 1)
        scene.call_about("2", "flow=second")
        scene.call_about("3", "flow=investment")
        scene.call_about("4", "flow=second")
        await scene.until(lambda: scene.exchange.report()["outcomes"] == {"busy": 3})
        said = {told["caller"]: told["text"] for told in scene.told if told["event"] == "say" and told["turn"] == 0}
        assert (said["+15552"], said["+15553"]) == ("Nobody is free.", "All busy.")
        assert "+15554" not in said
        assert flow_of(scene, "4") == "second"
        assert scene.exchange.report()["flows"]["second"] == {"calls": 0, "outcomes": {"busy": 2}, "asks": []}
