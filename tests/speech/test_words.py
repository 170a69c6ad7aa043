"""Who is asked for the words of an utterance, in virtual time: streams and recogniser do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Never

import pytest

from callcenter.breaker import FAILURES, FIRST_REST_S, Breaker
from callcenter.errors import SpeechError
from callcenter.ladder import Rung
from callcenter.speech.recogniser import Recognised
from callcenter.speech.words import NOTHING, StreamRung, Streams, Words
from tests.virtual_time import VirtualTimeLoop

PCM = b"sound"
TIMEOUT_S = 2.0
UNWELL = SpeechError("unwell")


def virtual_time(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run)


class Told:
    """A stream that says what its recogniser has it say."""

    def __init__(self, recogniser: "Provider") -> None:
        self.turn_ended: Callable[[float], None] = lambda unheard_s: None
        self.fed = b""
        self._recogniser = recogniser
        self._opened = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._opened

    def feed(self, pcm: bytes) -> None:
        self.fed += pcm

    def begin(self, before_s: float) -> bool:
        return bool(self.fed)

    async def words(self) -> Recognised:
        self._recogniser.asked += 1
        await asyncio.sleep(self._recogniser.takes_s)
        if self._recogniser.broken.is_set():
            raise UNWELL
        return Recognised(text=self._recogniser.says, confidence=0.8, ms=1.0)

    async def run(self) -> Never:
        await self._recogniser.broken.wait()
        raise UNWELL


class Provider:
    """A recogniser that listens along."""

    def __init__(self, says: str = "streamed") -> None:
        self.says = says
        self.takes_s = 0.0
        self.refuses: SpeechError | None = None
        self.opens_in_s = 0.0
        self.broken = asyncio.Event()
        self.asked = 0
        self.tries: list[float] = []
        self.streams: list[Told] = []
        self.open_now = 0

    @asynccontextmanager
    async def open(self, *, rate: int, language: str, prompt: str) -> AsyncIterator[Told]:
        self.tries.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.opens_in_s)
        if self.refuses:
            raise self.refuses
        self.streams.append(Told(self))
        self.open_now += 1
        try:
            yield self.streams[-1]
        finally:
            self.open_now -= 1


class Batch:
    """A recogniser that is handed the sound."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.says = "from the sound"
        self.by = ""
        self.fails = False

    async def recognise(self, pcm: bytes) -> Recognised:
        self.heard.append(pcm)
        await asyncio.sleep(0.1)
        if self.fails:
            raise SpeechError("deaf")
        return Recognised(text=self.says, confidence=0.9, ms=100.0, by=self.by, seconds=3.0)


class Call:
    """Somebody who is listened to."""

    def __init__(self, batch: Batch, *rungs: StreamRung) -> None:
        streams = Streams(rungs=rungs, open=lambda provider: provider.open(rate=8000, language="en", prompt=""))
        self.words = Words(batch.recognise, streams)
        self._listening = asyncio.create_task(self.words.listen())

    async def say(self) -> Recognised:
        """An utterance of which the beginning was fed."""
        self.words.feed(b"", 1.0)
        self.words.feed(b"...", 2.0)
        self.words.begin(0.3)
        return await self.words.so_far(PCM)

    async def hang_up(self) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])


def rung(provider: Provider, name: str = "first", breaker: Breaker | None = None) -> StreamRung:
    return Rung(name=name, provider=provider, timeout_s=TIMEOUT_S, breaker=breaker or Breaker())


async def test_without_streams_the_sound_is_all_there_is() -> None:
    batch = Batch()
    words = Words(batch.recognise)
    await words.listen()
    words.feed(PCM, 0.0)
    words.begin(0.3)
    assert (await words.so_far(PCM)).text == "from the sound"
    assert await words.of(b"") is NOTHING
    assert (batch.heard, words.seconds) == ([PCM], {})


