"""`callcenter whisper-server`: this machine's Whisper for several daemons, over HTTP, so that one GPU serves them all.

    POST /transcribe  multipart: file (WAV), language, prompt; the last two may be left out
    POST /whisper     {"audio": base64 of the WAV, "language": "en", "prompt": ""}
    200               {"text": …, "confidence": 0.93, "seconds": 2.1, "ms": 80, "waited_ms": 0}
    GET  /health      what it is, what it does and what it has done; asks for no key

What is refused is answered with {"error": a sentence}: 400 says what is allowed, 401 that the bearer key is wrong, 408
that the question came too slowly, 413 that it is too long, 503 with Retry-After that too much waits already. Who hangs
up is not waited for: their utterance is dropped if it has not begun.
"""

import asyncio
import hmac
import signal
import time
import warnings
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import structlog
from aiohttp import web
from pydantic import SecretStr

from callcenter import systemd
from callcenter.background import running
from callcenter.config import Hearing, Settings
from callcenter.errors import ConfigurationError, Overloaded, SpeechError
from callcenter.speech.models import Models
from callcenter.speech.recogniser import Recognised, Recogniser
from callcenter.speech.whisper import Whisper
from callcenter.whisper_questions import MOST_BYTES, Question, Refusal, from_form, from_json, sound

log = structlog.get_logger()

