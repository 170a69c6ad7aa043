"""Both of Deepgram's recognisers against a real server, through the SDK, with all that can go wrong."""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter.config import Deepgram as Section
from callcenter.errors import SpeechError
from callcenter.speech.cloud import deepgram_client, deepgram_stream
from callcenter.speech.cloud.deepgram import Deepgram
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.deepgram_stream import DeepgramStream
from callcenter.speech.cloud.deepgram_voice import DeepgramVoice
from callcenter.speech.cloud.flux import Flux
from callcenter.speech.recogniser import Recognised
from tests.peers.deepgram_cloud import Fault, Peer, serving
from tests.waiting import PATIENCE_S, until

# The SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

KEY = "very-secret-key"
RATE = 8000
WINDOW = RATE * 32 // 1000 * 2
ENDPOINTING_MS = 600
LISTEN = {"nova": "/v1/listen", "flux": "/v2/listen"}

Recogniser = Deepgram | Flux
Opened = Callable[..., Any]


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
async def client(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DeepgramClient]:
    monkeypatch.setattr(deepgram_client, "CLOSE_S", 0.1)
    async with serving(peer) as address:
        client = DeepgramClient(Section(url=address, key=SecretStr(KEY)))
        await client.ready()
        yield client
        await client.close()
        await client.close()