def test_who_has_listened_along_is_asked_first() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        call = Call(batch, rung(provider))
        await asyncio.sleep(1)
        heard = await call.say()
        assert (heard.text, heard.by, batch.heard) == ("streamed", "first", [])
        assert (await call.words.of(PCM)).text == "from the sound", "of an earlier utterance"
        await call.hang_up()

    virtual_time(run())


def unwell(provider: Provider) -> None:
    provider.broken.set()


def slow(provider: Provider) -> None:
    provider.takes_s = 60.0


def mute(provider: Provider) -> None:
    provider.says = ""


@pytest.mark.parametrize(
    ("fault", "lost_ms", "reason"),
    [
        pytest.param(unwell, 0.0, "unwell", id="fails"),
        pytest.param(slow, TIMEOUT_S * 1000, "no words within 2 s", id="takes too long"),
        pytest.param(mute, 0.0, "it heard nothing where there were words", id="heard nothing"),
    ],
)
def test_where_it_is_no_help_the_same_sound_is_recognised(
    fault: Callable[[Provider], None], lost_ms: float, reason: str
) -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        first = rung(provider)
        call = Call(batch, first)
        await asyncio.sleep(1)
        call.words.feed(b"...", 1.0)
        call.words.begin(0.3)
        fault(provider)
        heard = await call.words.so_far(PCM)
        assert (heard.text, heard.by, batch.heard) == ("from the sound", "", [PCM])
        assert heard.waited_ms == pytest.approx(lost_ms)
        provider.broken.clear()
        provider.takes_s, provider.says = 0.0, "streamed"
        await asyncio.sleep(1)
        assert (len(provider.streams), provider.open_now) == (2, 1), "another stream is open by now"
        report = first.breaker.report(asyncio.get_running_loop().time())
        assert (report["failures"], report["reason"]) == (1, reason)
        assert (await call.say()).by == "first"
        await call.hang_up()
        assert provider.open_now == 0

    virtual_time(run())


def test_silence_on_both_sides_is_nobodys_failure() -> None:
    async def run() -> None:
        provider, batch = Provider(says=""), Batch()
        batch.says = ""
        call = Call(batch, rung(provider))
        await asyncio.sleep(1)
        for _ in range(5):
            assert (await call.say()).text == ""
        assert len(provider.streams) == 1
        await call.hang_up()

    virtual_time(run())


def test_when_nobody_can_hear_that_is_an_error() -> None:
    async def run() -> None:
        provider, batch = Provider(says=""), Batch()
        batch.fails = True
        call = Call(batch, rung(provider))
        await asyncio.sleep(1)
        with pytest.raises(SpeechError, match="deaf"):
            await call.say()
        await call.hang_up()

    virtual_time(run())


def test_a_stream_that_opens_in_the_middle_of_an_utterance_is_for_the_next() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        provider.opens_in_s = 1.5
        call = Call(batch, rung(provider))
        await asyncio.sleep(1)
        call.words.begin(0.3)
        await asyncio.sleep(1)
        call.words.feed(b"...", 2.0)
        assert (await call.words.so_far(PCM)).by == ""
        assert (await call.say()).by == "first"
        await call.hang_up()

    virtual_time(run())


def test_who_refuses_is_tried_again_until_the_breaker_opens_and_then_the_next_is_asked() -> None:
    async def run() -> None:
        first, second, batch = Provider(), Provider(says="by the second"), Batch()
        first.refuses = second.refuses = SpeechError("no")
        call = Call(batch, rung(first), rung(second, "second"))
        await asyncio.sleep(3)
        assert len(first.tries) == len(second.tries) == FAILURES
        assert first.tries[-1] < 1.0
        second.refuses = None
        await asyncio.sleep(FIRST_REST_S)
        assert (await call.say()).by == "second"
        assert first.open_now == 0
        await call.hang_up()

    virtual_time(run())


def test_who_asks_for_a_rest_gets_it() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        provider.refuses = SpeechError("busy", may_pass=True, retry_after_s=20.0)
        call = Call(batch, rung(provider))
        await asyncio.sleep(19)
        assert len(provider.tries) == 1
        provider.refuses = None
        await asyncio.sleep(2)
        assert (await call.say()).by == "first"
        await call.hang_up()

    virtual_time(run())


