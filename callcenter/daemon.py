"""The composition root: builds the parts, hands them to the exchange, and drains on SIGTERM."""

import asyncio
import hashlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import structlog

from callcenter import __version__, garbage, systemd
from callcenter.admission import Guard, Load
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.legs import Legs, Names
from callcenter.asterisk.stream import EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.config import Settings
from callcenter.control import Watchers, serving
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.sentences import clauses
from callcenter.dialogue.slots import moment
from callcenter.errors import SpeechError
from callcenter.exchange import Door, Exchange
from callcenter.latency import Latencies
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND
from callcenter.media.rtp_line import RtpLine
from callcenter.media.tape import recording
from callcenter.office import Office
from callcenter.services import running
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.piper import Piper
from callcenter.speech.vad import Silero
from callcenter.speech.whisper import Whisper
from callcenter.store.database import Database
from callcenter.store.recorder import Recorder
from callcenter.store.spool import Spool

log = structlog.get_logger()

STARTED = time.monotonic()
STORE_CLOSE_S = 5.0
LATELY_S = 60.0
"""The guard of the door asks how long answers took in this time."""


def instance_name(settings: Settings) -> str:
    """Six characters that tell this daemon's legs in Asterisk from another's, the same after every restart."""
    identity = f"{socket.gethostname()}:{settings.paths.state.absolute()}:{settings.asterisk.app}"
    return hashlib.sha256(identity.encode()).hexdigest()[:6]


async def run(settings: Settings) -> None:
    """Answer calls until SIGTERM or SIGINT. Raises CallCenterError when a part cannot be brought up."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings) as exchange:
        garbage.spare_what_is_there()
        systemd.notify("READY=1")
        log.info("= ready", app=settings.asterisk.app, instance=exchange.instance)
        await exchange.answer_calls(stop, settings.limits.drain_s)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Exchange]:
    """A daemon with all its parts, which end when it does."""
    flow = load_flow(settings.dialogue.flow)
    await asyncio.to_thread(moment.warm_up)
    instance = instance_name(settings)
    watchers, clock, switchboard, latencies = Watchers(), Clock(), Switchboard(), Latencies()
    async with (
        speaking(settings) as speech,
        Database(settings.database, settings.paths) as database,
        Ari(settings.asterisk) as ari,
        recording(settings.recording, settings.paths.state) as tape,
        running() as start,
    ):
        recorder = Recorder(database, Spool(settings.paths.state / "spool"), instance=instance)
        recorder.close_lost(datetime.now(UTC))
        office = Office(
            instance=instance,
            flow=flow.name,
            legs=lambda channel, call: Legs(
                ari, switchboard.open(channel.id), channel.id, Names(instance=instance, call=call)
            ),
            codec=settings.media.codec,
            tape=tape,
            line=lambda: RtpLine.open(settings.media.host, CODECS[settings.media.codec], clock),
            ear=lambda line: speech.hearing.listen(
                line.received, line.playout.trail, language=flow.language, prompt=flow.prompt
            ),
            brain=lambda: ScriptedBrain(flow, now=datetime.now),  # without a zone: callers mean the time here
            voice=speech.voice,
            fillers=flow.sentences.fillers,
            store=recorder.put,
            tell=watchers.publish,
            latencies=latencies,
            manners=manners(settings, flow),
            limits=settings.limits,
        )
        door = Door(
            guard=Guard(settings.admission),
            load=partial(load, clock, speech.whisper, latencies),
            sentence=flow.sentences.too_busy,
            apologies=settings.admission.apologies,
        )
        exchange = Exchange(office, ari, switchboard, EventStream(settings.asterisk), door)
        await speech.voice.prepare([*clauses(flow.greeting), *clauses(door.sentence)], NARROWBAND)
        for service in (clock.run(), speech.hearing.run(), recorder.run(), prepare(speech.voice, flow.phrases())):
            start(service)
        start(systemd.feed_watchdog())
        answer = partial(report, exchange, clock, recorder, latencies, speech)
        async with serving(settings.paths.control_socket, watchers, answer):
            yield exchange
        await recorder.close(STORE_CLOSE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Ears and a voice for all calls."""

    whisper: Whisper
    hearing: LocalHearing
    voice: PhraseCache


@asynccontextmanager
async def speaking(settings: Settings) -> AsyncIterator[Speech]:
    """Ears and a voice, loaded and warmed up. Raises MissingPartError when a model is not there."""
    models = Models(settings.paths.cache)
    whisper, piper, silero = await asyncio.gather(
        asyncio.to_thread(lambda: Whisper(models.locate(settings.hearing.model), settings.hearing)),
        asyncio.to_thread(lambda: Piper(Path(models.locate(settings.talking.voice)), settings.talking)),
        asyncio.to_thread(lambda: Silero(models.path("silero-vad"))),
    )
    try:
        await asyncio.gather(whisper.start(), piper.start())
        yield Speech(
            whisper=whisper,
            hearing=LocalHearing(settings.hearing, silero, whisper),
            voice=PhraseCache(piper, settings.paths.cache / "phrases"),
        )
    finally:
        whisper.close()
        piper.close()


def manners(settings: Settings, flow: Flow) -> Manners:
    """How the calls of `flow` are listened to."""
    return Manners(
        is_backchannel=flow.is_backchannel,
        pause_ms=settings.hearing.pause_ms,
        short_pause_ms=settings.hearing.short_pause_ms,
        long_pause_ms=settings.hearing.long_pause_ms,
        filler_ms=settings.dialogue.filler_ms,
        errors=settings.limits.errors,
    )


def load(clock: Clock, whisper: Whisper, latencies: Latencies, calls: int) -> Load:
    """What `calls` calls weigh, as the guard of the door wants to know it."""
    return Load(
        calls=calls,
        lag_ms=clock.timing.p99_ms,
        waiting=whisper.waiting,
        latency_ms=latencies.p95(asyncio.get_running_loop().time() - LATELY_S),
    )


async def prepare(voice: PhraseCache, phrases: list[str]) -> None:
    """Render what the flow can say, while calls are answered already; what fails is tried again when it is needed."""
    try:
        await voice.prepare(phrases, NARROWBAND)
    except SpeechError as error:
        log.error("! phrases", error=str(error))


def report(
    exchange: Exchange, clock: Clock, recorder: Recorder, latencies: Latencies, speech: Speech
) -> dict[str, Any]:
    """The answer to `callcenter status`."""
    process = psutil.Process()
    usage = {
        "version": __version__,
        "pid": process.pid,
        "seconds": round(time.monotonic() - STARTED),
        "memory_mb": round(process.memory_info().rss / 1e6, 1),
        "files": process.num_fds(),
        "tasks": len(asyncio.all_tasks()),
    }
    return {
        **exchange.report(),
        "process": usage,
        "media": asdict(clock.timing),
        "speech": {"working": speech.whisper.working, "waiting": speech.whisper.waiting, "ears": speech.hearing.ears},
        "latency": latencies.report(),
        "store": asdict(recorder.counts),
    }
