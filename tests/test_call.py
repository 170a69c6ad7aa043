"""Whole calls in virtual time: call, brain, line and clock are real; Asterisk, ear and voice are not."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from callcenter.asterisk.events import Channel, ChannelDtmfReceived, ChannelEvent, StasisEnd
from callcenter.asterisk.legs import Legs
from callcenter.attention import Manners
from callcenter.call import Call
from callcenter.config import Limits
from callcenter.dialogue.brain import Action, Brain, Happening, Outcome, Say
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.errors import CallerHungUp, LegError
from callcenter.latency import Latencies
from callcenter.media import udp
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.line import Line
from callcenter.media.rtp_line import RtpLine
from callcenter.media.tape import Tape
from callcenter.office import Office
from callcenter.speech.ear import Ear, SpeechPaused, SpeechResumed, SpeechStarted, Utterance
from callcenter.store.records import CallEnded, CallStarted, LeadChanged, Record, TurnEnded
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

    async def caller_is_gone(self) -> bool:
        return self.caller_gone

    async def open(self, wanted: Mapping[str, str], connect: Callable[[Mapping[str, str]], Awaitable[None]]) -> None:
        if self.refuse:
            raise self.refuse
        host, port = self.peer
        await connect({"UNICASTRTP_LOCAL_ADDRESS": host, "UNICASTRTP_LOCAL_PORT": str(port)})

    async def steady(self, silent: Callable[[], bool]) -> None:
        pass

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
        flow = load_flow("investment")

        def line(_: Channel) -> BreakableLine:
            self.lines.append(BreakableLine(udp.bind("127.0.0.1"), ULAW, self.clock))
            return self.lines[-1]

        def ear(_: Line) -> Ear:
            return self.ear

        self.call = Call(
            CALLER,
            Office(
                instance="test",
                flow=flow.name,
                legs=lambda channel, name: self.legs,
                line=line,
                ear=ear,
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
            ),
        )
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self.clock.run())
            self.running = group.create_task(self.call.run())
            await act(self)
            await asyncio.wait([self.running])
            ticking.cancel()

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
    with asyncio.Runner(loop_factory=VirtualTimeLoop, debug=True) as runner, peer() as address:
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


async def leave(scene: Scene) -> None:
    scene.hang_up()


def test_the_greeting_is_said_and_kept_with_what_was_heard_of_it() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    (greeting,) = scene.of(TurnEnded)
    assert greeting.said == greeting.heard_by_caller != ""
    assert greeting.heard == ""
    assert greeting.timings["total"] < 50
    assert (scene.ended.outcome, scene.ended.reason) == ("hung_up", "caller")


def test_a_recorded_call_has_its_tape_from_the_first_frame_to_the_end_of_the_line() -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.hang_up()

    def record(scene: Scene) -> None:
        scene.recorded = True

    scene = played(caller, record)
    (tape,) = scene.tapes
    assert tape.closed
    assert scene.ended.recording == str(tape.path)
    _, agent = tape.taken()
    times = [at for at, pcm in agent if pcm]
    assert len(times) == pytest.approx(49, abs=2)
    assert all(later - earlier == pytest.approx(0.02, abs=0.002) for earlier, later in pairwise(times))


def test_what_the_caller_says_becomes_the_lead() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(1.5)
        scene.say("About fifty thousand dollars in index funds.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    lead = scene.of(LeadChanged)[-1]
    assert {name: slot.value for name, slot in lead.slots.items()} == {"amount": 50000, "interest": ["funds"]}
    assert (lead.status, scene.ended.outcome) == ("partial", "partial")
    turn = scene.of(TurnEnded)[1]
    assert turn.heard == "About fifty thousand dollars in index funds."
    assert 500 <= turn.timings["total"] < 550


def test_words_stop_the_agent_and_what_was_not_heard_is_not_in_the_record() -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.speak()
        await asyncio.sleep(0.1)
        assert scene.lines[-1].playout.paused
        await asyncio.sleep(1.0)
        scene.say("I want bonds.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    greeting = scene.of(TurnEnded)[0]
    assert greeting.said.startswith(greeting.heard_by_caller)
    assert 2 <= len(greeting.heard_by_caller.split()) <= 4
    assert scene.of(LeadChanged)[-1].slots["interest"].value == ["bonds"]


@pytest.mark.parametrize("noise", ["", "Mm-hm."])
def test_a_noise_lets_the_agent_go_on(noise: str) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.speak()
        await asyncio.sleep(0.8)
        scene.say(noise)
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    (greeting,) = scene.of(TurnEnded)
    assert greeting.said == greeting.heard_by_caller


def test_a_noise_between_turns_does_not_silence_the_next_answer() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(0.5)
        scene.say("", seconds=0.15)
        await asyncio.sleep(0.5)
        scene.speak()
        await asyncio.sleep(0.5)
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    answer = played(caller).of(TurnEnded)[1]
    assert answer.said == answer.heard_by_caller != ""


def test_a_word_that_was_not_understood_is_asked_about_twice_at_most() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for _ in range(4):
            scene.speak()
            await asyncio.sleep(0.5)
            scene.say("")
            await scene.quiet()
        scene.hang_up()

    _, *asked = played(caller).of(TurnEnded)
    assert ["catch" in turn.said for turn in asked] == [True, True]


FILLERS = load_flow("investment").sentences.fillers


def fillers_in(scene: Scene) -> list[str]:
    return [event["text"] for event in scene.told if event["event"] == "say" and event["text"] in FILLERS]


async def asks_about_bonds(scene: Scene, recognised_after: float) -> None:
    await scene.quiet()
    scene.speak()
    await asyncio.sleep(1.0)
    ended = asyncio.get_running_loop().time()
    scene.ear.events.put_nowait(SpeechPaused(at=ended))
    await asyncio.sleep(recognised_after)
    scene.ear.events.put_nowait(
        Utterance(
            text="Bonds.",
            confidence=0.9,
            started=ended - 1,
            ended=ended,
            known=ended + recognised_after,
            timings={"endpoint": 600.0, "recognise": recognised_after * 1000 - 600},
        )
    )
    await scene.quiet()


@pytest.mark.parametrize(("recognised_after", "fillers"), [(1.0, 0), (1.6, 1), (2.9, 1), (4.5, 2), (12.0, 5)])
def test_a_long_wait_for_the_recogniser_is_bridged(recognised_after: float, fillers: int) -> None:
    async def caller(scene: Scene) -> None:
        await asks_about_bonds(scene, recognised_after)
        scene.hang_up()

    scene = played(caller)
    said = fillers_in(scene)
    assert len(said) == fillers
    assert all(one != next_one for one, next_one in pairwise(said))
    turn = scene.of(TurnEnded)[1]
    assert turn.said == turn.heard_by_caller == " ".join([*said, *turn.said.split()[len(" ".join(said).split()) :]])
    assert scene.of(LeadChanged)[-1].slots["interest"].value == ["bonds"]
    assert turn.timings["total"] >= recognised_after * 1000
    assert ("filler" in turn.timings) == bool(fillers)
    if fillers:
        assert FILLER_MS <= turn.timings["filler"] < FILLER_MS + 50


def test_a_slow_voice_is_bridged_and_the_answer_follows() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.voice.ready, scene.voice.slow_s = set(FILLERS), 2.0
        await asks_about_bonds(scene, 0.7)
        await asyncio.sleep(5)
        scene.hang_up()

    scene = played(caller)
    turn = scene.of(TurnEnded)[1]
    assert fillers_in(scene)[0] == FILLERS[0]
    assert turn.said.startswith(FILLERS[0])
    assert turn.timings["voice"] == pytest.approx(2000, abs=50)
    stages = ("endpoint", "recognise", "queue", "think", "voice", "wire")
    assert sum(turn.timings.get(stage, 0) for stage in stages) == pytest.approx(turn.timings["total"], abs=1)


class Faltering(ScriptedBrain):
    """Falls silent after its first words."""

    async def reply(self, happening: Happening) -> AsyncGenerator[Action, None]:
        """They are the same each time."""
        yield Say(text="Thank you.")
        await asyncio.sleep(2.5)
        async for action in super().reply(happening):
            yield action


def test_a_brain_that_falls_silent_in_the_middle_of_its_answer_is_bridged() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        await asyncio.sleep(10)
        scene.hang_up()

    def falter(scene: Scene) -> None:
        scene.brain = Faltering

    scene = played(caller, falter)
    said = [event["text"] for event in scene.told if event["event"] == "say"]
    assert said[:2] == ["Thank you.", FILLERS[0]]
    assert fillers_in(scene) == [FILLERS[0]], "nobody is waited for once the question is asked"


def test_who_answers_while_a_filler_is_said_does_not_interrupt() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        scene.ear.events.put_nowait(SpeechPaused(at=asyncio.get_running_loop().time()))
        await asyncio.sleep(FILLER_MS / 1000 + 0.3)
        assert not scene.lines[-1].playout.idle, "the filler is being said"
        scene.say("Okay.")  # over the agent it would be a mere sign of listening
        await scene.quiet()
        scene.hang_up()

    assert [turn.heard for turn in played(caller).of(TurnEnded)] == ["", "Okay."]


@pytest.mark.parametrize("murmur", ["", "Okay."])
def test_a_murmur_before_the_answer_is_there_does_not_lose_it(murmur: str) -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.voice.slow_s = 1.0
        scene.speak()
        scene.say("Bonds.")
        await asyncio.sleep(0.3)
        scene.speak()
        await asyncio.sleep(0.3)
        scene.say(murmur, seconds=0.2)
        await asyncio.sleep(5)
        scene.hang_up()

    _, answer = played(caller).of(TurnEnded)
    assert answer.heard == "Bonds."
    assert answer.said == answer.heard_by_caller != ""


def test_who_goes_on_talking_hears_no_filler() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        for _ in range(5):
            scene.ear.events.put_nowait(SpeechPaused(at=asyncio.get_running_loop().time()))
            await asyncio.sleep(1.0)
            scene.ear.events.put_nowait(SpeechResumed())
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    assert fillers_in(played(caller)) == []


def test_the_caller_s_words_decide_how_long_a_pause_is_waited_out() -> None:
    patience: list[int] = []

    async def caller(scene: Scene) -> None:
        await scene.quiet()
        patience.extend(scene.ear.patience(words) for words in (None, "", "Bonds.", "I would like", "Well."))
        scene.hang_up()

    played(caller)
    assert patience[:2] == [600, 0]
    assert set(patience[2:]) <= {350, 600, 1100}


def test_keys_are_gathered_until_the_hash() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for sentence in ("Bonds.", "Fifty thousand dollars.", "Low risk.", "Ten years.", "Karen Mitchell."):
            scene.say(sentence)
            await scene.quiet()
        for digit in "5552347890#":
            scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))
            await asyncio.sleep(0.2)
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    slots = scene.of(LeadChanged)[-1].slots
    assert (slots["name"].value, slots["phone"].value) == ("Karen Mitchell", "+15552347890")
    assert scene.of(TurnEnded)[-1].heard == "5552347890"
    assert scene.ended.outcome == "qualified"


def test_keys_without_a_hash_end_with_a_pause() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for digit in "12":
            scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))
            await asyncio.sleep(1.0)
        await asyncio.sleep(3.0)
        scene.hang_up()

    assert played(caller).of(TurnEnded)[1].heard == "12"


def test_silence_is_met_three_times_and_then_ends_the_call() -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller)
    assert len(scene.of(TurnEnded)) == 4
    assert (scene.ended.reason, scene.ended.outcome) == ("limit", "hung_up")
    assert scene.legs.done == ["hang up", "close"]


def test_a_caller_who_talks_for_long_is_not_silent() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(25)
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    assert len(played(caller).of(TurnEnded)) == 2


def test_the_longest_call_ends_with_a_goodbye() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()

    scene = played(caller, lambda scene: setattr(scene, "limits", Limits(call_s=11)))
    assert scene.ended.reason == "limit"
    assert len(scene.of(TurnEnded)) == 2
    assert "hang up" in scene.legs.done


def test_a_stopping_daemon_says_goodbye() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.call.end_politely()

    scene = played(caller)
    assert scene.ended.reason == "shutdown"
    assert scene.of(TurnEnded)[-1].heard_by_caller
    assert scene.legs.done == ["hang up", "close"]


def test_a_caller_who_cannot_be_spoken_to_is_given_back_to_the_dialplan() -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller, lambda scene: setattr(scene.voice, "failing", True))
    assert scene.ended.reason == "error: no voice today"
    assert scene.legs.done == ["close", "give back"]


@pytest.mark.parametrize(
    ("refusal", "reason", "done"),
    [
        (LegError("Asterisk refused the snoop"), "error: Asterisk refused the snoop", ["close", "give back"]),
        (CallerHungUp("gone"), "caller", ["close"]),
        (OSError("no sockets"), "error: no sockets", ["close", "give back"]),
    ],
)
def test_legs_that_cannot_be_made(refusal: Exception, reason: str, done: list[str]) -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller, lambda scene: setattr(scene.legs, "refuse", refusal))
    assert (scene.ended.reason, scene.legs.done) == (reason, done)


@pytest.mark.parametrize(
    ("caller_gone", "reason", "done"),
    [(True, "caller", ["close"]), (False, "error: the line broke: cut", ["close", "give back"])],
    ids=["the caller has left", "the caller is still there"],
)
def test_a_line_that_breaks_ends_the_call(caller_gone: bool, reason: str, done: list[str]) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.lines[-1].fault.set_result("cut")
        scene.legs.caller_gone = caller_gone

    scene = played(act)
    assert scene.ended.reason == reason
    assert scene.legs.done == done
    assert scene.lines[-1].received.dropped == 0


def test_a_line_that_breaks_as_the_caller_hangs_up_is_no_fault() -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.lines[-1].fault.set_result("closed")
        await asyncio.sleep(0.1)
        scene.hang_up()

    assert played(act).ended.reason == "caller"


def test_a_person_who_answers_gets_the_call() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Let me talk to a real person, please.")

    scene = played(caller, lambda scene: setattr(scene.legs, "person_answers", True))
    assert scene.legs.done == ["ring Local/9100@people", "connect", "hang up", "close"]
    assert (scene.ended.outcome, scene.ended.reason) == ("transferred", "person")


def test_people_who_were_connected_may_talk_for_longer_than_a_call_may_last() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        scene.say("I want to talk to a person.")

    def prepare(scene: Scene) -> None:
        scene.legs.person_answers = True
        scene.limits = Limits(call_s=25)

    scene = played(caller, prepare)
    assert (scene.ended.outcome, scene.ended.reason) == ("transferred", "person")


def test_when_nobody_answers_the_call_comes_back() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Let me talk to a real person, please.")
        await asyncio.sleep(5)
        scene.say("Hello?")
        await asyncio.sleep(10)
        await scene.quiet()
        scene.say("Tomorrow at three.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    assert scene.legs.done == ["ring Local/9100@people", "close"]
    assert scene.of(LeadChanged)[-1].slots["callback"].value == "2026-11-22T15:00"


@pytest.mark.parametrize("after", [0.0, 0.5, 3.0, 8.0])
def test_a_call_that_is_cut_off_is_cleared_and_recorded(after: float) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(after)
        scene.running.cancel()

    scene = played(caller)
    assert scene.ended.reason == "shutdown"
    assert scene.legs.done == ["close"]
    assert scene.clock.lines == 0


@pytest.mark.parametrize("after", [0.0, 0.01, 0.5, 2.0, 9.0])
def test_a_caller_may_hang_up_at_any_time(after: float) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(after)
        scene.hang_up()

    scene = played(caller)
    assert (scene.ended.reason, scene.legs.done) == ("caller", ["close"])


def test_two_sentences_at_once_are_both_understood() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Index funds.")
        scene.say("Fifty thousand dollars.")
        await scene.quiet()
        scene.hang_up()

    slots = played(caller).of(LeadChanged)[-1].slots
    assert (slots["interest"].value, slots["amount"].value) == (["funds"], 50000)
