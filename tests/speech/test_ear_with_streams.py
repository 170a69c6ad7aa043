"""Ears whose words come from Deepgram's peer over real sockets, and those of whom it tells when they have finished."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Never

import pytest
from pydantic import SecretStr

from callcenter.breaker import Breaker
from callcenter.config import Deepgram as Section
from callcenter.ladder import Rung
from callcenter.media.pcm import FrameQueue, Trail, frame_bytes
from callcenter.speech.cloud import deepgram_client
from callcenter.speech.cloud.deepgram import Deepgram
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.flux import Flux
from callcenter.speech.ear import Ear, HearingFailed, SpeechPaused, Utterance
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.recogniser import Recognised
from callcenter.speech.streaming import StreamingRecogniser
from callcenter.speech.words import StreamRung
from tests.peers.deepgram_cloud import Fault, Peer, serving
from tests.speech.test_local_ear import RATE, SETTINGS, WORD, Loudness, Recogniser, events, sound
from tests.waiting import PATIENCE_S, until

# The SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

TIMEOUT_S = 0.8
"""Less than a result that comes late takes; a peer that is well needs some of it on a busy machine."""
LISTEN = {"nova": "/v1/listen", "flux": "/v2/listen"}


@asynccontextmanager
async def hears(recogniser: Recogniser, *streams: StreamRung) -> AsyncIterator[LocalHearing]:
    hearing = LocalHearing(SETTINGS, Loudness(), recogniser, streams)
    running = asyncio.create_task(hearing.run())
    try:
        yield hearing
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def rung(provider: StreamingRecogniser, breaker: Breaker | None = None) -> StreamRung:
    return Rung(name="first", provider=provider, timeout_s=TIMEOUT_S, breaker=breaker or Breaker())


def listen(hearing: LocalHearing) -> tuple[FrameQueue, Ear]:
    frames = FrameQueue(RATE, limit=1000)
    return frames, hearing.listen(frames, Trail(RATE))


async def said(frames: FrameQueue, ear: Ear, text: str, at: float = 100.0) -> Utterance:
    """What is made of `text`, after which the line goes on."""
    sound(frames, text, at)
    hearing = asyncio.create_task(events(ear, 2))
    at += len(text) * 0.02
    while not (await asyncio.wait([hearing], timeout=0.02))[0]:
        sound(frames, ".", at)
        at += 0.02
    _, utterance = await hearing
    assert isinstance(utterance, Utterance)
    return utterance


def ours() -> set[asyncio.Task[object]]:
    """Tasks that are not the peer's."""
    return {task for task in asyncio.all_tasks() if not {"aiohttp", "_listen"} & set(re.split(r"\W", repr(task)))}


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture(params=["nova", "flux"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def streaming(peer: Peer, kind: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StreamingRecogniser]:
    monkeypatch.setattr(deepgram_client, "CLOSE_S", 0.1)
    async with serving(peer) as address:
        client = DeepgramClient(Section(url=address, key=SecretStr("secret")))
        await client.ready()
        yield Deepgram(client, endpointing_ms=1100) if kind == "nova" else Flux(client)
        await client.close()


async def test_words_come_from_who_has_listened_along(streaming: StreamingRecogniser, peer: Peer) -> None:
    recogniser = Recogniser()
    async with hears(recogniser, rung(streaming)) as hearing:
        frames, ear = listen(hearing)
        await until(lambda: bool(hearing.report()[0]["calls"]))
        (report,) = hearing.report()
        assert report.items() >= {"name": "first", "state": "closed", "failures": 0, "calls": 1}.items()
        first = await said(frames, ear, WORD)
        second = await said(frames, ear, WORD + "#" * 10 + "." * 30, at=110.0)
        assert (first.by, second.by) == ("first", "first")
        assert int(first.text) == pytest.approx(400, abs=20)
        assert second.confidence == pytest.approx(0.85, abs=0.06)
        assert first.started == pytest.approx(100.4, abs=0.033)
        assert recogniser.asked == []
        assert ear.seconds_heard["first"] > 0
        ear.close()
        await until(lambda: peer.open == 0)


OF_FLUX = (Fault.ERROR, Fault.STALL, Fault.STALL_MIDDLE, Fault.CUT, Fault.GARBAGE, Fault.EMPTY)
FAULTS = [("nova", fault) for fault in Fault] + [("flux", fault) for fault in OF_FLUX]


@pytest.mark.parametrize(
    ("kind", "fault"), FAULTS, indirect=["kind"], ids=[f"{kind} {fault.value}" for kind, fault in FAULTS]
)
async def test_nothing_is_lost_whatever_goes_wrong(
    streaming: StreamingRecogniser, peer: Peer, kind: str, fault: Fault
) -> None:
    """The recogniser gets the sound that it would get without a stream; a call after the fault has its stream again,
    though one that tried meanwhile has met the fault too."""
    alone = Recogniser()
    async with hears(alone) as hearing:
        await said(*listen(hearing), WORD)
    peer.faults = {LISTEN[kind]: fault}
    recogniser, along = Recogniser(), rung(streaming, Breaker(failures=1, first_rest_s=0.05))
    before = ours()
    async with hears(recogniser, along) as hearing:
        frames, ear = listen(hearing)
        await until(lambda: hearing.report()[0]["calls"] or hearing.report()[0]["failed"])
        utterance = await said(frames, ear, WORD)
        assert (utterance.text, utterance.by, recogniser.asked) == ("0 en", "", alone.asked)
        await until(lambda: peer.counts[LISTEN[kind]] > 1)
        assert (await said(frames, ear, WORD, at=150.0)).by == ""
        ear.close()
        peer.faults = {}
        frames, ear = listen(hearing)
        await until(lambda: bool(hearing.report()[0]["calls"]))
        assert (await said(frames, ear, WORD, at=200.0)).by == "first"
        assert hearing.report()[0]["state"] == "closed"
        ear.close()
    await until(lambda: ours() <= before)


@pytest.mark.parametrize("kind", ["nova"], indirect=True)
async def test_many_calls_of_whose_streams_half_fail(streaming: StreamingRecogniser, peer: Peer) -> None:
    peer.faults, peer.fault_share = {"/v1/listen": Fault.CUT}, 0.5
    recogniser, before = Recogniser(), ours()
    async with hears(recogniser, rung(streaming)) as hearing:
        lines = [listen(hearing) for _ in range(20)]
        await asyncio.sleep(0.3)
        for at in (100.0, 110.0, 120.0):
            heard = await asyncio.gather(*(said(frames, ear, WORD, at) for frames, ear in lines))
            assert all(utterance.text for utterance in heard)
        assert recogniser.asked, "some streams have failed"
        for _, ear in lines:
            ear.close()
    await until(lambda: ours() <= before and peer.open == 0)


class Finishing:
    """Listens along, and tells of the end of a turn when the test does."""

    def __init__(self) -> None:
        self.turn_ended: Callable[[float], None] = lambda unheard_s: None
        self.seconds = 0.0
        self.fed = 0
        """Bytes."""
        self.says = "all of it"

    @asynccontextmanager
    async def open(self, *, rate: int, language: str, prompt: str) -> AsyncIterator["Finishing"]:
        yield self

    def feed(self, pcm: bytes) -> None:
        self.fed += len(pcm)

    def begin(self, before_s: float) -> bool:
        return True

    async def words(self) -> Recognised:
        return Recognised(text=self.says, confidence=0.9, ms=0.0)

    async def run(self) -> Never:
        await asyncio.Event().wait()
        raise AssertionError("nothing fails")


def patient(words: str | None) -> int:
    return 100_000


@pytest.fixture
async def finishing() -> AsyncIterator[tuple[Finishing, FrameQueue, Ear]]:
    stream = Finishing()
    async with hears(Recogniser(), rung(stream)) as hearing:
        frames, ear = listen(hearing)
        ear.patience = patient
        await until(lambda: hearing.report()[0]["calls"])
        yield stream, frames, ear


Line = tuple[Finishing, FrameQueue, Ear]


async def nothing_ends(ear: Ear) -> None:
    with pytest.raises(TimeoutError):  # noqa: PT012 - it takes both to wait for a while
        async with asyncio.timeout(0.1):
            while not isinstance(await ear.next(), Utterance | HearingFailed):
                pass


async def paused(ear: Ear) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(await ear.next(), SpeechPaused):
            pass


async def ended(ear: Ear) -> Utterance:
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(event := await ear.next(), Utterance):
            pass
    return event


async def all_fed(stream: Finishing, frames: int) -> None:
    """Wait until so many have been heard, but for what is not a window yet."""
    await until(lambda: stream.fed > (frames - 2) * frame_bytes(RATE))


async def test_the_end_of_a_turn_ends_the_utterance_at_once(finishing: Line) -> None:
    stream, frames, ear = finishing
    sound(frames, "." * 20 + "#" * 20 + "." * 20)
    await all_fed(stream, 60)
    await nothing_ends(ear)
    stream.turn_ended(0.1)
    utterance = await ended(ear)
    assert utterance.text == "all of it"
    assert utterance.timings["endpoint"] >= 0


async def test_an_end_before_its_words_are_asked_for_counts(finishing: Line) -> None:
    stream, frames, ear = finishing
    sound(frames, "." * 20 + "#" * 20 + "." * 3)
    await all_fed(stream, 43)
    stream.turn_ended(0.0)
    sound(frames, "." * 5, at=100.86)
    await ended(ear)


async def test_while_the_caller_talks_there_is_no_end(finishing: Line) -> None:
    stream, frames, ear = finishing
    sound(frames, "." * 20 + "#" * 20)
    await all_fed(stream, 40)
    stream.turn_ended(0.0)
    sound(frames, "#" * 10 + "." * 20, at=100.8)
    await all_fed(stream, 70)
    await nothing_ends(ear)


async def test_an_end_that_is_told_after_the_caller_went_on_is_void(finishing: Line) -> None:
    stream, frames, ear = finishing
    asked: list[str | None] = []

    def patience(words: str | None) -> int:
        asked.append(words)
        return 100_000

    ear.patience = patience
    sound(frames, "." * 20 + "#" * 20 + "." * 20)
    await paused(ear)
    sound(frames, "#" * 20 + "." * 20, at=101.2)
    await paused(ear)
    await all_fed(stream, 100)
    await until(lambda: len(asked) == 2)
    stream.turn_ended(0.9)
    await nothing_ends(ear)
    assert asked == ["all of it"] * 2
    stream.turn_ended(0.1)
    await ended(ear)


async def test_what_is_too_long_is_recognised_from_its_sound(finishing: Line) -> None:
    """Its stream follows what comes after by the time that the words are asked for."""
    stream, frames, ear = finishing
    sound(frames, "." * 20 + "#" * 900)
    await all_fed(stream, 920)
    sound(frames, "#" * 500 + "." * 20, at=100.4 + 18)
    utterance = await ended(ear)
    assert (utterance.text, utterance.by) == ("0 en", "")
