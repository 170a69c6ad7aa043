"""The whisper-server's answers, in front of a recogniser that needs no model; the real one is in tests/real."""

import asyncio
import base64
import configparser
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import cli
from callcenter.config import Hearing, Remote
from callcenter.errors import ConfigurationError, Overloaded, SpeechError
from callcenter.speech.cloud import remote_whisper
from callcenter.speech.cloud.remote_whisper import RemoteWhisper
from callcenter.speech.recogniser import Recognised
from callcenter.speech.wav import written
from callcenter.whisper_questions import MOST_BYTES, PROMPT_CHARACTERS
from callcenter.whisper_server import GRACE_S, WhisperServer, listen

SOUND = bytes(range(256)) * 50
"""0.8 s at 8 kHz."""
KEY = "very-secret"


class StandIn:
    """Hears what the test says."""

    languages = ("en", "fr")
    working = 1
    waiting = 0

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked: list[tuple[bytes, int, str, str]] = []
        self.began = asyncio.Semaphore(0)
        """Once for each question."""
        self.dropped = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        self.asked.append((pcm, rate, language, prompt))
        self.began.release()
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.dropped.set()
            raise
        if self.fault:
            raise self.fault
        return Recognised(text="Sixty thousand.", confidence=0.81234, ms=80.4, waited_ms=0.2)


@dataclass
class House:
    """The server, on a port."""

    url: str
    server: WhisperServer
    recogniser: StandIn
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.post(f"{self.url}{path}", headers=self.headers, **body) as response:
            return response.status, await response.json()


@asynccontextmanager
async def opened(key: str = "", waiting: int = 1) -> AsyncIterator[House]:
    recogniser = StandIn()
    server = WhisperServer(recogniser, Hearing(workers=1, waiting=waiting), SecretStr(key))
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            yield House(url=url, server=server, recogniser=recogniser, session=session)
    finally:
        await runner.cleanup()


def form(sound: bytes = b"", **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(fields, default_to_multipart=True)
    if sound:
        data.add_field("file", io.BytesIO(sound), filename="utterance.wav", content_type="audio/wav")
    return data


def encoded(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


WAV = written(SOUND, 8000)


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        ("/transcribe", {"data": lambda: form(WAV)}, ("en", "")),
        ("/transcribe", {"data": lambda: form(WAV, language="fr", prompt="Né à Évry.")}, ("fr", "Né à Évry.")),
        ("/whisper", {"json": lambda: {"audio": encoded(WAV)}}, ("en", "")),
        ("/whisper", {"json": lambda: {"audio": encoded(WAV), "language": None, "prompt": None}}, ("en", "")),
        (
            "/whisper",
            {"json": lambda: {"audio": encoded(WAV), "language": "fr", "prompt": "Né à Évry.", "task": "x"}},
            ("fr", "Né à Évry."),
        ),
    ],
    ids=["form", "whole form", "JSON", "nulls", "whole JSON"],
)
async def test_a_question_is_answered(path: str, body: dict[str, Any], asked: tuple[str, str]) -> None:
    async with opened() as house:
        status, answer = await house.post(path, **{name: make() for name, make in body.items()})
        assert house.recogniser.asked == [(SOUND, 8000, *asked)]
    assert status == 200
    assert answer.pop("ms") >= 0
    assert answer == {"text": "Sixty thousand.", "confidence": 0.812, "seconds": 0.8, "waited_ms": 0}


@pytest.mark.parametrize("style", ["multipart", "json"])
async def test_our_own_client_is_understood(style: str) -> None:
    async with opened(key=KEY) as house:
        settings = Remote.model_validate({"url": house.url, "style": style, "key": KEY})
        client = RemoteWhisper(house.session, settings)
        found = await client.recognise(SOUND, rate=8000, language="fr", prompt="Né à Évry.")
        assert house.recogniser.asked == [(SOUND, 8000, "fr", "Né à Évry.")]
    assert (found.text, found.confidence, found.by) == ("Sixty thousand.", 0.812, "remote")


