"""Phrases rendered once."""

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip
from callcenter.speech.phrases import PhraseCache

PHRASES = ["Hello.", "Goodbye.", "One moment."]


class CountingVoice:
    """A voice that says each text as so many samples, slowly, and counts."""

    name = "counting"

    def __init__(self) -> None:
        self.rendered: list[str] = []
        self.broken = False

    async def render(self, text: str, rate: int) -> Clip:
        self.rendered.append(text)
        await asyncio.sleep(0.01)
        if self.broken:
            raise SpeechError("no voice")
        return Clip(text=text, pcm=bytes(range(1, 1 + 2 * len(text))), rate=rate)


class StreamingVoice(CountingVoice):
    """The same, word by word, and it wants to be paid."""

    async def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        self.rendered.append(text)
        for word in text.split():
            await asyncio.sleep(0)
            yield Clip(text=f"{word} ", pcm=word.encode() * 2, rate=rate, by="somebody")
            if self.broken:
                raise SpeechError("no voice")

    async def render(self, text: str, rate: int) -> Clip:
        return replace(await super().render(text, rate), by="somebody")


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.fixture
def voice() -> CountingVoice:
    return CountingVoice()


async def test_a_text_is_rendered_once(voice: CountingVoice, tmp_path: Path) -> None:
    phrases = PhraseCache(voice, tmp_path)
    first = await phrases.render("Hello.", 8000)
    assert await phrases.render("Hello.", 8000) is first
    assert (await phrases.render("Hello.", 16000)).rate == 16000
    assert voice.rendered == ["Hello.", "Hello."]


async def test_the_same_text_at_once_is_rendered_once(voice: CountingVoice, tmp_path: Path) -> None:
    phrases = PhraseCache(voice, tmp_path)
    clips = await asyncio.gather(*(phrases.render("Hello.", 8000) for _ in range(5)))
    assert voice.rendered == ["Hello."]
    assert len(set(map(id, clips))) == 1


async def test_who_waits_is_served_when_the_first_goes_away(voice: CountingVoice, tmp_path: Path) -> None:
    phrases = PhraseCache(voice, tmp_path)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(phrases.render("Hello.", 8000))
        second = group.create_task(phrases.render("Hello.", 8000))
        await asyncio.sleep(0.005)
        first.cancel()
    assert second.result().text == "Hello."


async def test_prepared_phrases_survive_a_restart(voice: CountingVoice, tmp_path: Path) -> None:
    await PhraseCache(voice, tmp_path).prepare([*PHRASES, "Hello."], 8000)
    clip = await PhraseCache(voice, tmp_path).render("Goodbye.", 8000)
    assert clip == Clip(text="Goodbye.", pcm=bytes(range(1, 17)), rate=8000)
    assert sorted(voice.rendered) == sorted(PHRASES)


async def test_two_voices_keep_apart_in_one_folder(voice: CountingVoice, tmp_path: Path) -> None:
    other = CountingVoice()
    other.name = "another"
    for each in (voice, other):
        await PhraseCache(each, tmp_path).prepare(PHRASES, 8000)
    assert sorted(other.rendered) == sorted(PHRASES)
    assert len(files(tmp_path)) == 2 * len(PHRASES)


async def test_what_is_not_prepared_stays_off_the_disk(voice: CountingVoice, tmp_path: Path) -> None:
    await PhraseCache(voice, tmp_path).render("Thank you, Karen Mitchell.", 8000)
    assert files(tmp_path) == []


@pytest.mark.parametrize("damage", [b"", b"RIFF", None], ids=["empty", "garbage", "cut short"])
async def test_a_damaged_file_is_rendered_again(voice: CountingVoice, tmp_path: Path, damage: bytes | None) -> None:
    await PhraseCache(voice, tmp_path).prepare(["Hello."], 8000)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] if damage is None else damage)
    await PhraseCache(voice, tmp_path).prepare(["Hello."], 8000)
    assert path.read_bytes() == whole
    assert voice.rendered == ["Hello.", "Hello."]


async def test_the_longest_unused_are_removed(voice: CountingVoice, tmp_path: Path) -> None:
    await PhraseCache(voice, tmp_path).prepare(PHRASES, 8000)
    oldest, *rest = files(tmp_path)
    os.utime(oldest, (1000, 1000))
    limit = sum(file.stat().st_size for file in files(tmp_path)) - 1
    await PhraseCache(voice, tmp_path, disk_bytes=limit).prepare([], 8000)
    assert files(tmp_path) == rest