QUESTION_S = 10.0
"""So long a question may take to arrive."""
RETRY_AFTER_S = 1
"""An utterance takes a tenth of a second to a second."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
GRACE_S = 20.0
"""On SIGTERM, what has been asked gets this long to be answered."""
LATEST = 500
"""Of so many answers it is known how long they took."""

Read = Callable[[web.Request], Awaitable[Question]]


class Local(Recogniser, Protocol):
    """A recogniser that tells what it does."""

    @property
    def languages(self) -> tuple[str, ...]:
        """That it knows."""

    @property
    def working(self) -> int:
        """Utterances that are being recognised."""

    @property
    def waiting(self) -> int:
        """Utterances for which no worker is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer to `GET /health`."""

    model: str
    device: str
    compute_type: str
    workers: int
    working: int
    """Utterances that are being recognised."""
    waiting: int
    """Utterances for which no worker is free."""
    seconds: int
    """Since the start."""
    recognised: int
    refused: dict[str, int]
    """By status."""
    p50_ms: float | None
    """Of the latest answers, from the first byte of the question; None when there are none."""
    p95_ms: float | None


class WhisperServer:
    """Answers questions by `recogniser`."""

    def __init__(self, recogniser: Local, settings: Hearing, key: SecretStr) -> None:
        """Who asks must have `key`, unless it is empty."""
        self._recogniser = recogniser
        self._settings = settings
        self._key = key.get_secret_value()
        self._most = settings.workers + settings.waiting
        self._pending = 0
        self._started = time.monotonic()
        self._took_ms: deque[float] = deque(maxlen=LATEST)
        self._recognised = 0
        self._refused: Counter[str] = Counter()

    def application(self) -> web.Application:
        """To be served."""
        application = web.Application(client_max_size=MOST_BYTES)
        application.router.add_post("/transcribe", partial(self._answer, from_form))
        application.router.add_post("/whisper", partial(self._answer, from_json))
        application.router.add_get("/health", self._tell)
        return application

    def health(self) -> Health:
        """How it is."""
        took = list(self._took_ms)
        return Health(
            model=self._settings.model,
            device=self._settings.device,
            compute_type=self._settings.compute_type,
            workers=self._settings.workers,
            working=self._recogniser.working,
            waiting=self._recogniser.waiting,
            seconds=round(time.monotonic() - self._started),
            recognised=self._recognised,
            refused=dict(self._refused),
            p50_ms=_percentile(took, 50),
            p95_ms=_percentile(took, 95),
        )

    async def _tell(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self.health()))

    async def _answer(self, read: Read, request: web.Request) -> web.Response:
        began = time.perf_counter()
        try:
            recognised = await self._recognise(request, read)
        except Refusal as refusal:
            return self._refuse(request, refusal)
        ms = (time.perf_counter() - began) * 1000
        self._took_ms.append(ms)
        self._recognised += 1
        measures = {"seconds": round(recognised.seconds, 2), "ms": round(ms), "waited_ms": round(recognised.waited_ms)}
        # Never the words: they are the caller's.
        log.info("> text", path=request.path, **measures)
        answer = {"text": recognised.text, "confidence": round(recognised.confidence, 3), **measures}
        return web.json_response(answer)

    async def _recognise(self, request: web.Request, read: Read) -> Recognised:
        """What is said in the request. Raises Refusal, before anything is read where that is known so early."""
        if not self._admits(request.headers.get("Authorization", "")):
            raise Refusal(401, "the bearer key is wrong or missing")
        if self._pending >= self._most:
            raise _full()
        self._pending += 1
        try:
            return await self._heard(await _in_time(read(request)))
        except Overloaded:
            raise _full() from None
        except SpeechError as error:
            raise Refusal(500, str(error)) from error
        finally:
            self._pending -= 1

    async def _heard(self, question: Question) -> Recognised:
        if question.language not in self._recogniser.languages:
            raise Refusal(400, f"the model knows no such language; it knows {', '.join(self._recogniser.languages)}")
        wav = sound(question.audio)
        recognised = await self._recogniser.recognise(
            wav.mono(), rate=wav.rate, language=question.language, prompt=question.prompt
        )
        return replace(recognised, seconds=wav.seconds)

    def _admits(self, authorisation: str) -> bool:
        """Compared in a time that does not tell how much of the key is right."""
        scheme, _, key = authorisation.partition(" ")
        right = hmac.compare_digest(key.strip().encode(errors="surrogateescape"), self._key.encode())
        return not self._key or (right and scheme.lower() == "bearer")

    def _refuse(self, request: web.Request, refusal: Refusal) -> web.Response:
        self._refused[str(refusal.status)] += 1
        log.warning("x refused", path=request.path, status=refusal.status, why=str(refusal))
        headers = {"Retry-After": str(RETRY_AFTER_S)} if refusal.status == 503 else {}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.json_response({"error": str(refusal)}, status=refusal.status, headers=headers)


async def serve(settings: Settings, host: str, port: int) -> None:
    """Answer until SIGTERM or SIGINT, then finish what has been asked.

    With port 0 a free one is taken; the log says which. The key is that of `[remote]`. Raises MissingPartError when the
    model cannot be loaded, ConfigurationError when the address cannot be had.
    """
    # A question that is no proper form is answered with 400; aiohttp would also write what is in it to stderr.
    warnings.filterwarnings("ignore", module="aiohttp.multipart")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    hearing, key = settings.hearing, settings.remote.key
    if host not in LOOPBACK and not key.get_secret_value():
        log.warning("! open to all", host=host, advice="set [remote] key here and in the daemons")
    whisper = await asyncio.to_thread(Whisper, Models(settings.paths.cache).locate(hearing.model), hearing)
    try:
        await whisper.start()
        # A handler is cancelled when its client hangs up, and then drops what it has waiting.
        application = WhisperServer(whisper, hearing, key).application()
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=GRACE_S, handler_cancellation=True)
        await _until(stop, runner, host, port)
    finally:
        whisper.close()


async def _until(stop: asyncio.Event, runner: web.AppRunner, host: str, port: int) -> None:
    await runner.setup()
    try:
        await listen(runner, host, port)
        async with running() as start:
            start(systemd.feed_watchdog())
            systemd.notify("READY=1")
            log.info("= ready", host=host, port=runner.addresses[0][1])
            await stop.wait()
    finally:
        systemd.notify("STOPPING=1")
        log.info("= stopping")
        await runner.cleanup()


async def listen(runner: web.AppRunner, host: str, port: int) -> None:
    """Raises ConfigurationError when the address cannot be had."""
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigurationError(f"cannot listen on {host} port {port}: {reason or error}") from error


async def _in_time(question: Awaitable[Question]) -> Question:
    try:
        async with asyncio.timeout(QUESTION_S):
            return await question
    except TimeoutError:
        raise Refusal(408, f"the question did not arrive within {QUESTION_S:g} s") from None


def _full() -> Refusal:
    return Refusal(503, f"too much waits already; ask again in {RETRY_AFTER_S} s")


def _percentile(values: list[float], share: int) -> float | None:
    return round(float(np.percentile(values, share)), 1) if values else None
