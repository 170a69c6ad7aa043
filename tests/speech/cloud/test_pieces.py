"""A voice's sound on its way to the line."""

import asyncio
import math
from collections.abc import AsyncIterator, Coroutine, Sequence

import numpy as np
import pytest

from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip, Samples, rms_dbfs, sounding, to_pcm, to_samples
from callcenter.media.playout import Playout
from callcenter.speech.cloud.pieces import BEHIND_S, FIRST_MS, MARGIN_S, SILENCE_S, Habits, Order, pieces, whole
from callcenter.speech.cloud.script import Script
from callcenter.speech.mastering import LEAD_MS, TAIL_MS
from tests.virtual_time import VirtualTimeLoop

FROM, TO = 24_000, 8000
TEXT = "Good morning, this is Anna."


def virtual_time(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run)


def order(text: str = TEXT, habits: Habits | None = None) -> Order:
    return Order(text=text, from_rate=FROM, rate=TO, whom="the cloud", by="cloud", habits=habits or Habits())


def tone(seconds: float, level: float = 0.2, hertz: float = 300) -> Samples:
    """Swelling and fading in 20 ms."""
    samples = level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * FROM)) / FROM)
    swell = np.sin(np.linspace(0, np.pi / 2, FROM // 50)) ** 2
    samples[: swell.size] *= swell
    samples[-swell.size :] *= swell[::-1]
    return samples.astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * FROM), np.float32)


async def sent(*sound: Samples | bytes, every_s: float = 0.01, size: int = 2401) -> AsyncIterator[bytes]:
    """In chunks of 50 ms and half a sample."""
    raw = b"".join(each if isinstance(each, bytes) else to_pcm(each) for each in sound)
    for start in range(0, len(raw), size):
        await asyncio.sleep(every_s)
        yield raw[start : start + size]


async def gathered(chunks: AsyncIterator[bytes], order: Order) -> list[Clip]:
    return [clip async for clip in pieces(chunks, order)]


async def gather_into(clips: list[Clip], chunks: AsyncIterator[bytes], order: Order) -> None:
    """What comes before a failure too."""
    async for clip in pieces(chunks, order):
        clips.append(clip)


def joined(clips: Sequence[Clip]) -> Samples:
    return to_samples(b"".join(clip.pcm for clip in clips))


def steepest(samples: Samples) -> float:
    """The largest change of slope: a click has a large one."""
    return float(np.abs(np.diff(samples, 2)).max())


def test_the_first_comes_as_soon_as_there_is_enough_and_the_silence_before_it_is_left_out() -> None:
    async def run() -> None:
        began = asyncio.get_running_loop().time()
        async for clip in pieces(sent(quiet(0.4), tone(2)), order()):
            assert asyncio.get_running_loop().time() - began <= 0.01 * (8 + FIRST_MS / 50 + 1) + 1e-6
            start, _ = sounding(to_samples(clip.pcm), TO)
            assert start <= TO * LEAD_MS // 1000
            assert FIRST_MS - 20 <= clip.seconds * 1000 <= FIRST_MS + 100
            return

    virtual_time(run())


def test_they_are_one_sound_without_clicks_and_one_text() -> None:
    async def run() -> None:
        clips = await gathered(sent(quiet(0.3), tone(1.5), quiet(0.25), tone(0.5), quiet(0.8)), order())
        assert len(clips) > 8
        assert "".join(clip.text for clip in clips) == TEXT
        assert {clip.by for clip in clips} == {"cloud"}
        sound = joined(clips)
        assert sound.size / TO == pytest.approx((LEAD_MS + TAIL_MS) / 1000 + 2.25, abs=0.02)
        assert steepest(sound) < 1.3 * steepest(to_samples(to_pcm(tone(1)[::3])))

    virtual_time(run())


def test_the_whole_text_is_paid_with_the_first_whoever_waits_for_the_others() -> None:
    async def run() -> None:
        clips = await gathered(sent(tone(2)), order())
        assert [clip.characters_paid for clip in clips] == [len(TEXT)] + [0] * (len(clips) - 1)

    virtual_time(run())


def test_each_ends_where_it_is_quiet_in_case_the_next_is_late() -> None:
    async def run() -> None:
        for clip in await gathered(sent(tone(2)), order()):
            assert abs(to_samples(clip.pcm)[-1]) < 0.03

    virtual_time(run())


def test_what_was_heard_of_them_is_told_by_whole_words() -> None:
    async def run() -> None:
        habits = Habits(pace=20)
        clips = await gathered(sent(tone(2)), order("one two three four five six seven eight", habits))
        playout = Playout(TO)
        for clip in clips:
            assert playout.say(clip)
        for tick in range(50):
            playout.frame(tick / 50)
        heard = playout.stop()
        assert heard.meant == "one two three four five six seven eight"
        assert heard.text == "one two three"
        assert not heard.complete

    virtual_time(run())


def test_level_and_pace_are_learnt() -> None:
    async def run() -> None:
        habits = Habits()
        first = joined(await gathered(sent(tone(2, level=0.05)), order(habits=habits)))
        assert rms_dbfs(first[1000:8000]) == pytest.approx(20 * math.log10(0.05 / math.sqrt(2)), abs=0.3)
        for _ in range(2):
            later = joined(await gathered(sent(tone(2, level=0.05)), order(habits=habits)))
            assert rms_dbfs(later[1000:8000]) == pytest.approx(-20, abs=0.5)
        assert habits.pace == pytest.approx(Script(TEXT).letters / 2, rel=0.08)

    virtual_time(run())