async def test_a_failing_voice_is_one_error(voice: CountingVoice, tmp_path: Path) -> None:
    voice.broken = True
    with pytest.raises(SpeechError, match="no voice"):
        await PhraseCache(voice, tmp_path).prepare(PHRASES, 8000)


async def test_a_disk_that_cannot_be_written_is_no_error(voice: CountingVoice, tmp_path: Path) -> None:
    (tmp_path / "phrases").write_text("a file in the way")
    phrases = PhraseCache(voice, tmp_path / "phrases")
    await phrases.prepare(PHRASES, 8000)
    assert (await phrases.render("Hello.", 8000)).text == "Hello."
    assert len(voice.rendered) == 3


async def streamed(phrases: PhraseCache, text: str) -> list[tuple[str, str]]:
    return [(clip.text, clip.by) async for clip in phrases.stream(text, 8000)]


async def test_a_stream_is_passed_on_and_kept_whole(tmp_path: Path) -> None:
    voice = StreamingVoice()
    phrases = PhraseCache(voice, tmp_path)
    assert await phrases.cached("Good day.", 8000) is None
    assert await streamed(phrases, "Good day.") == [("Good ", "somebody"), ("day. ", "somebody")]
    assert await streamed(phrases, "Good day.") == [("Good day.", "")]
    kept = Clip(text="Good day.", pcm=b"GoodGoodday.day.", rate=8000)
    assert await phrases.cached("Good day.", 8000) == kept == await phrases.render("Good day.", 8000)
    assert voice.rendered == ["Good day."]
    assert files(tmp_path) == []


async def test_a_stream_that_breaks_off_is_not_kept(tmp_path: Path) -> None:
    voice = StreamingVoice()
    voice.broken = True
    phrases = PhraseCache(voice, tmp_path)
    with pytest.raises(SpeechError, match="no voice"):
        await streamed(phrases, "Good day.")
    clips = phrases.stream("Good day.", 8000)
    assert (await anext(clips)).text == "Good "
    await clips.aclose()
    assert await phrases.cached("Good day.", 8000) is None


async def test_a_voice_that_cannot_stream_says_all_at_once(voice: CountingVoice, tmp_path: Path) -> None:
    phrases = PhraseCache(voice, tmp_path)
    assert await streamed(phrases, "Hello.") == [("Hello.", "")]
    assert await streamed(phrases, "Hello.") == [("Hello.", "")]
    assert voice.rendered == ["Hello."]


async def test_who_is_paid_is_paid_once(tmp_path: Path) -> None:
    phrases = PhraseCache(StreamingVoice(), tmp_path)
    clips = await asyncio.gather(*(phrases.render("Hello.", 8000) for _ in range(3)))
    assert [clip.by for clip in clips] == ["somebody", "", ""]
    await phrases.prepare(["Goodbye."], 8000)
    assert (await PhraseCache(StreamingVoice(), tmp_path).render("Goodbye.", 8000)).by == ""


async def test_what_is_prepared_is_counted_and_after_a_restart_nothing_is(tmp_path: Path) -> None:
    paid: list[tuple[str, int]] = []

    async def prepare(voice: CountingVoice) -> list[tuple[str, int]]:
        paid.clear()
        await PhraseCache(voice, tmp_path).prepare(PHRASES, 8000, lambda by, characters: paid.append((by, characters)))
        return sorted(paid)

    assert await prepare(StreamingVoice()) == [("somebody", 6), ("somebody", 8), ("somebody", 11)]
    assert await prepare(StreamingVoice()) == []
    files(tmp_path)[0].unlink()
    assert len(await prepare(StreamingVoice())) == 1
    assert await prepare(CountingVoice()) == []


async def test_what_was_paid_before_a_failure_is_counted(tmp_path: Path) -> None:
    voice = StreamingVoice()
    paid: list[int] = []

    def pay(by: str, characters: int) -> None:
        paid.append(characters)
        voice.broken = True

    with pytest.raises(SpeechError, match="no voice"):
        await PhraseCache(voice, tmp_path).prepare(PHRASES, 8000, pay)
    assert len(paid) == 1


async def test_what_a_call_said_before_it_was_prepared_is_on_disk_and_paid_by_the_call(tmp_path: Path) -> None:
    paid: list[int] = []
    phrases = PhraseCache(StreamingVoice(), tmp_path)
    assert (await phrases.render("Hello.", 8000)).by == "somebody"
    await phrases.prepare(["Hello."], 8000, lambda by, characters: paid.append(characters))
    assert paid == []
    assert len(files(tmp_path)) == 1
