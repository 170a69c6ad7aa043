"""One refusal, in real time, with a small Asterisk that can refuse too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from callcenter.admission import Reason
from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.attention import Manners
from callcenter.config import Limits
from callcenter.dialogue.brain import Outcome
from callcenter.latency import Latencies
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.rtp_line import RtpLine
from callcenter.office import Office
from callcenter.refusal import Refusal
from callcenter.store.records import CallEnded, CallStarted, Record
from tests.asterisk.conftest import Client, connected
from tests.peers.ari_server import AriServer, Fault
from tests.stand_ins import ToneVoice
from tests.waiting import PATIENCE_S, until

STEPS = ["bridge", "snoop", "externalMedia", "addChannel", "answer", "silence"]
STATUSES = [401, 409, 422, 500, Fault.CUT]
SENTENCE = "All our lines are busy. Please hold on."
LASTS_S = 8 * 0.3
CALLER = Channel(
    id="caller",
    name="PJSIP/phone-caller",
    state="Ring",
    caller_number="+15550001",
    caller_name="",
    did="9000",
    application="ai-call-center",
    created="",
)


def nobody(*_: object) -> NoReturn:
    raise AssertionError("a refusal costs neither an ear nor a brain")


@dataclass(kw_only=True)
class Scene:
    """A caller too many, and what is around them."""

    server: AriServer
    client: Client
    clock: Clock
    voice: ToneVoice = field(default_factory=ToneVoice)
    records: list[Record] = field(default_factory=list)
    lines: list[RtpLine] = field(default_factory=list)

    def refusal(self, sentence: str = SENTENCE) -> Refusal:
        """Of a caller who has just arrived."""
        self.server.call(CALLER.id)
        return Refusal(CALLER, self._office(), Reason.FULL, sentence)

    async def served(self, refusal: Refusal) -> str:
        """Serve it to its end, see that nothing is left of it, and return why it ended."""
        assert await refusal.run() == "busy"
        return self.over()

    def over(self) -> str:
        started, ended = self.records
        assert isinstance(started, CallStarted)
        assert isinstance(ended, CallEnded)
        assert (started.call, started.channel, started.caller, started.did) == (
            ended.call,
            "caller",
            "+15550001",
            "9000",
        )
        assert ended.outcome == "busy"
        assert (self.server.channels, self.server.bridges) == ({}, {})
        assert self.clock.lines == 0
        return ended.reason

    @property
    def given_back(self) -> bool:
        return self.server.requests[-2:] == ["variable", "goOn"]

    def _line(self, _: Channel) -> RtpLine:
        self.lines.append(RtpLine.open("127.0.0.1", ULAW, self.clock))
        return self.lines[-1]

    def _office(self) -> Office:
        client = self.client
        return Office(
            instance="test",
            flow="investment",
            legs=lambda channel, call: Legs(
                client.ari, client.switchboard.open(channel.id), channel.id, Names(instance="test", call=call)
            ),
            line=self._line,
            ear=nobody,
            brain=nobody,
            voice=self.voice,
            fillers=(),
            store=self.records.append,
            tape=lambda call, at, rate: None,
            tell=lambda event: None,
            latencies=Latencies(),
            manners=Manners(
                is_backchannel=nobody, pause_ms=600, short_pause_ms=350, long_pause_ms=1100, filler_ms=1500
            ),
            limits=Limits(),
        )


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    clock = Clock()
    async with AriServer() as server, connected(server.settings) as client, asyncio.TaskGroup() as group:
        ticking = group.create_task(clock.run())
        yield Scene(server=server, client=client, clock=clock)
        ticking.cancel()


async def begun(scene: Scene) -> asyncio.Task[Outcome]:
    """A refusal in the middle of its sentence."""
    serving = asyncio.ensure_future(scene.refusal().run())
    await until(lambda: scene.lines and scene.lines[0].playout.speaking)
    await asyncio.sleep(0.3)
    return serving


async def test_the_sentence_is_heard_whole_and_the_dialplan_has_the_caller() -> None:
    async with scene() as there:
        began = asyncio.get_running_loop().time()
        assert await there.served(there.refusal()) == "full"
        assert asyncio.get_running_loop().time() - began > LASTS_S
        assert there.given_back
        assert there.server.requests.count("answer") == 1
        (line,) = there.lines
        heard = line.playout.stop()
        assert (heard.text, heard.complete) == (SENTENCE, True)
        assert line.counters.sent > LASTS_S * 50


async def test_without_a_sentence_the_caller_goes_back_unanswered() -> None:
    async with scene() as there:
        assert await there.served(there.refusal("")) == "full"
        assert there.server.requests == ["events", "variable", "goOn"]
        assert there.lines == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", STEPS)
async def test_refused_by_asterisk_too(step: str, status: int | Fault) -> None:
    async with scene() as there:
        there.server.faults[step] = status
        assert (await there.served(there.refusal())).startswith("error: ")
        assert there.given_back


async def test_asterisk_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.refusal.GRACE_S", 0.2)
    async with scene() as there:
        there.server.faults["answer"] = Fault.STALL
        assert await there.served(there.refusal("Sorry.")) == "limit"
        assert there.given_back


@pytest.mark.parametrize("step", STEPS)
async def test_the_caller_hangs_up_at_every_step(step: str) -> None:
    async with scene() as there:
        there.server.before[step] = lambda: there.server.hang_up(CALLER.id)
        assert await there.served(there.refusal()) == "caller"
        assert "goOn" not in there.server.requests


async def test_the_caller_hangs_up_during_the_sentence() -> None:
    async with scene() as there:
        serving = await begun(there)
        there.server.hang_up(CALLER.id)
        async with asyncio.timeout(PATIENCE_S):
            await serving
        assert there.over() == "caller"
        assert "goOn" not in there.server.requests


async def test_the_daemon_is_stopped_during_the_sentence() -> None:
    async with scene() as there:
        serving = await begun(there)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert there.over() == "shutdown"
        assert there.given_back


async def test_a_caller_to_whom_nothing_can_be_said_is_not_answered() -> None:
    async with scene() as there:
        there.voice.failing = True
        assert await there.served(there.refusal()) == "error: no voice today"
        assert there.server.requests == ["events", "variable", "goOn"]


@pytest.mark.parametrize("step", ["variable", "goOn"])
@pytest.mark.parametrize("sentence", ["Sorry.", ""])
async def test_a_caller_who_cannot_be_given_back_is_hung_up(step: str, sentence: str) -> None:
    async with scene() as there:
        there.server.faults[step] = 500
        assert await there.served(there.refusal(sentence)) == "full"
        assert there.server.requests[-1] == "hangup"


async def test_keys_pressed_meanwhile_do_no_harm() -> None:
    async with scene() as there:
        serving = await begun(there)
        for _ in range(100):
            there.server.press(CALLER.id, "1")
        await serving
        assert there.over() == "full"
