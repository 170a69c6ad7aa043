"""Real Silero, Whisper and Piper, on sentences captured at telephone quality."""

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from callcenter import config
from callcenter.errors import MissingPartError, Overloaded, SpeechError
from callcenter.media.pcm import FrameQueue, Trail, frame_bytes, resample, to_pcm, to_samples
from callcenter.speech.ear import EarEvent, HearingFailed, SpeechPaused, SpeechResumed, SpeechStarted, Utterance
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.piper import Piper
from callcenter.speech.utterances import window_bytes
from callcenter.speech.vad import Silero, Track
from callcenter.speech.whisper import Whisper

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).parents[1] / "captures" / "speech"
RATE = 8000
PROMPT = (
    "I'm interested in index funds, real estate, pensions, crypto, stocks and bonds. About $40,000, moderate risk. "
    "My name is Laura Stein, my number is 212-555-0136, call me at 9:45."
)
SPOKEN = {
    "index_funds": (0.49, 1.96, "mostly index funds"),
    "phone_number": (0.49, 5.15, "my number is 555-234-7890"),
    "yes": (0.36, 0.71, "yes"),
}
"""By capture: when speech begins and ends in it (seconds), and its words."""


def pcm(name: str, rate: int = RATE) -> bytes:
    with wave.open(str(CAPTURES / f"{name}.wav"), "rb") as file:
        sound = file.readframes(file.getnframes())
    return sound if rate == RATE else to_pcm(resample(to_samples(sound), RATE, rate))


def noise(seconds: float, level: float, rate: int = RATE) -> bytes:
    samples = np.random.default_rng(1).normal(0, level, int(rate * seconds))
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def bare(text: str) -> str:
    return text.lower().strip(" .")


def receive(frames: FrameQueue, sound: bytes, at: float) -> None:
    size = frame_bytes(frames.rate)
    for number, start in enumerate(range(0, len(sound) - size + 1, size)):
        frames.put(sound[start : start + size], at + number * 0.02)


@pytest.fixture(scope="module")
def models() -> Models:
    models = Models(config.load().paths.cache)
    asyncio.run(models.fetch())
    return models


@pytest.fixture(scope="module")
def silero(models: Models) -> Silero:
    return Silero(models.path("silero-vad"))


@pytest.fixture(scope="module")
def whisper(models: Models) -> Iterator[Whisper]:
    whisper = Whisper(str(models.path("base")), config.Hearing(workers=2, waiting=2))
    yield whisper
    whisper.close()


@pytest.fixture(scope="module")
def piper(models: Models) -> Iterator[Piper]:
    piper = Piper(models.path("joe-us"), config.Talking(waiting=2))
    yield piper
    piper.close()


@pytest.fixture
async def hearing(silero: Silero, whisper: Whisper) -> AsyncIterator[LocalHearing]:
    hearing = LocalHearing(config.Hearing(), silero, whisper)
    running = asyncio.create_task(hearing.run())
    yield hearing
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def probabilities(silero: Silero, track: Track, sound: bytes) -> list[float]:
    size = window_bytes(track.rate)
    windows = [sound[at : at + size] for at in range(0, len(sound) - size + 1, size)]
    return [silero.step([(track, window)])[0] for window in windows]


@pytest.mark.parametrize("rate", [RATE, 16_000])
@pytest.mark.parametrize("name", SPOKEN)
def test_silero_hears_speech_where_it_is(silero: Silero, name: str, rate: int) -> None:
    begin, end, _ = SPOKEN[name]
    speech = [n * 0.032 for n, p in enumerate(probabilities(silero, Track(rate), pcm(name, rate))) if p >= 0.5]
    assert speech[0] == pytest.approx(begin, abs=0.15)
    assert speech[-1] == pytest.approx(end, abs=0.25)


@pytest.mark.parametrize("seconds", [0.7, 60])
@pytest.mark.parametrize("level", [0, 0.0005, 0.02])
def test_silero_stays_awake_and_calm(silero: Silero, level: float, seconds: float) -> None:
    """Neither digital silence nor noise leads to speech that is not there, or to deafness."""
    track = Track(RATE)
    quiet = probabilities(silero, track, noise(seconds, level))
    assert max(quiet) < 0.35
    begin, _, _ = SPOKEN["index_funds"]
    first = next(n for n, p in enumerate(probabilities(silero, track, pcm("index_funds"))) if p >= 0.5)
    assert first * 0.032 == pytest.approx(begin, abs=0.15)


def test_a_batch_equals_one_by_one(silero: Silero) -> None:
    sounds = [pcm(name) for name in SPOKEN]
    size, tracks = window_bytes(RATE), [Track(RATE) for _ in sounds]
    alone = [probabilities(silero, Track(RATE), sound) for sound in sounds]
    for n in range(min(map(len, alone))):
        batch = silero.step(
            [(track, sound[n * size : (n + 1) * size]) for track, sound in zip(tracks, sounds, strict=True)]
        )
        assert batch == pytest.approx([each[n] for each in alone], abs=1e-4)


def test_lines_of_different_rates_share_a_step(silero: Silero) -> None:
    wide = Track(16000)
    assert len(silero.step([(Track(RATE), bytes(512)), (wide, bytes(1024)), (Track(RATE), bytes(512))])) == 3


