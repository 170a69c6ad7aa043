"""Many ears on one loop, with a detector that takes loud for speech and a recogniser under the test's control."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise

import pytest

from callcenter.config import Hearing
from callcenter.errors import Overloaded
from callcenter.media.pcm import FrameQueue, Trail, frame_bytes
from callcenter.speech.ear import (
    Ear,
    EarEvent,
    HearingFailed,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Utterance,
)
from callcenter.speech.ear_events import EVENTS
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.recogniser import Recognised
from callcenter.speech.vad import FAINT_WINDOWS, Track
from tests.waiting import PATIENCE_S, until

RATE = 8000
SETTINGS = Hearing(early_ms=96, short_pause_ms=320, pause_ms=320)


class Loudness:
    """Takes every sound for speech."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def step(self, windows: Sequence[tuple[Track, bytes]]) -> list[float]:
        self.batches.append(len(windows))
        return [0.9 if max(window) else 0.0 for _, window in windows]


class Waking:
    """A detector whose first step takes long."""

    def __init__(self, detector: Loudness) -> None:
        self._detector = detector
        self._awake = False

    def step(self, windows: Sequence[tuple[Track, bytes]]) -> list[float]:
        if not self._awake:
            time.sleep(0.3)
            self._awake = True
        return self._detector.step(windows)


class Recogniser:
    """Says how long each utterance is, once the test lets it; `fault` is raised in the second it names."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[int] = []
        self.rates: list[int] = []
        self.cancelled = 0
        self.slow: set[int] = set()
        self.faults: dict[int, Exception] = {}

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        number = len(self.asked)
        self.asked.append(len(pcm))
        self.rates.append(rate)
        try:
            await self.open.wait()
            await asyncio.sleep(0.1 if number in self.slow else 0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if number in self.faults:
            raise self.faults[number]
        return Recognised(text=f"{number} {language} {prompt}".strip(), confidence=0.9, ms=7.0)


Listen = Callable[[], tuple[FrameQueue, Ear]]


@pytest.fixture
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
def detector() -> Loudness:
    return Loudness()


@pytest.fixture
async def hearing(detector: Loudness, recogniser: Recogniser) -> AsyncIterator[LocalHearing]:
    hearing = LocalHearing(SETTINGS, detector, recogniser)
    running = asyncio.create_task(hearing.run())
    yield hearing
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.fixture
def listen(hearing: LocalHearing) -> Listen:
    def listening() -> tuple[FrameQueue, Ear]:
        frames = FrameQueue(RATE, limit=1000)
        return frames, hearing.listen(frames, Trail(RATE))

    return listening


def sound(frames: FrameQueue, text: str, at: float = 100.0) -> None:
    """Put 20 ms frames, `#` loud and `.` quiet, that arrived from `at` on."""
    for number, mark in enumerate(text):
        frames.put((b"\x40" if mark == "#" else b"\x00") * frame_bytes(frames.rate), at + number * 0.02)


WORD = "." * 20 + "#" * 20 + "." * 30


async def events(ear: Ear, count: int) -> list[EarEvent]:
    """The next events but for pauses."""
    found: list[EarEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            event = await ear.next()
            if not isinstance(event, SpeechPaused | SpeechResumed):
                found.append(event)
    return found


async def asked(recogniser: Recogniser, times: int) -> None:
    await until(lambda: len(recogniser.asked) >= times)


async def settled() -> None:
    """Give the loop time to hear all there is, on a busy machine too."""
    await asyncio.sleep(0.3)


async def test_a_word_is_heard(listen: Listen, recogniser: Recogniser) -> None:
    frames, ear = listen()
    sound(frames, WORD)
    started, utterance = await events(ear, 2)
    assert isinstance(started, SpeechStarted)
    assert isinstance(utterance, Utterance)
    assert started.at == utterance.started == pytest.approx(100.4, abs=0.033)
    assert utterance.ended == pytest.approx(100.8, abs=0.033)
    assert (utterance.text, utterance.confidence) == ("0 en", 0.9)
    assert utterance.timings["recogniser"] == 7.0
    assert len(recogniser.asked) == 1, "what was recognised in the pause is not recognised again"


async def test_what_came_before_anybody_listened_is_heard(detector: Loudness, recogniser: Recogniser) -> None:
    """A call may begin right after the start, before the first window was judged."""
    hearing = LocalHearing(SETTINGS, detector, recogniser)
    frames = FrameQueue(RATE)
    ear = hearing.listen(frames, Trail(RATE))
    sound(frames, WORD)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(hearing.run())
        assert [type(event) for event in await events(ear, 2)] == [SpeechStarted, Utterance]
        running.cancel()


async def test_a_first_batch_that_takes_long_costs_no_word(detector: Loudness, recogniser: Recogniser) -> None:
    """What a line's queue holds is heard late rather than not at all: 2 s of it."""
    hearing = LocalHearing(SETTINGS, Waking(detector), recogniser)
    frames, others = FrameQueue(RATE), FrameQueue(RATE)
    ear, _ = hearing.listen(frames, Trail(RATE)), hearing.listen(others, Trail(RATE))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(hearing.run())
        sound(others, "." * 10)
        for number, mark in enumerate(WORD):
            sound(frames, mark, at=100.0 + number * 0.02)
            await asyncio.sleep(0.005)
        _, utterance = await events(ear, 2)
        assert isinstance(utterance, Utterance)
        assert utterance.started == pytest.approx(100.4, abs=0.033)
        running.cancel()
    assert frames.dropped == 0


