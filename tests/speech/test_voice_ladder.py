"""Several voices as one."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from callcenter.breaker import FAILURES
from callcenter.errors import SpeechError
from callcenter.ladder import Rung
from callcenter.media.pcm import Clip
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.voice_ladder import VoiceLadder

RATE = 8000
TEXT = "one two three four "
PASSES = SpeechError("busy", may_pass=True)
LASTS = SpeechError("wrong key")
TIMEOUT_S = 0.1


class Speaker:
    """Says each word as a clip of its own, and fails as it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []
        self.failures: list[SpeechError | float] = []
        """One for each time that it is asked: it fails so, or takes so many seconds."""
        self.breaks_after = 99
        """So many words are said, then it fails."""

    async def render(self, text: str, rate: int) -> Clip:
        clips = [clip async for clip in self.stream(text, rate)]
        return Clip(text=text, pcm=b"".join(clip.pcm for clip in clips), rate=rate, by=self.name)

    async def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        self.asked.append(text)
        failure = self.failures.pop(0) if self.failures else 0.0
        if isinstance(failure, SpeechError):
            raise failure
        await asyncio.sleep(failure)
        for place, word in enumerate(text.split()):
            if place == self.breaks_after:
                raise PASSES
            yield Clip(text=f"{word} ", pcm=word.encode() * 2, rate=rate, by=self.name)


