"""Calls in virtual time: call, brain, line and clock are real; Asterisk, ear and voice are not."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from callcenter.asterisk.events import Channel, ChannelEvent, StasisEnd
from callcenter.asterisk.legs import Legs
from callcenter.attention import Manners
from callcenter.call import Call
from callcenter.config import Limits
from callcenter.dialogue.brain import Brain, Outcome
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.latency import Latencies
from callcenter.media import udp
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.rtp_line import RtpLine
from callcenter.media.tape import Tape
from callcenter.office import Office
from callcenter.speech.ear import SpeechStarted, Utterance
from callcenter.store.records import CallEnded, CallStarted, Record
from tests.stand_ins import ScriptedEar, ToneVoice
from tests.virtual_time import VirtualTimeLoop

FILLER_MS = 1500

CALLER = Channel(
    id="caller",
    name="PJSIP/phone-1",
    state="Ring",
    caller_number="+15550100000",
    caller_name="",
    did="9000",
    application="ai-call-center",
    created="",
)


class PaperLegs(Legs):
    """Legs that Asterisk never sees."""

    def __init__(self, peer: tuple[str, int]) -> None:
        self.peer = peer
        self.events: asyncio.Queue[ChannelEvent] = asyncio.Queue()
        self.done: list[str] = []
        self.refuse: Exception | None = None
        self.person_answers = False
        self.caller_gone = False
        self.fault: asyncio.Queue[str] = asyncio.Queue()
        """What breaks them."""

    async def caller_is_gone(self) -> bool:
        return self.caller_gone

    async def open(self, wanted: Mapping[str, str], connect: Callable[[Mapping[str, str]], Awaitable[None]]) -> None:
        if self.refuse:
            raise self.refuse
        host, port = self.peer
        await connect({"UNICASTRTP_LOCAL_ADDRESS": host, "UNICASTRTP_LOCAL_PORT": str(port)})

    async def steady(self, silent: Callable[[], bool]) -> None:
        pass

    async def broken(self) -> str:
        return await self.fault.get()

    async def next(self) -> ChannelEvent:
        return await self.events.get()

    async def ring_person(self, endpoint: str, caller: str, timeout: float) -> bool:
        self.done.append(f"ring {endpoint}")
        await asyncio.sleep(timeout / 2)
        return self.person_answers

    async def connect_person(self) -> None:
        self.done.append("connect")
        await asyncio.sleep(60)

    async def hang_up(self) -> None:
        self.done.append("hang up")

    async def give_back(self) -> None:
        self.done.append("give back")

    async def close(self) -> None:
        self.done.append("close")


class BreakableLine(RtpLine):
    """A line whose way to Asterisk may break."""

    @cached_property
    def fault(self) -> asyncio.Future[str]:
        """Whose result breaks it."""
        return asyncio.get_running_loop().create_future()

    async def broken(self) -> str:
        return await asyncio.shield(self.fault)


@dataclass
class Scene:
    """One call and everything around it."""

    legs: PaperLegs
    ear: ScriptedEar = field(default_factory=ScriptedEar)
    voice: ToneVoice = field(default_factory=ToneVoice)
    records: list[Record] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    lines: list[BreakableLine] = field(default_factory=list)
    recorded: bool = False
    tapes: list[Tape] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    brain: Callable[..., Brain] = ScriptedBrain
    call: Call = field(init=False)
    running: asyncio.Task[Outcome] = field(init=False)

    async def play(self, act: Callable[["Scene"], Awaitable[None]]) -> None:
        """Run the call while `act` plays the caller; at its end the call is over."""
        self.call = Call(CALLER, self._office(load_flow("investment")))
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self.clock.run())
            self.running = group.create_task(self.call.run())
            await act(self)
            await asyncio.wait([self.running])
            ticking.cancel()

    def _office(self, flow: Flow) -> Office:
        return Office(
            instance="test",
            flow=flow.name,
            legs=lambda channel, name: self.legs,
            line=lambda channel: self._line(),
            ear=lambda line: self.ear,
            brain=lambda known: self.brain(flow, now=lambda: datetime(2026, 11, 21, 9, 0)),  # noqa: DTZ001 - local time
            voice=self.voice,
            fillers=flow.sentences.fillers,
            store=self.records.append,
            tape=self._tape,
            tell=self.told.append,
            latencies=Latencies(),
            manners=Manners(
                is_backchannel=flow.is_backchannel,
                pause_ms=600,
                short_pause_ms=350,
                long_pause_ms=1100,
                filler_ms=FILLER_MS,
            ),
            limits=self.limits,
        )

    def _line(self) -> BreakableLine:
        self.lines.append(BreakableLine(udp.bind("127.0.0.1"), ULAW, self.clock))
        return self.lines[-1]

    def _tape(self, call: UUID, at: float, rate: int) -> Tape | None:
        if not self.recorded:
            return None
        self.tapes.append(Tape(call, Path(f"{call}.wav"), at, rate))
        return self.tapes[-1]

    def say(self, text: str, seconds: float = 1.0) -> None:
        """The caller has said `text`, which took `seconds`, and fallen silent half a second ago."""
        now = asyncio.get_running_loop().time()
        self.ear.events.put_nowait(
            Utterance(
                text=text,
                confidence=0.9,
                started=now - 0.5 - seconds,
                ended=now - 0.5,
                timings={"endpoint": 500.0, "recognise": 0.0},
            )
        )

    def speak(self) -> None:
        """The caller begins to talk."""
        self.ear.events.put_nowait(SpeechStarted(at=asyncio.get_running_loop().time()))

    def hang_up(self) -> None:
        self.legs.events.put_nowait(StasisEnd(channel_id="caller"))

    async def quiet(self) -> None:
        """Wait until the agent has said what it has to say."""
        await asyncio.sleep(0.1)
        await self.lines[-1].played()
        await asyncio.sleep(0.1)

    def of(self, kind: type[Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def ended(self) -> CallEnded:
        (record,) = (record for record in self.records if isinstance(record, CallEnded))
        assert self.records[-1] is record
        return record


@contextmanager
def peer() -> Iterator[tuple[str, int]]:
    """Somewhere for the agent's RTP to go."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()


def played(act: Callable[[Scene], Awaitable[None]], prepare: Callable[[Scene], None] = lambda scene: None) -> Scene:
    """A call in virtual time, in which `act` is the caller; checks that nothing is left of it."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner, peer() as address:
        scene = Scene(PaperLegs(address))
        prepare(scene)

        async def main() -> None:
            before = asyncio.all_tasks()
            await scene.play(act)
            assert asyncio.all_tasks() == before

        runner.run(main())
    assert scene.legs.done[-1] in {"close", "give back"}
    assert isinstance(scene.records[0], CallStarted)
    assert scene.ended
    return scene