async def test_what_has_piled_up_is_heard_soon(listen: Listen) -> None:
    """On a busy machine it takes long each time that the VAD's thread is asked: here, 40 ms for the answer alone."""

    async def hold_up() -> None:
        while True:
            time.sleep(0.04)  # noqa: ASYNC251 - as work on the event loop would
            await asyncio.sleep(0)

    frames, ear = listen()
    sound(frames, WORD)
    began = time.monotonic()
    busy = asyncio.create_task(hold_up())
    assert [type(event) for event in await events(ear, 2)] == [SpeechStarted, Utterance]
    assert time.monotonic() - began < len(WORD) * 0.02
    busy.cancel()


async def test_language_and_prompt_reach_the_recogniser(hearing: LocalHearing) -> None:
    frames = FrameQueue(RATE, limit=1000)
    ear = hearing.listen(frames, Trail(RATE), language="fr", prompt="Bonjour.")
    sound(frames, WORD)
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)
    assert utterance.text == "0 fr Bonjour."


async def test_a_wide_line_is_heard_like_a_narrow_one_and_as_it_is(
    hearing: LocalHearing, listen: Listen, recogniser: Recogniser
) -> None:
    wide = FrameQueue(16_000, limit=1000)
    narrow, narrow_ear = listen()
    wide_ear = hearing.listen(wide, Trail(16_000))
    for frames in (narrow, wide):
        sound(frames, WORD)
    for ear in (narrow_ear, wide_ear):
        _, utterance = await events(ear, 2)
        assert isinstance(utterance, Utterance)
        assert utterance.started == pytest.approx(100.4, abs=0.033)
        assert utterance.ended == pytest.approx(100.8, abs=0.033)
    sizes = dict(zip(recogniser.rates, recogniser.asked, strict=True))
    assert sizes[16_000] == 2 * sizes[8000]


async def test_an_early_recognition_is_thrown_away_when_the_caller_goes_on(
    listen: Listen, recogniser: Recogniser
) -> None:
    recogniser.open.clear()
    frames, ear = listen()
    sound(frames, "." * 20 + "#" * 20 + "." * 9)
    await settled()
    sound(frames, "#" * 20 + "." * 30)
    await settled()
    recogniser.open.set()
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)
    assert utterance.text == "1 en"
    assert recogniser.cancelled == 1
    first, second = recogniser.asked
    assert second > first + 20 * frame_bytes(RATE)


async def test_the_words_so_far_decide_how_long_a_pause_is_enough(listen: Listen) -> None:
    frames, ear = listen()
    asked: list[str | None] = []

    def patience(words: str | None) -> int:
        asked.append(words)
        return 900

    ear.patience = patience
    sound(frames, "." * 20 + "#" * 20 + "." * 35)
    await settled()
    sound(frames, "#" * 20 + "." * 60, at=101.5)
    started, utterance = await events(ear, 2)
    assert isinstance(started, SpeechStarted)
    assert isinstance(utterance, Utterance)
    assert asked == ["0 en", "1 en"]
    assert utterance.started == started.at
    assert utterance.ended == pytest.approx(101.9, abs=0.04)


async def test_pauses_are_told_as_they_come(listen: Listen) -> None:
    frames, ear = listen()
    sound(frames, "." * 20 + "#" * 20 + "." * 10)
    await settled()
    sound(frames, "#" * 20 + "." * 30, at=101.0)
    async with asyncio.timeout(PATIENCE_S):
        found = [await ear.next() for _ in range(5)]
    assert [type(event) for event in found] == [SpeechStarted, SpeechPaused, SpeechResumed, SpeechPaused, Utterance]
    assert isinstance(found[1], SpeechPaused)
    assert found[1].at == pytest.approx(100.8, abs=0.033)


async def test_nothing_ends_while_its_words_are_being_found(listen: Listen, recogniser: Recogniser) -> None:
    recogniser.open.clear()
    frames, ear = listen()
    sound(frames, WORD)
    await settled()
    sound(frames, "#" * 20 + "." * 30, at=101.4)
    await settled()
    recogniser.open.set()
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)
    assert utterance.started == pytest.approx(100.4, abs=0.033), "one utterance, though the pause was long enough"
    assert recogniser.asked[1] > recogniser.asked[0] + 20 * frame_bytes(RATE)


