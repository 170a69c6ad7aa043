"""OpenAI's transcriptions: what is sent, what comes of each fault, and that no key is told."""

import json
import math
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from callcenter import openai_client
from callcenter.errors import SpeechError
from callcenter.ladder import Rung
from callcenter.speech.cloud.openai_recogniser import MOST_BYTES, OpenAIRecogniser, tells_probabilities
from callcenter.speech.recogniser import Recognised, Recogniser
from callcenter.speech.recognisers import LadderRecogniser
from callcenter.speech.wav import Wav
from tests.peers.openai_cloud import Fault, Peer, serving

RATE = 8000
SOUND = bytes(range(256)) * 50
"""0.8 s."""
KEY = SecretStr("sk-very-secret")
IMPATIENT_S = 0.3
PATIENT_S = 10.0
SLOW = {Fault.STALL, Fault.STALL_MIDDLE, Fault.TRICKLE}


@asynccontextmanager
async def recogniser(
    url: str, model: str = "gpt-4o-mini-transcribe", timeout_s: float = PATIENT_S
) -> AsyncIterator[Recogniser]:
    """As the daemon asks it, but once only."""
    async with openai_client.opened(url, KEY) as client:
        cloud = OpenAIRecogniser(client, model)
        yield LadderRecogniser([Rung(name="openai", provider=cloud, timeout_s=timeout_s, tries=1)])


async def heard(recogniser: Recogniser, prompt: str = "") -> Recognised:
    return await recogniser.recognise(SOUND, rate=RATE, language="fr", prompt=prompt)


async def test_the_sound_is_sent_and_its_words_come_back() -> None:
    async def transcribe(sound: bytes, language: str) -> str:
        wav = Wav.parse(sound)
        return f" {language}, {wav.rate} Hz, {'the same' if wav.mono() == SOUND else 'another'} "

    async with serving(Peer(transcribe=transcribe)) as address, recogniser(f"{address}/v1") as cloud:
        found = await heard(cloud)
    assert (found.text, found.confidence, found.by) == ("fr, 8000 Hz, the same", 1.0, "openai")
    assert found.seconds == 0.8
    assert 0 < found.ms < PATIENT_S * 1000


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.REFUSED, SpeechError("openai cannot be reached, or broke off", may_pass=True)),
        (Fault.UNAUTHORISED, SpeechError("openai refuses the key (status 401)")),
        (Fault.RATE_LIMITED, SpeechError("has too much to do (status 429)", may_pass=True, retry_after_s=2)),
        (Fault.ERROR, SpeechError("openai answers with status 500", may_pass=True)),
        (Fault.STALL, SpeechError("openai did not answer within 0.3 s")),
        (Fault.STALL_MIDDLE, SpeechError("openai did not answer within 0.3 s")),
        (Fault.TRICKLE, SpeechError("openai did not answer within 0.3 s")),
        (Fault.CUT, SpeechError("openai failed|broke off", may_pass=True)),
        (Fault.GARBAGE, SpeechError("openai answers what cannot be understood", may_pass=True)),
        (Fault.ENDLESS, SpeechError(f"openai answers with more than {MOST_BYTES} bytes")),
        (Fault.EMPTY, None),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
async def test_faults(fault: Fault, expected: SpeechError | None) -> None:
    timeout_s = IMPATIENT_S if fault in SLOW else PATIENT_S
    async with serving(Peer()) as address, recogniser(f"{address}/{fault.value}/v1", timeout_s=timeout_s) as cloud:
        if expected is None:
            assert (await heard(cloud)).text == ""
        else:
            await fails(cloud, expected)


async def fails(cloud: Recogniser, expected: SpeechError) -> None:
    with pytest.raises(SpeechError, match=str(expected).replace("(", r"\(").replace(")", r"\)")) as failure:
        await heard(cloud)
    assert (failure.value.may_pass, failure.value.retry_after_s) == (expected.may_pass, expected.retry_after_s)
    assert KEY.get_secret_value() not in repr(failure.getrepr(style="long"))