@pytest.fixture(params=["nova", "flux"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recogniser(kind: str, client: DeepgramClient) -> Recogniser:
    return Deepgram(client, endpointing_ms=ENDPOINTING_MS) if kind == "nova" else Flux(client)


@asynccontextmanager
async def opened(recogniser: Recogniser, language: str = "en", rate: int = RATE) -> AsyncIterator[DeepgramStream]:
    """A stream that runs; at the end it raises what it has failed with."""
    async with recogniser.open(rate=rate, language=language, prompt="Hello.") as stream:
        running = asyncio.create_task(stream.run())
        try:
            yield stream
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def say(stream: DeepgramStream, text: str) -> None:
    """Feed windows of 32 ms, `#` loud and `.` quiet."""
    for mark in text:
        stream.feed((b"\x40" if mark == "#" else b"\x00") * WINDOW)


WORD = "." * 10 + "#" * 10 + "." * 10
"""320 ms loud: what is understood is its length."""


def lengths(heard: Recognised) -> Any:
    """Of the words, in ms; the peer's are off by up to its blocks of 20 ms."""
    return pytest.approx([int(word) for word in heard.text.split()], abs=20)


def ours() -> set[asyncio.Task[object]]:
    """Tasks that are not the peer's."""
    return {task for task in asyncio.all_tasks() if not {"aiohttp", "_listen"} & set(re.split(r"\W", repr(task)))}


async def within(seconds: float, work: Awaitable[Any]) -> Any:
    async with asyncio.timeout(seconds):
        return await work


async def words(stream: DeepgramStream) -> Recognised:
    """What is known, while the line goes on."""
    asking = asyncio.create_task(stream.words())
    async with asyncio.timeout(PATIENCE_S):
        while not (await asyncio.wait([asking], timeout=0.02))[0]:
            say(stream, ".")
    return await asking


async def test_what_was_said_is_known_in_each_pause(recogniser: Recogniser, peer: Peer, kind: str) -> None:
    async with opened(recogniser) as stream:
        say(stream, WORD)
        assert stream.begin(0.7)
        first = await words(stream)
        say(stream, "#" * 20 + "." * 10)
        second = await words(stream)
    assert lengths(first) == [320]
    assert lengths(second) == [320, 640], "one utterance, though words were asked for in its middle"
    assert second.confidence == pytest.approx({"nova": 0.8, "flux": 0.9}[kind], abs=0.06)
    assert second.seconds == pytest.approx(60 * 0.032 - 0.26, abs=0.3)
    (query, authorisation), *_ = peer.asked
    assert authorisation == f"Token {KEY}"
    assert (query["encoding"], query["sample_rate"]) == ("linear16", "8000")
    assert peer.open == 0


async def test_what_was_said_before_an_utterance_is_no_part_of_it(recogniser: Recogniser) -> None:
    async with opened(recogniser) as stream:
        assert not stream.begin(0.3), "nothing was fed yet"
        say(stream, WORD)
        assert lengths(await words(stream)) == [320]
        say(stream, "." * 20 + "#" * 3)
        assert stream.begin(0.3)
        say(stream, "#" * 17 + "." * 10)
        assert lengths(await words(stream)) == [640]
        stream.begin(5.0)
        say(stream, "." * 10)
        assert (await words(stream)).text == "", "nothing is given twice"


async def test_the_end_of_a_turn_is_told_with_what_was_not_heard_by_then(recogniser: Recogniser, kind: str) -> None:
    async with opened(recogniser) as stream:
        ends: list[float] = []
        stream.turn_ended = ends.append
        say(stream, WORD)
        await asyncio.sleep(0.1)
        assert not ends, "the pause is too short"
        say(stream, "." * 40)
        await until(lambda: bool(ends))
    unheard = 70 * 0.032 - ends[0]
    assert 20 * 0.032 < unheard < 60 * 0.032, "told of the end of what was heard, which is in the pause"
    assert len(ends) == 1


async def test_an_own_question_is_no_end_of_a_turn(client: DeepgramClient) -> None:
    async with opened(Deepgram(client, endpointing_ms=ENDPOINTING_MS)) as stream:
        ends: list[float] = []
        stream.turn_ended = ends.append
        say(stream, WORD)
        await words(stream)
    assert ends == []


async def test_a_finalize_need_not_be_answered(client: DeepgramClient, peer: Peer) -> None:
    peer.answers_finalize = False
    async with opened(Deepgram(client, endpointing_ms=100)) as stream:
        say(stream, WORD + "..")
        await asyncio.sleep(0.05)
        assert (await within(PATIENCE_S, stream.words())).text == "320"
        assert peer.counts["Finalize"] == 1


async def test_sixteen_kilohertz_go_out_as_they_are(recogniser: Recogniser, peer: Peer) -> None:
    async with opened(recogniser, rate=16_000) as stream:
        for mark in WORD:
            stream.feed((b"\x40" if mark == "#" else b"\x00") * 2 * WINDOW)
        stream.begin(0.8)
        assert lengths(await words(stream)) == [320]
    assert peer.asked[0][0]["sample_rate"] == "16000"


@pytest.mark.parametrize(
    ("language", "model", "hint"),
    [pytest.param("en", "flux-general-en", None, id="en"), pytest.param("fr", "flux-general-multi", "fr", id="fr")],
)
async def test_flux_has_a_model_for_other_languages(
    client: DeepgramClient, peer: Peer, language: str, model: str, hint: str | None
) -> None:
    async with opened(Flux(client), language):
        pass
    query = peer.asked[0][0]
    assert (query["model"], query.get("language_hint")) == (model, hint)


async def test_a_silent_line_is_kept_open(
    recogniser: Recogniser, peer: Peer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deepgram_stream, "KEEP_ALIVE_S", 0.05)
    async with opened(recogniser) as stream:
        await asyncio.sleep(0.3)
        if kind == "nova":
            await until(lambda: peer.counts["KeepAlive"] > 2)
        ends: list[float] = []
        stream.turn_ended = ends.append
        say(stream, WORD + "." * 40)
        await until(lambda: bool(ends))
        assert 20 * 0.032 < ends[0] < 60 * 0.032, "silence that was sent is counted as fed"


@pytest.mark.parametrize(
    ("kept_s", "connections"), [pytest.param(60.0, 1, id="kept"), pytest.param(0.05, 2, id="gone")]
)
async def test_idle_connections_are_kept_for_a_while(
    peer: Peer, kept_s: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deepgram_client, "KEPT_S", kept_s)
    async with serving(peer) as address:
        client = DeepgramClient(Section(url=address, key=SecretStr(KEY)))
        voice = DeepgramVoice("aura-2-thalia-en", client)
        await voice.render("Hello.", RATE)
        await asyncio.sleep(0.3)
        await voice.render("Hello.", RATE)
        await client.close()
    assert len(peer.callers) == connections


def test_certificates_are_read_once() -> None:
    assert deepgram_client.trusted() is deepgram_client.trusted()


REFUSED = [
    pytest.param(Fault.UNAUTHORISED, "deepgram answered 401", False, None, id="401"),
    pytest.param(Fault.RATE_LIMITED, "deepgram answered 429", True, 2.0, id="429"),
    pytest.param(Fault.ERROR, "deepgram answered 500", True, None, id="500"),
]


@pytest.mark.parametrize(("fault", "text", "may_pass", "retry_after_s"), REFUSED)
async def test_a_refusal_says_why(
    recogniser: Recogniser, peer: Peer, fault: Fault, text: str, may_pass: bool, retry_after_s: float | None
) -> None:
    peer.faults = dict.fromkeys(LISTEN.values(), fault)
    with pytest.raises(SpeechError, match=text) as found:
        async with opened(recogniser):
            pass
    assert (found.value.may_pass, found.value.retry_after_s) == (may_pass, retry_after_s)


@pytest.mark.parametrize(
    ("header", "retry_after_s"),
    [
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 09:30:00 GMT"}, None, id="a date"),
        pytest.param({}, None, id="none"),
    ],
)
def test_an_answer_by_http_says_why_too(header: dict[str, str], retry_after_s: float | None) -> None:
    from deepgram.core.api_error import ApiError

    found = deepgram_client.failure(ApiError(status_code=429, headers=header, body={"key": KEY}))
    assert (str(found), found.may_pass, found.retry_after_s) == ("deepgram answered 429", True, retry_after_s)


async def test_nobody_there(recogniser: Recogniser, client: DeepgramClient, kind: str) -> None:
    nobody = DeepgramClient(Section(url="http://127.0.0.1:9", key=SecretStr(KEY)))
    other = Deepgram(nobody, endpointing_ms=ENDPOINTING_MS) if kind == "nova" else Flux(nobody)
    with pytest.raises(SpeechError, match="connection to deepgram failed"):
        async with opened(other):
            pass
    await nobody.close()


BROKEN = [
    pytest.param(Fault.CUT, "connection to deepgram failed: ConnectionClosed", id="cut"),
    pytest.param(Fault.CLOSED, "deepgram hung up with code 1011", id="closed"),
    pytest.param(Fault.REPORTED, "deepgram reports ", id="reported"),
    pytest.param(Fault.GARBAGE, "not JSON", id="garbage"),
    pytest.param(Fault.STRANGE, "unknown form", id="strange"),
]


@pytest.mark.parametrize(("fault", "text"), BROKEN)
async def test_what_breaks_off_fails_at_once(
    recogniser: Recogniser, peer: Peer, kind: str, fault: Fault, text: str
) -> None:
    peer.faults = {LISTEN[kind]: fault}
    with pytest.raises(SpeechError, match=text):  # noqa: PT012 - which may be when it is opened
        async with recogniser.open(rate=RATE, language="en", prompt="") as stream:
            say(stream, WORD * 2)
            stream.begin(1.9)
            asking = asyncio.create_task(stream.words())
            try:
                await within(PATIENCE_S, stream.run())
            finally:
                with pytest.raises(SpeechError, match=text):
                    await within(PATIENCE_S, asking)
                stream.feed(bytes(WINDOW))


@pytest.mark.parametrize("fault", [Fault.STALL_FIRST, Fault.STALL, Fault.TRICKLE], ids=lambda fault: fault.value)
async def test_who_does_not_answer_is_left_in_time(recogniser: Recogniser, peer: Peer, kind: str, fault: Fault) -> None:
    peer.faults = {LISTEN[kind]: fault}
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):  # noqa: PT012 - it has to leave the stream, too
        async with asyncio.timeout(0.3), opened(recogniser) as stream:
            say(stream, WORD * 2)
            await stream.words()
    assert asyncio.get_running_loop().time() - began < 5.0


async def test_interim_results_alone_are_no_words(client: DeepgramClient, peer: Peer) -> None:
    peer.faults = {"/v1/listen": Fault.ENDLESS}
    async with opened(Deepgram(client, endpointing_ms=ENDPOINTING_MS)) as stream:
        say(stream, WORD * 2)
        with pytest.raises(TimeoutError):
            await within(0.4, stream.words())


async def test_nobody_ever_said_anything(recogniser: Recogniser, peer: Peer, kind: str) -> None:
    peer.faults = {LISTEN[kind]: Fault.EMPTY}
    async with opened(recogniser) as stream:
        say(stream, WORD * 2)
        heard = await words(stream)
    assert (heard.text, heard.confidence) == ("", 0.0)


async def test_who_takes_sound_too_slowly_has_failed(recogniser: Recogniser) -> None:
    async with opened(recogniser) as stream:
        for _ in range(1000):
            stream.feed(bytes(WINDOW))
        with pytest.raises(SpeechError, match="as fast as it comes"):
            await within(PATIENCE_S, stream.words())


ALL = [("nova", fault) for fault in Fault] + [("flux", Fault.STALL_MIDDLE)]


@pytest.mark.parametrize(
    ("kind", "fault"), ALL, indirect=["kind"], ids=[f"{kind} {fault.value}" for kind, fault in ALL]
)
async def test_nothing_is_left_and_no_key_is_told(
    recogniser: Recogniser,
    peer: Peer,
    kind: str,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever goes wrong: no task, no connection; no key in logs of any level, in an error or what is behind it."""
    caplog.set_level(logging.DEBUG)
    peer.faults = {LISTEN[kind]: fault}
    before = ours()
    error: BaseException | None = None
    with capture_logs() as logs:
        try:
            async with asyncio.timeout(0.2), opened(recogniser) as stream:
                say(stream, WORD * 2)
                await stream.words()
                await asyncio.sleep(1)
        except (SpeechError, TimeoutError) as caught:
            error = caught
    told = [repr(logs), caplog.text]
    while error is not None:
        told += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    assert not any(KEY in each for each in told)
    gc.collect()
    stalled = {Fault.STALL, Fault.STALL_MIDDLE, Fault.TRICKLE}  # the peer does not look
    await until(lambda: fault in stalled or peer.open == 0)
    await until(lambda: ours() <= before)