async def test_patience_that_fails_costs_its_own_call_nothing(listen: Listen) -> None:
    frames, ear = listen()

    def patience(words: str | None) -> int:
        raise KeyError(words)

    ear.patience = patience
    sound(frames, WORD)
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)


async def test_what_was_refused_early_is_tried_again_at_the_end(listen: Listen, recogniser: Recogniser) -> None:
    recogniser.faults[0] = Overloaded("too many")
    frames, ear = listen()
    sound(frames, WORD)
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)
    assert utterance.text == "1 en"


async def test_a_click_is_an_empty_utterance_without_recognition(listen: Listen, recogniser: Recogniser) -> None:
    frames, ear = listen()
    sound(frames, "." * 20 + "#" * 4 + "." * 10)
    _, utterance = await events(ear, 2)
    assert isinstance(utterance, Utterance)
    assert utterance.text == ""
    assert recogniser.asked == []


@pytest.mark.parametrize("fault", [Overloaded("too many"), RuntimeError("a bug")], ids=repr)
async def test_a_failure_is_an_event_of_its_own_call(listen: Listen, recogniser: Recogniser, fault: Exception) -> None:
    recogniser.faults[0] = recogniser.faults[1] = fault
    frames, ear = listen()
    sound(frames, WORD)
    _, failed = await events(ear, 2)
    assert isinstance(failed, HearingFailed)
    assert str(fault) in failed.reason
    other, healthy = listen()
    sound(other, WORD)
    sound(frames, WORD)
    assert isinstance((await events(healthy, 2))[1], Utterance)
    assert isinstance((await events(ear, 2))[1], Utterance)


async def test_utterances_keep_their_order(listen: Listen, recogniser: Recogniser) -> None:
    recogniser.faults[0] = Overloaded("too many")
    recogniser.slow = {1}  # the second attempt at the first utterance
    frames, ear = listen()
    sound(frames, WORD * 2)
    heard = [event for event in await events(ear, 4) if isinstance(event, Utterance)]
    assert [utterance.text for utterance in heard] == ["1 en", "2 en"]
    assert all(earlier.ended < later.started for earlier, later in pairwise(heard))


async def test_a_closed_ear_leaves_no_task(listen: Listen, recogniser: Recogniser) -> None:
    before = len(asyncio.all_tasks())
    recogniser.open.clear()
    frames, ear = listen()
    sound(frames, WORD * 3 + "." * 20 + "#" * 20 + "." * 9)
    for _ in range(50):
        if len(recogniser.asked) < 4:
            await settled()
    assert len(asyncio.all_tasks()) > before
    ear.close()
    ear.close()
    await settled()
    assert len(asyncio.all_tasks()) == before
    sound(frames, WORD)
    await settled()
    assert len(recogniser.asked) == 4


async def test_an_ear_that_nobody_reads_keeps_the_newest(listen: Listen, recogniser: Recogniser) -> None:
    frames, ear = listen()
    rounds = EVENTS // 2 + 4
    for number in range(1, rounds + 1):
        sound(frames, "." * 10 + "#" * 12 + "." * 30)
        await asked(recogniser, number)
    await settled()
    async with asyncio.timeout(PATIENCE_S):
        heard = [event for _ in range(EVENTS) if isinstance(event := await ear.next(), Utterance)]
    assert heard[-1].text == f"{rounds - 1} en"


async def test_a_hundred_calls_share_their_batches(listen: Listen, detector: Loudness) -> None:
    calls = [listen() for _ in range(100)]
    for frames, _ in calls:
        sound(frames, WORD)
    for _, ear in calls:
        assert [type(event) for event in await events(ear, 2)] == [SpeechStarted, Utterance]
    assert max(detector.batches) == 100


async def test_the_detector_is_spared_what_is_faint_and_hears_what_follows(listen: Listen, detector: Loudness) -> None:
    frames, ear = listen()
    sound(frames, "." * 400)
    await settled()
    assert sum(detector.batches) == FAINT_WINDOWS
    sound(frames, WORD)
    assert [type(event) for event in await events(ear, 2)] == [SpeechStarted, Utterance]
    seen = sum(detector.batches)
    sound(frames, "." * 400)
    await settled()
    assert sum(detector.batches) - seen < 2 * FAINT_WINDOWS


async def test_in_a_long_pause_of_an_utterance_the_detector_goes_on(listen: Listen, detector: Loudness) -> None:
    frames, ear = listen()
    ear.patience = lambda words: 2000
    sound(frames, "#" * 20 + "." * 80)
    async with asyncio.timeout(PATIENCE_S):
        while sum(detector.batches) < 100 * 20 // 32:
            await settled()
    await settled()
    assert sum(detector.batches) == 100 * 20 // 32