async def test_nobody_is_there() -> None:
    async with recogniser("http://127.0.0.1:9/v1") as cloud:
        await fails(cloud, SpeechError("openai cannot be reached, or broke off", may_pass=True))


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that says this to everything; yields its base URL and the forms that it was sent."""
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        asked.append({name: value for name, value in form.items() if isinstance(value, str)})
        return web.Response(body=body, content_type="application/json")

    application = web.Application()
    application.router.add_post("/v1/audio/transcriptions", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


def with_probabilities(*probabilities: float) -> bytes:
    return json.dumps(
        {"text": "yes", "logprobs": [{"token": "y", "logprob": math.log(p)} for p in probabilities]}
    ).encode()


async def test_the_confidence_is_that_of_the_tokens() -> None:
    async with answering(with_probabilities(0.9, 0.4)) as (url, asked), recogniser(url) as cloud:
        assert (await heard(cloud, prompt="Mostly index funds.")).confidence == pytest.approx(0.6)
    assert asked == [
        {
            "model": "gpt-4o-mini-transcribe",
            "language": "fr",
            "prompt": "Mostly index funds.",
            "response_format": "json",
            "include[]": "logprobs",
        }
    ]


async def test_of_a_long_prompt_the_end_is_sent() -> None:
    prompt = "Oui. " * 300 + "Non."
    async with answering(with_probabilities(0.9)) as (url, asked), recogniser(url) as cloud:
        await heard(cloud, prompt=prompt)
    assert asked[0]["prompt"] == prompt[-896:]


async def test_a_model_that_tells_no_probabilities_is_not_asked_for_them() -> None:
    async with answering(b'{"text": "yes"}') as (url, asked), recogniser(url, "whisper-1") as cloud:
        assert (await heard(cloud)).confidence == 1
    assert asked == [{"model": "whisper-1", "language": "fr", "response_format": "json"}]


@pytest.mark.parametrize(
    ("model", "tells"),
    [
        ("gpt-4o-transcribe", True),
        ("gpt-4o-mini-transcribe", True),
        ("gpt-4o-mini-transcribe-2025-12-15", True),
        ("gpt-4o-transcribe-diarize", False),
        ("whisper-1", False),
        ("Systran/faster-whisper-base", False),
    ],
)
def test_which_models_tell_probabilities(model: str, tells: bool) -> None:
    assert tells_probabilities(model) is tells


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"yes"',
        b"{}",
        b'{"text": 7}',
        b'{"text": "yes", "logprobs": 7}',
        b'{"text": "yes", "logprobs": [{"logprob": "high"}]}',
        b'{"text": "yes", "logprobs": [{"logprob": 5}]}',
        b'{"text": "yes", "logprobs": [{"logprob": 1e9}]}',
        b'{"text": "yes", "logprobs": [{"logprob": NaN}]}',
        b"[" * 100_000,
    ],
    ids=lambda body: body[:60].decode(),
)
async def test_an_answer_of_another_kind_is_a_failure(body: bytes) -> None:
    async with answering(body) as (url, _), recogniser(url) as cloud:
        await fails(cloud, SpeechError("openai answers what cannot be understood", may_pass=True))


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    body = b'{"text": "' + b"and so on " * (MOST_BYTES // 10) + b'"}'
    async with answering(body) as (url, _), recogniser(url) as cloud:
        await fails(cloud, SpeechError(f"openai answers with more than {MOST_BYTES} bytes"))


async def test_a_key_that_cannot_be_sent_is_not_told() -> None:
    async with openai_client.opened("http://127.0.0.1:9/v1", SecretStr("sk-very-secret\n")) as client:
        await fails(OpenAIRecogniser(client, "whisper-1"), SpeechError("openai", may_pass=True))


def test_the_sdk_is_not_imported_by_who_does_not_use_it() -> None:
    code = "import sys, callcenter.speech.recognisers; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