def test_who_is_not_reached_in_time_is_left() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        provider.opens_in_s = 1000.0
        call = Call(batch, rung(provider))
        await asyncio.sleep(FAILURES * (TIMEOUT_S + 0.5))
        assert len(provider.tries) == FAILURES
        await call.hang_up()

    virtual_time(run())


def test_to_be_reached_is_no_proof_of_health() -> None:
    """Who lets itself be reached but gives no words is left alone all the same, and tried by one call at a time."""

    async def run() -> None:
        provider, batch, breaker = Provider(), Batch(), Breaker()
        slow(provider)
        call = Call(batch, rung(provider, breaker=breaker))
        await asyncio.sleep(1)
        for _ in range(FAILURES):
            await call.say()
            await asyncio.sleep(1)
        assert (len(provider.streams), provider.open_now) == (FAILURES, 0)
        began = asyncio.get_running_loop().time()
        await call.say()
        assert asyncio.get_running_loop().time() - began == pytest.approx(0.1), "nobody waits for it meanwhile"
        other = Call(batch, rung(provider, breaker=breaker))
        await asyncio.sleep(2 * FIRST_REST_S)
        assert provider.open_now == 1, "one of them tries"
        provider.takes_s = 0.0
        assert {(await each.say()).by for each in (call, other)} == {"", "first"}
        await asyncio.sleep(1)
        assert {(await each.say()).by for each in (call, other)} == {"first"}
        await call.hang_up()
        await other.hang_up()

    virtual_time(run())


def test_a_call_that_ends_before_its_trial_leaves_it_to_another() -> None:
    async def run() -> None:
        provider, batch, breaker = Provider(), Batch(), Breaker()
        breaker.fail(0.0, rest_s=1.0)
        call = Call(batch, rung(provider, breaker=breaker))
        await asyncio.sleep(2)
        assert provider.open_now == 1
        await call.hang_up()
        other = Call(batch, rung(provider, breaker=breaker))
        await asyncio.sleep(1)
        assert provider.open_now == 1
        await other.hang_up()

    virtual_time(run())


def test_a_bug_costs_its_own_call_nothing_but_the_stream() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        provider.refuses = KeyError("a bug")  # type: ignore[assignment]
        call = Call(batch, rung(provider))
        await asyncio.sleep(3)
        assert len(provider.tries) == FAILURES
        assert (await call.say()).text == "from the sound"
        await call.hang_up()

    virtual_time(run())


def test_streams_are_paid_for_as_long_as_they_are_open_and_sound_by_its_length() -> None:
    async def run() -> None:
        provider, batch = Provider(), Batch()
        batch.by = "openai"
        call = Call(batch, rung(provider))
        await asyncio.sleep(10)
        assert call.words.seconds == {"first": pytest.approx(10)}
        provider.broken.set()
        await asyncio.sleep(0)
        provider.refuses = UNWELL
        await asyncio.sleep(10)
        await call.say()
        assert call.words.seconds == {"first": pytest.approx(10), "openai": 3.0}
        provider.broken.clear()
        provider.refuses = None
        await asyncio.sleep(60)
        so_far = call.words.seconds["first"]
        assert 20 < so_far < 70
        await asyncio.sleep(1)
        await call.hang_up()
        assert call.words.seconds == {"first": pytest.approx(so_far + 1), "openai": 3.0}

    virtual_time(run())


def test_the_end_of_a_turn_is_told_in_loop_time() -> None:
    async def run() -> None:
        provider, ends = Provider(), list[float]()
        call = Call(Batch(), rung(provider))
        call.words.turn_ended = ends.append
        await asyncio.sleep(1)
        call.words.feed(b"...", 7.5)
        provider.streams[0].turn_ended(0.5)
        assert ends == [7.0]
        await call.hang_up()

    virtual_time(run())
