"""A Whisper on another machine: what is sent, what comes of each fault, and that no key is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from callcenter import whisper_questions
from callcenter.config import Remote
from callcenter.errors import SpeechError
from callcenter.speech.cloud import remote_whisper
from callcenter.speech.cloud.remote_whisper import MOST_BYTES, RemoteWhisper, health
from callcenter.speech.recogniser import Recognised
from callcenter.speech.wav import Wav
from tests.peers.openai_cloud import Fault
from tests.peers.remote_whisper import Peer, serving

RATE = 8000
SOUND = bytes(range(256)) * 50
"""0.8 s."""
KEY = "very-secret"
STYLES = ("multipart", "json")
IMPATIENT_S = 0.3
PATIENT_S = 10.0
SLOW = {Fault.STALL, Fault.STALL_MIDDLE, Fault.TRICKLE}


@asynccontextmanager
async def remote(
    url: str, style: str = "multipart", key: str = KEY, timeout_s: float = PATIENT_S
) -> AsyncIterator[RemoteWhisper]:
    settings = Remote.model_validate({"url": url, "style": style, "key": SecretStr(key), "timeout_s": timeout_s})
    async with aiohttp.ClientSession() as session:
        yield RemoteWhisper(session, settings)


async def heard(recogniser: RemoteWhisper, prompt: str = "") -> Recognised:
    return await recogniser.recognise(SOUND, rate=RATE, language="pt", prompt=prompt)


@pytest.mark.parametrize(("style", "path"), [("multipart", "/transcribe"), ("json", "/whisper")])
async def test_the_sound_is_sent_and_its_words_come_back(style: str, path: str) -> None:
    peer = Peer()
    peer.key = KEY
    async with serving(peer) as address, remote(f"{address}/", style) as whisper:
        found = await heard(whisper, prompt="Fundos, ações e não.")
    assert (found.text, found.confidence, found.by, found.seconds) == ("Mostly index funds.", 0.9, "remote", 0.8)
    assert 0 < found.ms < PATIENT_S * 1000
    (asked,) = peer.asked
    wav = Wav.parse(asked.pop("sound"))
    assert (wav.rate, wav.mono()) == (RATE, SOUND)
    assert asked == {"path": path, "language": "pt", "prompt": "Fundos, ações e não."}


async def test_of_a_long_prompt_the_end_is_sent() -> None:
    peer = Peer()
    async with serving(peer) as address, remote(address) as whisper:
        await heard(whisper, prompt="Oui. " * 300 + "Non.")
    assert peer.asked[0]["prompt"] == ("Oui. " * 300 + "Non.")[-whisper_questions.PROMPT_CHARACTERS :]


@pytest.mark.parametrize(("kept_s", "connections"), [(60.0, 1), (0.05, 2)], ids=["kept", "gone"])
async def test_idle_connections_are_kept_for_a_while(
    kept_s: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_whisper, "KEPT_S", kept_s)
    peer = Peer()
    async with serving(peer) as address, remote_whisper.connections() as session:
        whisper = RemoteWhisper(session, Remote(url=address))
        await heard(whisper)
        await asyncio.sleep(0.3)
        await heard(whisper)
    assert len(peer.callers) == connections


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.REFUSED, SpeechError("cannot be reached, or broke off: ", may_pass=True)),
        (Fault.UNAUTHORISED, SpeechError("refuses the key .status 401.")),
        (Fault.RATE_LIMITED, SpeechError("has too much to do .status 429.", may_pass=True, retry_after_s=2)),
        (Fault.ERROR, SpeechError("answers with status 500", may_pass=True)),
        (Fault.STALL, SpeechError("did not answer within 0.3 s")),
        (Fault.STALL_MIDDLE, SpeechError("did not answer within 0.3 s")),
        (Fault.TRICKLE, SpeechError("did not answer within 0.3 s")),
        (Fault.CUT, SpeechError("cannot be reached, or broke off: ClientPayloadError", may_pass=True)),
        (Fault.GARBAGE, SpeechError("answers what cannot be understood", may_pass=True)),
        (Fault.ENDLESS, SpeechError(f"answers with {MOST_BYTES} bytes or more")),
        (Fault.EMPTY, None),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
async def test_faults(fault: Fault, expected: SpeechError | None, style: str) -> None:
    timeout_s = IMPATIENT_S if fault in SLOW else PATIENT_S
    async with serving(Peer()) as address, remote(f"{address}/{fault.value}", style, timeout_s=timeout_s) as whisper:
        if expected is None:
            assert (await heard(whisper)).text == ""
        else:
            await fails(whisper, expected)


async def fails(whisper: RemoteWhisper, expected: SpeechError) -> None:
    with pytest.raises(SpeechError, match=str(expected)) as failure:
        await heard(whisper)
    assert (failure.value.may_pass, failure.value.retry_after_s) == (expected.may_pass, expected.retry_after_s)
    assert KEY not in repr(failure.getrepr(style="long"))


async def test_a_wrong_key_is_refused() -> None:
    peer = Peer()
    peer.key = "another"
    async with serving(peer) as address, remote(address) as whisper:
        await fails(whisper, SpeechError("refuses the key"))


@pytest.mark.parametrize("url", [f"http://user:{KEY}@127.0.0.1:9", f"http://127.0.0.1:x/{KEY}", f"ftp://{KEY}/"])
async def test_who_cannot_be_reached_is_not_told_with_the_address(url: str) -> None:
    async with remote(url) as whisper:
        await fails(whisper, SpeechError("cannot be reached, or broke off", may_pass=True))


async def test_a_key_that_cannot_be_sent_is_not_told() -> None:
    async with serving(Peer()) as address, remote(address, key=f"{KEY}\r\nX: y") as whisper:
        await fails(whisper, SpeechError("cannot be reached, or broke off", may_pass=True))


@pytest.mark.parametrize(
    ("body", "confidence"),
    [(b'{"text": " yes "}', 1.0), (b'{"text": "yes", "confidence": 1}', 1.0), (b'{"text": "yes", "confidence": 0}', 0)],
)
async def test_older_installations_need_not_tell_how_sure_they_are(body: bytes, confidence: float) -> None:
    peer = Peer()
    peer.body = body
    async with serving(peer) as address, remote(address) as whisper:
        found = await heard(whisper)
    assert (found.text, found.confidence) == ("yes", confidence)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b'{"text": null}',
        b'{"text": "yes", "confidence": null}',
        b'{"text": "yes", "confidence": "high"}',
        b'{"text": "yes", "confidence": true}',
        b'{"text": "yes", "confidence": 1.1}',
        b'{"text": "yes", "confidence": NaN}',
        b'{"text": "\xff"}',
        b"[" * 60_000,
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
async def test_an_answer_of_another_kind_is_a_failure(body: bytes) -> None:
    peer = Peer()
    peer.body = body
    async with serving(peer) as address, remote(address) as whisper:
        await fails(whisper, SpeechError("answers what cannot be understood", may_pass=True))


async def test_the_key_is_not_sent_elsewhere() -> None:
    """A redirect is an answer like any other that is not 200."""
    peer = Peer()
    async with serving(peer) as address:

        async def elsewhere(request: web.Request) -> web.Response:
            raise web.HTTPTemporaryRedirect(f"{address}/transcribe")

        application = web.Application()
        application.router.add_post("/transcribe", elsewhere)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with remote(f"http://127.0.0.1:{runner.addresses[0][1]}") as whisper:
                await fails(whisper, SpeechError("answers with status 307"))
        finally:
            await runner.cleanup()
    assert not peer.asked


async def test_an_older_installation_does_not_tell_how_it_is() -> None:
    async with serving(Peer()) as address:
        with pytest.raises(SpeechError, match="answers with status 404"):
            await health(address)
    with pytest.raises(SpeechError, match="cannot be reached"):
        await health(address)
