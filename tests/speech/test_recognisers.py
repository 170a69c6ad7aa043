"""Recognisers one after the other: which answers, what is told of it, and who is asked again when."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

import pytest
from pydantic import SecretStr

from callcenter.breaker import FAILURES, FIRST_REST_S
from callcenter.config import Deepgram, Hearing, OpenAI, Remote
from callcenter.errors import Overloaded, SpeechError
from callcenter.ladder import Rung
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.recogniser import Recognised
from callcenter.speech.recognisers import LOCAL_S, LadderRecogniser, opened
from tests.peers import openai_cloud, remote_whisper
from tests.peers.openai_cloud import Fault
from tests.virtual_time import VirtualTimeLoop

WORK_MS = 80.0
SOUND = bytes(8000)
"""Half a second."""

NOWHERE = DeepgramClient(Deepgram())
"""Nobody is asked for it."""


class StandIn:
    """A recogniser that does as the test says."""

    def __init__(self, text: str, fault: SpeechError | None = None, takes_s: float = 0.0) -> None:
        self.fault = fault
        self.takes_s = takes_s
        self.asked: list[tuple[bytes, int, str, str]] = []
        self._text = text

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        self.asked.append((pcm, rate, language, prompt))
        await asyncio.sleep(self.takes_s)
        if self.fault:
            raise self.fault
        return Recognised(text=self._text, confidence=0.9, ms=WORK_MS, by=self._text, seconds=0.5)


def virtual_time(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run)


def ladder(*recognisers: StandIn) -> LadderRecogniser:
    return LadderRecogniser(
        [Rung(name=str(place), provider=each, timeout_s=1.0) for place, each in enumerate(recognisers)]
    )


async def heard(recogniser: LadderRecogniser) -> Recognised:
    return await recogniser.recognise(SOUND, rate=8000, language="en", prompt="One or two.")


def test_the_first_that_answers_is_it() -> None:
    async def run() -> None:
        first, second = StandIn("first"), StandIn("second")
        found = await heard(ladder(first, second))
        assert (found.text, found.by, found.ms, found.seconds) == ("first", "first", WORK_MS, 0.5)
        assert first.asked == [(SOUND, 8000, "en", "One or two.")]
        assert not second.asked

    virtual_time(run())


def test_who_rests_is_asked_before_a_caller_is_heard_by_nobody() -> None:
    async def run() -> None:
        cloud, local = StandIn("cloud", SpeechError("status 500")), StandIn("local")
        recogniser = ladder(cloud, local)
        for _ in range(FAILURES):
            assert (await heard(recogniser)).text == "local"
        cloud.fault, local.fault = None, Overloaded("16 wait")
        assert (await heard(recogniser)).text == "cloud"

    virtual_time(run())


@pytest.mark.parametrize(
    ("fault", "takes_s", "tries"),
    [
        pytest.param(Overloaded("16 wait"), 0, 1, id="this machine has too much to do"),
        pytest.param(SpeechError("wrong key"), 0, 1, id="wrong key"),
        pytest.param(SpeechError("status 500", may_pass=True), 0, 2, id="fails and fails"),
        pytest.param(None, 3, 1, id="too slow"),
    ],
)
def test_the_next_is_asked_when_one_cannot(fault: SpeechError | None, takes_s: float, tries: int) -> None:
    async def run() -> None:
        first, second = StandIn("first", fault, takes_s), StandIn("second")
        found = await heard(ladder(first, second))
        assert (found.text, found.by) == ("second", "second")
        assert len(first.asked) == tries
        assert second.asked == first.asked[:1]

    virtual_time(run())


def test_none_can() -> None:
    async def run() -> None:
        slow = ladder(StandIn("first", SpeechError("wrong key")), StandIn("second", takes_s=3))
        with pytest.raises(SpeechError, match="1 did not answer within 1 s"):
            await heard(slow)
        with pytest.raises(SpeechError, match=r"\[hearing\] recognisers"):
            await heard(ladder())

    virtual_time(run())


def test_a_deaf_one_rests_and_comes_back() -> None:
    async def run() -> None:
        first, second = StandIn("first", SpeechError("status 500")), StandIn("second")
        both = ladder(first, second)
        assert {(await heard(both)).by for _ in range(FAILURES + 5)} == {"second"}
        assert len(first.asked) == FAILURES
        assert [(each["name"], each["state"], each["failures"], each["answered"]) for each in both.report()] == [
            ("0", "open", FAILURES, 0),
            ("1", "closed", 0, FAILURES + 5),
        ]
        first.fault = None
        await asyncio.sleep(FIRST_REST_S)
        assert {(await heard(both)).by for _ in range(3)} == {"first"}
        assert both.report()[0].items() >= {"name": "0", "state": "closed", "failures": 0, "answered": 3}.items()

    virtual_time(run())


def test_the_wait_for_those_that_failed_is_told() -> None:
    """The clock of the measurement is the real one."""

    async def run() -> None:
        found = await heard(ladder(StandIn("first", SpeechError("no"), takes_s=0.3), StandIn("second", takes_s=0.08)))
        assert 290 < found.waited_ms < 600

    asyncio.run(run())


async def test_those_that_are_named_are_asked_in_that_order() -> None:
    """Over real servers: OpenAI's fails, then the remote one does, then this machine is asked."""
    cloud, elsewhere, here = openai_cloud.Peer(), remote_whisper.Peer(), StandIn("here")
    async with openai_cloud.serving(cloud) as openai, remote_whisper.serving(elsewhere) as remote:
        hearing = Hearing(recognisers=("deepgram", "openai", "remote", "whisper"))
        key = SecretStr("very-secret")
        async with opened(
            hearing, OpenAI(url=f"{openai}/v1", key=key), Remote(url=remote), NOWHERE, here
        ) as recogniser:
            assert (await heard(recogniser)).by == "openai"
            cloud.faults["transcriptions"] = Fault.ERROR
            found = await heard(recogniser)
            assert (found.by, found.text) == ("remote", "Mostly index funds.")
            elsewhere.fault = Fault.GARBAGE
            assert (await heard(recogniser)).by == "here"
            report = recogniser.report()
    assert [(rung["name"], rung["answered"]) for rung in report] == [
        *(("openai", 1), ("remote", 1), ("whisper", 1)),
        ("deepgram", 0),
    ]
    assert "secret" not in str(report)