async def test_a_whole_one_is_levelled_at_once() -> None:
    habits = Habits()
    clip = await whole(sent(quiet(0.5), tone(1, level=0.05), quiet(0.5)), order(habits=habits))
    assert (clip.text, clip.by, clip.characters_paid) == (TEXT, "cloud", len(TEXT))
    assert clip.seconds == pytest.approx(1 + (LEAD_MS + TAIL_MS) / 1000, abs=0.02)
    assert rms_dbfs(to_samples(clip.pcm)[1000:7000]) == pytest.approx(-20, abs=0.5)
    assert habits.gain == pytest.approx(0.1 * math.sqrt(2) / 0.05, rel=0.05)


def test_a_loud_one_is_bent_and_not_cut() -> None:
    async def run() -> None:
        sound = joined(await gathered(sent(tone(1, level=0.5)), order(habits=Habits(gain=2.0))))
        assert 0.9 < np.abs(sound).max() < 0.95
        assert steepest(sound) < 0.1

    virtual_time(run())


@pytest.mark.parametrize(
    ("sound", "complaint"),
    [
        pytest.param(b"", "said nothing", id="nothing"),
        pytest.param(b"\0\0\1", "said nothing", id="a sample"),
        pytest.param(quiet(1), "said nothing", id="silence"),
        pytest.param(b"data: {<html>\n\n", "no sound", id="text"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt " + bytes(100), "no sound", id="a file"),
        pytest.param(tone(60), "does not come to an end", id="without end"),
    ],
)
async def test_what_is_no_speech_is_refused(sound: Samples | bytes, complaint: str) -> None:
    with pytest.raises(SpeechError, match=f"the cloud .*{complaint}"):
        await gathered(sent(sound, every_s=0), order())
    with pytest.raises(SpeechError, match=f"the cloud .*{complaint}"):
        await whole(sent(sound, every_s=0), order())


def known() -> Habits:
    """Of a voice that has spoken."""
    return Habits(pace=15, known=True)


@pytest.mark.parametrize(
    ("habits", "sound", "most_s"),
    [
        pytest.param(Habits(), tone(60), 6.67, id="a voice that is not known"),
        pytest.param(known(), tone(60), 4.85, id="one that is"),
        pytest.param(known(), np.concatenate([tone(2), quiet(60)]), 2 + TAIL_MS / 1000, id="it falls silent"),
    ],
)
def test_one_without_end_is_stopped_soon_and_has_said_all(habits: Habits, sound: Samples, most_s: float) -> None:
    async def run() -> None:
        clips: list[Clip] = []
        with pytest.raises(SpeechError, match="the cloud does not come to an end") as caught:
            await gather_into(clips, sent(sound, every_s=0), order(habits=habits))
        assert not caught.value.may_pass
        assert "".join(clip.text for clip in clips) == TEXT
        assert joined(clips).size / TO == pytest.approx(most_s, abs=0.02)
        assert steepest(joined(clips)[-200:]) < 1.3 * steepest(to_samples(to_pcm(tone(1)[::3])))

    virtual_time(run())


async def test_one_that_only_ever_is_silent_has_said_nothing() -> None:
    clips: list[Clip] = []
    with pytest.raises(SpeechError, match="does not come to an end"):
        await gather_into(clips, sent(quiet(60), every_s=0), order())
    assert clips == []


@pytest.mark.parametrize("habits", [Habits(), known()], ids=["not known", "known"])
def test_a_slow_one_and_silence_after_it_are_borne(habits: Habits) -> None:
    async def run() -> None:
        slow = tone(MARGIN_S + 1.6 * Script(TEXT).letters / 15)
        clips = await gathered(sent(slow, quiet(SILENCE_S - 0.5)), order(habits=habits))
        assert "".join(clip.text for clip in clips) == TEXT

    virtual_time(run())


async def test_a_whole_one_that_says_it_twice_is_not_kept() -> None:
    habits = Habits()
    await whole(sent(tone(2), every_s=0), order(habits=habits))
    learnt = habits.pace
    with pytest.raises(SpeechError, match="does not come to an end"):
        await whole(sent(tone(2.3), quiet(0.5), tone(2.3), every_s=0), order(habits=habits))
    assert habits.pace == learnt


def test_a_figure_may_take_long() -> None:
    async def run() -> None:
        clips = await gathered(sent(tone(9)), order("1,234,567.89"))
        assert "".join(clip.text for clip in clips) == "1,234,567.89"

    virtual_time(run())


@pytest.mark.parametrize("every_s", [0.045, 0.05])
def test_one_in_real_time_is_waited_for(every_s: float) -> None:
    async def run() -> None:
        assert await gathered(sent(tone(2), every_s=every_s, size=2400), order())

    virtual_time(run())


@pytest.mark.parametrize("every_s", [0.2, 5.0])
def test_one_that_falls_behind_has_broken_off(every_s: float) -> None:
    async def run() -> None:
        now = asyncio.get_running_loop().time
        began = now()
        with pytest.raises(SpeechError, match="broke off") as caught:
            await gathered(sent(tone(2), every_s=every_s, size=2400), order())
        assert caught.value.may_pass
        assert now() - began - every_s <= BEHIND_S + 0.5

    virtual_time(run())


def test_who_comes_back_late_for_the_next_finds_it() -> None:
    async def run() -> None:
        texts = []
        async for clip in pieces(sent(tone(2)), order()):
            texts.append(clip.text)
            await asyncio.sleep(3)
        assert "".join(texts) == TEXT

    virtual_time(run())