LONG = written(bytes(16_000 * 31), 8000)
PARTS = "multipart/form-data; boundary=x"
NO_UTF8 = b'--x\r\nContent-Disposition: form-data; name="language"\r\n\r\n\xff\r\n--x--\r\n'
BAD_HEADER = b"--x\r\nContent-\0: form-data\r\n\r\n1\r\n--x--\r\n"
ZIPPED = b'--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Encoding: gzip\r\n\r\n1\r\n--x--\r\n'
NESTED = b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n1\r\n--y--\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        pytest.param(form(language="en"), 400, "there is no `file`; allowed is a form", id="no file"),
        pytest.param(b"RIFF", 400, "allowed is a form (multipart/form-data)", id="no form"),
        pytest.param((PARTS, b"RIFF"), 400, "allowed is a form", id="no parts"),
        pytest.param(("multipart/form-data", b"RIFF"), 400, "allowed is a form", id="no boundary"),
        pytest.param((PARTS, NO_UTF8), 400, "allowed is a form", id="not UTF-8"),
        pytest.param((PARTS, BAD_HEADER), 400, "allowed is a form", id="bad header"),
        pytest.param((PARTS, ZIPPED), 400, "nothing may be compressed", id="compressed"),
        pytest.param((PARTS, NESTED), 400, "none in another", id="nested"),
        pytest.param(form(b"ID3 an MP3"), 400, "it does not begin as a WAV file does; allowed is a WAV", id="no WAV"),
        pytest.param(form(LONG), 413, "31.0 s long; at most 30 s are allowed", id="long"),
        pytest.param(form(bytes(MOST_BYTES + 1)), 413, "at most 8,388,608 bytes are allowed", id="large"),
        pytest.param(form(WAV, language="xx"), 400, "no such language; it knows en, fr", id="language"),
        pytest.param(form(WAV, prompt="a" * (PROMPT_CHARACTERS + 1)), 400, "`prompt` has 1001 characters", id="prompt"),
    ],
)
async def test_a_wrong_form_is_refused(
    body: aiohttp.FormData | bytes | tuple[str, bytes], status: int, sentence: str
) -> None:
    async with opened() as house:
        if isinstance(body, tuple):
            house.headers["Content-Type"], body = body
        await refused(house, "/transcribe", body, status, sentence)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        pytest.param(b"RIFF", 400, "it is not JSON; allowed is a JSON object", id="no JSON"),
        pytest.param(b'"\xff"', 400, "it is not JSON", id="not UTF-8"),
        pytest.param(b"[" * 100_000, 400, "it is not JSON", id="deep"),
        pytest.param(b"[]", 400, "allowed is a JSON object", id="a list"),
        pytest.param(b"{}", 400, "it does not begin as a WAV file does", id="no audio"),
        pytest.param(b'{"audio": 7}', 400, "a value is not a text", id="a number"),
        pytest.param(b'{"audio": "", "language": ["en"]}', 400, "a value is not a text", id="languages"),
        pytest.param(b'{"audio": "UklGRg"}', 400, "`audio` is not base64", id="half of base64"),
        pytest.param('{"audio": "é"}'.encode(), 400, "`audio` is not base64", id="no base64"),
        pytest.param(json.dumps({"audio": encoded(LONG)}).encode(), 413, "at most 30 s are allowed", id="long"),
        pytest.param(b" " * (MOST_BYTES + 1), 413, "at most 8,388,608 bytes are allowed", id="large"),
    ],
)
async def test_wrong_json_is_refused(body: bytes, status: int, sentence: str) -> None:
    async with opened() as house:
        await refused(house, "/whisper", io.BytesIO(body), status, sentence)


async def refused(house: House, path: str, body: Any, status: int, sentence: str) -> None:
    found, answer = await house.post(path, data=body)
    assert (found, list(answer)) == (status, ["error"])
    assert sentence in answer["error"]
    assert not house.recogniser.asked
    assert house.server.health().refused == {str(status): 1}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {KEY}", 200),
        (f"bearer  {KEY} ", 200),
        ("", 401),
        ("Bearer", 401),
        ("Bearer very-secre", 401),
        ("Bearer very-secret2", 401),
        (f"Basic {KEY}", 401),
        ("Bearer é", 401),
    ],
)
async def test_the_key_is_asked_for(given: str, status: int) -> None:
    async with opened(key=KEY) as house:
        house.headers["Authorization"] = given
        assert (await house.post("/transcribe", data=form(WAV)))[0] == status
        assert len(house.recogniser.asked) == (status == 200)
        async with house.session.get(f"{house.url}/health") as response:
            assert response.status == 200
            assert KEY not in await response.text()


async def test_who_has_no_key_need_not_send_the_sound() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1000
            await asyncio.sleep(0.01)

    async with opened(key=KEY) as house, asyncio.timeout(20):
        with_sound = house.session.post(f"{house.url}/whisper", data=endless())
        async with with_sound as response:
            assert response.status == 401