async def test_who_is_not_named_is_not_asked() -> None:
    async with opened(
        Hearing(recognisers=("deepgram", "remote")), OpenAI(), Remote(), NOWHERE, StandIn("here")
    ) as recogniser:
        assert [rung["name"] for rung in recogniser.report()] == ["remote", "deepgram"]


async def test_this_machine_is_given_all_the_time_that_its_queue_takes() -> None:
    here = StandIn("here", Overloaded("full"))
    async with opened(Hearing(), OpenAI(), Remote(), NOWHERE, here) as recogniser:
        for _ in range(2 * FAILURES):
            with pytest.raises(Overloaded):
                await heard(recogniser)
        here.fault = None
        assert (await heard(recogniser)).text == "here"
    assert OpenAI().timeout_s < LOCAL_S


def test_a_cloud_that_finds_no_word_in_long_sound_is_passed_over_if_the_next_finds_one() -> None:
    class Deaf(StandIn):
        async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
            return replace(await super().recognise(pcm, rate=rate, language=language, prompt=prompt), text="")

    async def run() -> None:
        both = ladder(Deaf("first"), StandIn("second"))
        assert (await heard(both)).text == "", "too short to be sure"
        found = await both.recognise(bytes(2 * 8000), rate=8000, language="en", prompt="")
        assert found.text == "second"
        assert [rung["state"] for rung in both.report()] == ["open", "closed"]

    virtual_time(run())