@pytest.mark.parametrize("prompt", ["", PROMPT], ids=["plain", "prompted"])
@pytest.mark.parametrize("name", SPOKEN)
async def test_whisper_understands(whisper: Whisper, name: str, prompt: str) -> None:
    heard = await whisper.recognise(pcm(name), rate=RATE, language="en", prompt=prompt)
    assert bare(heard.text) == SPOKEN[name][2] or not prompt
    assert heard.confidence > 0.4
    assert heard.ms > 0


@pytest.mark.parametrize("prompt", ["", PROMPT], ids=["plain", "prompted"])
@pytest.mark.parametrize("level", [0, 0.002, 0.05])
@pytest.mark.parametrize("seconds", [0.6, 3])
async def test_whisper_makes_nothing_of_noise(whisper: Whisper, seconds: float, level: float, prompt: str) -> None:
    heard = await whisper.recognise(noise(seconds, level), rate=RATE, language="en", prompt=prompt)
    assert heard.text == ""


async def test_a_long_utterance_gets_the_full_window(whisper: Whisper) -> None:
    heard = await whisper.recognise(pcm("phone_number") * 3, rate=RATE, language="en", prompt="")
    assert heard.text.count("7890") == 3


async def test_too_many_utterances_are_refused_and_the_waiting_can_leave(whisper: Whisper) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(whisper.recognise(pcm("yes"), rate=RATE, language="en", prompt="")) for _ in range(4)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await whisper.recognise(pcm("yes"), rate=RATE, language="en", prompt="")
        tasks[-1].cancel()
    assert [task.cancelled() for task in tasks] == [False, False, False, True]
    assert (await whisper.recognise(pcm("yes"), rate=RATE, language="en", prompt="")).text


async def test_what_whisper_cannot_take_is_a_speech_error(whisper: Whisper) -> None:
    with pytest.raises(SpeechError):
        await whisper.recognise(b"odd", rate=RATE, language="en", prompt="")
    with pytest.raises(SpeechError):
        await whisper.recognise(pcm("yes"), rate=RATE, language="xx", prompt="")


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="cannot be loaded"):
        Whisper(str(tmp_path), config.Hearing())
    with pytest.raises(MissingPartError, match="models fetch"):
        Piper(tmp_path, config.Talking())
    with pytest.raises(MissingPartError, match="models fetch"):
        Silero(tmp_path)


async def heard(hearing: LocalHearing, sound: bytes, count: int, rate: int = RATE) -> list[EarEvent]:
    frames = FrameQueue(rate, limit=10_000)
    ear = hearing.listen(frames, Trail(rate), prompt=PROMPT)
    receive(frames, sound, at=100.0)
    events: list[EarEvent] = []
    async with asyncio.timeout(20):
        while len(events) < count:
            event = await ear.next()
            if not isinstance(event, SpeechPaused | SpeechResumed):
                events.append(event)
    ear.close()
    return events


@pytest.mark.parametrize("rate", [RATE, 16_000])
@pytest.mark.parametrize("name", SPOKEN)
async def test_an_ear_hears_a_sentence(hearing: LocalHearing, name: str, rate: int) -> None:
    begin, end, words = SPOKEN[name]
    started, utterance = await heard(hearing, pcm(name, rate) + noise(1, 0.0005, rate), 2, rate)
    assert isinstance(started, SpeechStarted)
    assert isinstance(utterance, Utterance)
    assert bare(utterance.text) == words
    assert utterance.started - 100 == pytest.approx(begin, abs=0.15)
    assert utterance.ended - 100 == pytest.approx(end, abs=0.25)


async def test_ten_callers_at_once_are_all_heard_or_told(hearing: LocalHearing) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(heard(hearing, pcm("index_funds") + noise(1, 0.0005), 2)) for _ in range(10)]
    answers = [call.result()[1] for call in calls]
    texts = [bare(answer.text) for answer in answers if isinstance(answer, Utterance)]
    assert len(texts) >= 2, "as many as there are workers, whatever they were left to finish before"
    assert set(texts) == {"mostly index funds"}
    assert all(isinstance(answer, Utterance | HearingFailed) for answer in answers)


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_piper_speaks_and_whisper_understands(piper: Piper, whisper: Whisper, rate: int) -> None:
    clip = await piper.render("I have five five five, two three four, seven eight nine zero. Is that right?", rate)
    samples = np.frombuffer(clip.pcm, "<i2") / 32768
    assert 3 < clip.seconds < 8
    assert 0.04 < np.sqrt(np.mean(samples**2)) < 0.11
    assert np.abs(samples).max() <= 0.91
    said = await whisper.recognise(clip.pcm, rate=rate, language="en", prompt=PROMPT)
    assert "555-234-7890" in said.text


async def test_piper_says_nothing_for_nothing(piper: Piper) -> None:
    assert (await piper.render("", RATE)).pcm == b""


async def test_too_many_texts_are_refused(piper: Piper) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(piper.render("Hello there.", RATE)) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await piper.render("Hello there.", RATE)
    assert all(task.result().pcm for task in tasks)


async def test_phrases_of_a_real_voice_are_kept(piper: Piper, tmp_path: Path) -> None:
    await PhraseCache(piper, tmp_path).prepare(["One moment, please.", "Goodbye."], RATE)
    first, second = [await PhraseCache(piper, tmp_path).render("Goodbye.", RATE) for _ in range(2)]
    assert first == second