async def test_too_much_at_once_is_refused_before_it_is_read() -> None:
    async with opened(waiting=1) as house:
        house.recogniser.answer.clear()
        async with asyncio.TaskGroup() as group:
            two = [group.create_task(house.post("/transcribe", data=form(WAV))) for _ in range(2)]
            for _ in two:
                await house.recogniser.began.acquire()
            async with house.session.post(f"{house.url}/transcribe", data=form(b"no WAV")) as third:
                assert (third.status, third.headers["Retry-After"]) == (503, "1")
                assert (await third.json())["error"] == "too much waits already; ask again in 1 s"
            house.recogniser.answer.set()
        assert [task.result()[0] for task in two] == [200, 200]
        assert (await house.post("/transcribe", data=form(WAV)))[0] == 200


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [
        (Overloaded("16 wait"), 503, "too much waits already"),
        (SpeechError("the recogniser failed: CUDA is out of memory"), 500, "the recogniser failed: CUDA"),
    ],
)
async def test_a_recogniser_that_fails(fault: Exception, status: int, sentence: str) -> None:
    async with opened() as house:
        house.recogniser.fault = fault
        found, answer = await house.post("/transcribe", data=form(WAV))
        assert found == status
        assert sentence in answer["error"]
        house.recogniser.fault = None
        assert (await house.post("/transcribe", data=form(WAV)))[0] == 200


async def test_nothing_is_recognised_for_who_has_hung_up() -> None:
    async with opened() as house:
        house.recogniser.answer.clear()
        caller = asyncio.create_task(house.post("/transcribe", data=form(WAV)))
        await house.recogniser.began.acquire()
        caller.cancel()
        await asyncio.wait_for(house.recogniser.dropped.wait(), 5)
        house.recogniser.answer.set()
        assert (await house.post("/transcribe", data=form(WAV)))[0] == 200
        assert house.server.health().recognised == 1


async def test_its_health() -> None:
    async with opened() as house:
        assert house.server.health().p50_ms is None
        for _ in range(3):
            await house.post("/transcribe", data=form(WAV))
        await house.post("/whisper", data=b"")
        health = await remote_whisper.health(f"{house.url}/")
    assert 0 < health.pop("p50_ms") <= health.pop("p95_ms") < 1000
    assert health.pop("seconds") >= 0
    assert health == {
        "model": "base",
        "device": "cpu",
        "compute_type": "int8",
        "workers": 1,
        "working": 1,
        "waiting": 0,
        "recognised": 3,
        "refused": {"400": 1},
    }


async def test_the_log_has_the_milliseconds_and_not_the_words() -> None:
    with capture_logs() as lines:
        async with opened() as house:
            await house.post("/transcribe", data=form(WAV, prompt="Forty thousand."))
            await house.post("/transcribe", data=form(prompt="Forty thousand."))
    assert [(line["event"], line["path"]) for line in lines] == [
        ("> text", "/transcribe"),
        ("x refused", "/transcribe"),
    ]
    assert lines[0]["ms"] >= 0
    assert lines[0]["seconds"] == 0.8
    assert "thousand" not in str(lines)


@pytest.mark.parametrize("style", ["multipart", "json"])
async def test_the_way_there_and_back_costs_little(style: str) -> None:
    """Some 1.3 ms on two quiet cores, client and server together; `pytest -s` shows it.

    What it takes of a core, and that there is a way without a wait in it, shows on a busy machine too.
    """
    began = time.process_time()
    async with opened() as house:
        client = RemoteWhisper(house.session, Remote.model_validate({"url": house.url, "style": style}))
        took = [(await client.recognise(6 * SOUND, rate=8000, language="en", prompt="")).ms for _ in range(50)]
    print(f"{style}: median {median(took):.1f} ms")
    assert min(took) < 30
    assert (time.process_time() - began) / len(took) < 0.03


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1", "in use"), ("192.0.2.1", "assign"), ("no such host", "")],
    ids=["port", "host", "name"],
)
async def test_an_address_that_cannot_be_had(host: str, why: str) -> None:
    async with opened() as house:
        port = int(house.url.rpartition(":")[2])
        runner = web.AppRunner(house.server.application())
        await runner.setup()
        try:
            with pytest.raises(ConfigurationError, match=f"cannot listen on {host} port {port}: .*{why}"):
                await listen(runner, host, port)
        finally:
            await runner.cleanup()


def test_the_unit_starts_it_and_lets_it_finish() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(Path(__file__).parents[1] / "systemd/callcenter-whisper.service")
    service = unit["Service"]
    options = cli.parser().parse_args(service["ExecStart"].split()[1:])
    assert (options.host, options.port, options.health) == ("127.0.0.1", 8000, False)
    assert int(service["TimeoutStopSec"]) >= GRACE_S + 5
