"""The whisper-server as a process, with the real Whisper: a sentence of telephone quality by both ways, and its end."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from callcenter import config
from callcenter.config import Hearing, Log, Paths, Remote, Settings
from callcenter.errors import SpeechError
from callcenter.media.pcm import NARROWBAND, resample, to_pcm
from callcenter.simulation.engines import flite
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.speech.cloud.remote_whisper import RemoteWhisper
from callcenter.speech.models import Models
from callcenter.speech.recogniser import Recognised
from callcenter.speech.wav import written

pytestmark = pytest.mark.real

KEY = "very-secret"
SENTENCE = "I would like to invest sixty thousand dollars."
READY_S = 60.0


@dataclass
class Server:
    """`callcenter whisper-server` on a free port."""

    settings: Settings
    log: Path
    process: subprocess.Popen[bytes]
    port: int

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator["Server"]:
        """One worker, one may wait."""
        cache = config.load().paths.cache
        settings = Settings(
            hearing=Hearing(workers=1, waiting=1),
            remote=Remote(key=SecretStr(KEY)),
            paths=Paths(cache=cache, state=folder),
            log=Log(format="json"),
        )
        log = folder / "server.log"
        with log.open("wb") as file, _process(settings, file, "--port", "0") as process:
            server = cls(settings=settings, log=log, process=process, port=0)
            server.port = server.ready()
            yield server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def ready(self) -> int:
        """Its port."""
        until = time.monotonic() + READY_S
        while not self.log.read_text().endswith("\n"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        assert self.lines[0]["event"] == "= ready"
        return int(self.lines[0]["port"])

    @contextlib.asynccontextmanager
    async def client(self, style: str = "multipart", key: str = KEY) -> AsyncIterator[RemoteWhisper]:
        async with aiohttp.ClientSession() as session:
            given = {"url": self.url, "style": style, "key": key, "timeout_s": 20}
            yield RemoteWhisper(session, Remote.model_validate(given))

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession() as session, session.post(self.url + path, headers=headers, **body) as answer:
            return answer.status, await answer.json()


@contextlib.contextmanager
def _process(settings: Settings, log: Any, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "callcenter", "whisper-server", *arguments]
    environment = {**os.environ, **config.as_environment(settings)}
    with subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    asyncio.run(Models(config.load().paths.cache).fetch())
    with Server.running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def said() -> bytes:
    """The sentence, as a line carries it."""
    supply = Supply(cache=config.load().paths.cache, progress=print)
    sound = asyncio.run(flite.speak(Speech(text=SENTENCE, voice="slt", stretch=1.0), supply))
    return to_pcm(resample(sound.samples, sound.rate, NARROWBAND))


async def heard(client: RemoteWhisper, pcm: bytes) -> Recognised:
    return await client.recognise(pcm, rate=NARROWBAND, language="en", prompt="About $40,000, moderate risk.")


@pytest.mark.parametrize("style", ["multipart", "json"])
async def test_a_sentence_is_heard(server: Server, said: bytes, style: str) -> None:
    async with server.client(style) as client:
        found = await heard(client, said)
    assert "invest" in found.text
    assert "60,000" in found.text or "sixty thousand" in found.text
    assert 0.6 < found.confidence <= 1
    assert found.by == "remote"


async def test_what_is_wrong_is_refused(server: Server, said: bytes) -> None:
    async with server.client(key="another") as client:
        with pytest.raises(SpeechError, match="refuses the key"):
            await heard(client, said)
    assert (await server.post("/whisper", data=b"garbage"))[0] == 400
    assert (await server.post("/whisper", json={"audio": "UklGRg=="}))[0] == 400
    long = io.BytesIO(written(bytes(16 * 31_000), NARROWBAND))
    status, answer = await server.post("/transcribe", data={"file": long})
    assert (status, answer) == (413, {"error": "the sound is 31.0 s long; at most 30 s are allowed"})
    status, answer = await server.post("/whisper", json={"audio": "", "language": "xx"})
    assert status == 400
    assert answer["error"].startswith("the model knows no such language; it knows af, am, ")


async def test_what_is_too_much_is_refused_and_then_there_is_room_again(server: Server, said: bytes) -> None:
    async with server.client() as client:
        found = await asyncio.gather(*(heard(client, said) for _ in range(6)), return_exceptions=True)
        refused = [each for each in found if isinstance(each, SpeechError)]
        assert len(refused) == 4
        assert {(str(each), each.retry_after_s) for each in refused} == {
            ("the remote Whisper has too much to do (status 503)", 1.0)
        }
        assert (await heard(client, said)).text


async def test_it_tells_how_it_is_and_its_log_has_no_words(server: Server, said: bytes) -> None:
    async with server.client() as client:
        await heard(client, said)
    health = await asyncio.to_thread(command, server.settings, "--port", str(server.port), "--health", "--json")
    found = json.loads(health.stdout)
    assert (found["model"], found["device"], found["workers"]) == ("base", "cpu", 1)
    assert (found["working"], found["waiting"]) == (0, 0)
    assert found["recognised"] >= 1
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    texts = [line for line in server.lines if line["event"] == "> text"]
    assert all(line["ms"] > 0 and line["seconds"] > 1 for line in texts)
    assert len(texts) == found["recognised"]
    written = server.log.read_text().lower()
    assert not any(word in written for word in ("invest", "60,000", "sixty", KEY))


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "callcenter", "whisper-server", *arguments],
        env={**os.environ, **config.as_environment(settings)},
        capture_output=True,
        timeout=READY_S,
        check=False,
    )


def test_it_finishes_what_it_was_asked_when_it_is_told_to_stop(said: bytes, tmp_path: Path) -> None:
    with Server.running(tmp_path) as server:
        asyncio.run(told_to_stop(server, said))
        assert server.process.wait(timeout=10) == 0
        assert server.lines[-1]["event"] == "> text"


async def told_to_stop(server: Server, said: bytes) -> None:
    """One is being recognised then, and one waits."""
    async with server.client() as client, aiohttp.ClientSession() as session:
        two = [asyncio.create_task(heard(client, 3 * said)) for _ in range(2)]
        busy = None
        while busy != (1, 1):
            async with session.get(f"{server.url}/health") as answer:
                health = await answer.json()
            busy = (health["working"], health["waiting"])
        server.process.send_signal(signal.SIGTERM)
        assert all("invest" in each.text for each in await asyncio.gather(*two))
    async with server.client() as client:
        with pytest.raises(SpeechError, match="cannot be reached"):
            await heard(client, said)