class Stage:
    """Two speakers and their ladder."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = Speaker("first"), Speaker("second")
        self.folder = folder
        self.ladder = self.fresh()

    def fresh(self) -> VoiceLadder:
        """As after a restart."""
        self.caches = [PhraseCache(each, self.folder) for each in (self.first, self.second)]
        rungs = [Rung(name=cache.name, provider=cache, timeout_s=TIMEOUT_S) for cache in self.caches]
        return VoiceLadder(rungs, chance=lambda: 0.0)

    async def streamed(self, text: str = TEXT) -> list[tuple[str, str]]:
        return [(clip.text, clip.by) async for clip in self.ladder.stream(text, RATE)]

    async def rendered(self, text: str = TEXT) -> tuple[str, str]:
        clip = await self.ladder.render(text, RATE)
        return clip.text, clip.by

    def always(self, failure: SpeechError | float, *speakers: Speaker) -> None:
        for speaker in speakers or (self.first, self.second):
            speaker.failures = [failure] * 99


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


WORDS = ["one ", "two ", "three ", "four "]


async def test_the_first_choice_speaks(stage: Stage) -> None:
    assert stage.ladder.name == "first"
    assert await stage.streamed() == [(word, "first") for word in WORDS]
    assert await stage.rendered("five") == ("five", "first")
    assert stage.second.asked == []


@pytest.mark.parametrize(
    ("failures", "asked", "by"),
    [
        pytest.param([PASSES], 2, "first", id="passes"),
        pytest.param([PASSES, PASSES], 2, "second", id="does not pass"),
        pytest.param([LASTS], 1, "second", id="will not pass"),
        pytest.param([5.0], 1, "second", id="too slow"),
        pytest.param(
            [SpeechError("later", may_pass=True, retry_after_s=9.0)], 1, "second", id="wants to be left alone"
        ),
    ],
)
async def test_the_next_speaks_when_it_fails(
    stage: Stage, failures: list[SpeechError | float], asked: int, by: str
) -> None:
    stage.first.failures = list(failures)
    assert await stage.streamed() == [(word, by) for word in WORDS]
    assert len(stage.first.asked) == asked
    other = Stage(stage.folder)
    other.first.failures = list(failures)
    assert await other.rendered() == (TEXT, by)
    assert len(other.first.asked) == asked


async def test_the_next_goes_on_with_the_words_not_yet_spoken(stage: Stage) -> None:
    stage.first.breaks_after = 2
    expected = [("one ", "first"), ("two ", "first"), ("three ", "second"), ("four ", "second")]
    assert await stage.streamed() == expected
    assert stage.first.asked == [TEXT]
    assert stage.second.asked == ["three four "]


async def test_when_the_last_breaks_off_too_it_is_said(stage: Stage) -> None:
    stage.first.breaks_after, stage.second.breaks_after = 2, 1
    said: list[str] = []

    async def listen() -> None:
        async for clip in stage.ladder.stream(TEXT, RATE):
            said.append(clip.text)

    with pytest.raises(SpeechError, match="busy; busy"):
        await listen()
    assert said == ["one ", "two ", "three "]


async def test_one_that_fails_after_the_last_word_has_said_all(stage: Stage) -> None:
    stage.first.breaks_after = 1
    assert await stage.streamed("one ") == [("one ", "first")]
    stage.first.breaks_after = 99
    assert stage.second.asked == []


async def test_it_rests_after_failures_and_is_tried_again(stage: Stage) -> None:
    stage.always(LASTS, stage.first)
    for place in range(FAILURES + 2):
        assert await stage.rendered(f"text {place}") == (f"text {place}", "second")
    assert len(stage.first.asked) == FAILURES
    assert [line["state"] for line in stage.ladder.report()] == ["open", "closed"]


async def test_one_who_breaks_off_each_time_rests_too(stage: Stage) -> None:
    stage.first.breaks_after = 1
    for place in range(FAILURES + 2):
        await stage.streamed(f"some text {place} ")
    assert len(stage.first.asked) == FAILURES


async def test_who_does_not_want_the_rest_harms_nobody(stage: Stage) -> None:
    for _ in range(FAILURES + 1):
        clips = stage.ladder.stream(TEXT, RATE)
        assert (await anext(clips)).text == "one "
        await clips.aclose()
    assert [line["state"] for line in stage.ladder.report()] == ["closed", "closed"]
    assert await stage.ladder.cached(TEXT, RATE) is None


async def test_what_was_said_is_said_again_without_asking(stage: Stage) -> None:
    await stage.streamed()
    stage.always(LASTS)
    assert await stage.streamed() == [(TEXT, "")]
    assert await stage.rendered() == (TEXT, "")
    assert len(stage.first.asked) == 1


@pytest.mark.parametrize("prepared", [0, 1])
async def test_when_no_voice_works_what_is_prepared_is_said(stage: Stage, prepared: int) -> None:
    await stage.caches[prepared].prepare([TEXT], RATE)
    stage.always(LASTS)
    stage.ladder = stage.fresh()
    assert await stage.rendered() == (TEXT, "")
    assert await stage.streamed() == [(TEXT, "")]
    clip = await stage.ladder.cached(TEXT, RATE)
    assert clip
    assert clip.text == TEXT
    with pytest.raises(SpeechError, match="wrong key"):
        await stage.rendered("another")
    with pytest.raises(SpeechError, match="wrong key"):
        await stage.streamed("another")


async def test_phrases_are_prepared_by_who_can_and_the_first_is_asked_again_after_a_restart(stage: Stage) -> None:
    stage.always(LASTS, stage.first)
    paid: list[tuple[str, int]] = []
    await stage.ladder.prepare(["a", "b", "a"], RATE, lambda by, characters: paid.append((by, characters)))
    assert paid == [("second", 1), ("second", 1)]
    assert sorted(stage.second.asked) == ["a", "b"]
    stage.first.failures, stage.first.asked = [], []
    stage.ladder = stage.fresh()
    await stage.ladder.prepare(["a", "b"], RATE)
    assert sorted(stage.first.asked) == ["a", "b"]
    assert await stage.rendered("a") == ("a", "")


async def test_what_is_on_disk_is_enough_to_start(stage: Stage) -> None:
    await stage.ladder.prepare(["a"], RATE)
    stage.always(LASTS)
    stage.ladder = stage.fresh()
    await stage.ladder.prepare(["a"], RATE)
    with pytest.raises(SpeechError, match="no voice can say 'b': wrong key; wrong key"):
        await stage.ladder.prepare(["b"], RATE)


async def test_why_nothing_can_be_prepared_is_said_though_they_rest_by_then(stage: Stage) -> None:
    stage.always(PASSES)
    with pytest.raises(SpeechError, match=r"no voice can say '.': busy; busy$"):
        await stage.ladder.prepare("abcdefgh", RATE)


async def test_what_is_prepared_is_counted_for_whoever_said_it(stage: Stage) -> None:
    paid: list[tuple[str, int]] = []

    def pay(by: str, characters: int) -> None:
        paid.append((by, characters))

    stage.first.failures = [LASTS]
    await stage.ladder.prepare(["one two", "three"], RATE, pay)
    assert sorted(by for by, _ in paid) == ["first", "second"]  # both are asked at once: either text meets the failure
    assert sum(characters for _, characters in paid) == len("one two") + len("three")
    paid.clear()
    await stage.fresh().prepare(["three"], RATE, pay)
    assert paid == []


async def test_what_a_call_said_before_it_was_prepared_is_kept_too(stage: Stage) -> None:
    await stage.streamed("one two")
    await stage.ladder.prepare(["one two"], RATE)
    await stage.fresh().prepare(["one two"], RATE)
    assert stage.first.asked == ["one two"]
