"""The composition root: builds the parts, hands them to the exchange, and drains on SIGTERM."""

import asyncio
import hashlib
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil
import structlog

from callcenter import __version__, garbage, local_time, repertoire, systemd
from callcenter.admission import Guard, Load
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs, Names
from callcenter.asterisk.stream import EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.config import Settings
from callcenter.control import Watchers, serving
from callcenter.dialogue.classify import desk as classify
from callcenter.dialogue.classify.classifier import meanings
from callcenter.dialogue.classify.desk import Desk
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.readiness import make_ready
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.sentences import clauses
from callcenter.enquiry import Enquiries
from callcenter.errors import SpeechError
from callcenter.exchange import Door, Exchange
from callcenter.latency import Latencies
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND
from callcenter.media.rtp_line import RtpLine
from callcenter.media.tape import recording
from callcenter.office import Office, Offices
from callcenter.services import running
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.threads import PATIENT, pool
from callcenter.speech.vad import Silero
from callcenter.speech.voices import Voices
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
        if settings.dialogue.pretend_it_is:
            log.warning("! pretends", now=clock_of(settings)().isoformat(timespec="minutes"), meaning="a rehearsal")
        await exchange.answer_calls(stop, settings.limits.drain_s)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Exchange]:
    """A daemon with all its parts, which end when it does."""
    flows = repertoire.flows(settings)
    for flow in flows.values():
        await asyncio.to_thread(make_ready, flow, clock_of(settings))
    instance = instance_name(settings)
    watchers, clock, switchboard, latencies = Watchers(), Clock(), Switchboard(), Latencies()
    async with (
        speaking(settings, flows.values()) as speech,
        Database(settings.database, settings.paths) as database,
        Ari(settings.asterisk) as ari,
        recording(settings.recording, settings.paths.state) as tape,
        Enquiries.open() as enquiries,
        understanding(settings) as desk,
        running() as start,
    ):
        recorder = Recorder(database, Spool(settings.paths.state / "spool"), instance=instance)
        recorder.close_lost(datetime.now(UTC))
        shared = partial(
            Office,
            instance=instance,
            legs=partial(legs, ari, switchboard, instance),
            codec=settings.media.codec,
            tape=tape,
            line=lambda: RtpLine.open(settings.media.host, CODECS[settings.media.codec], clock),
            store=recorder.put,
            tell=watchers.publish,
            latencies=latencies,
            enquire=enquiries.ask,
            limits=settings.limits,
        )
        offices = Offices(
            by_flow={name: await staffed(shared, flow, speech, desk, settings) for name, flow in flows.items()},
            default=next(iter(flows)),
        )
        weigh = partial(load, clock, speech.whisper, latencies)
        door = Door(guard=Guard(settings.admission), load=weigh, apologies=settings.admission.apologies)
        exchange = Exchange(offices, ari, switchboard, EventStream(settings.asterisk), door)
        await prepare_openings(flows.values(), speech)
        for part in (clock, speech.hearing, recorder):
            start(part.run())
        start(prepare(flows.values(), speech))
        start(systemd.feed_watchdog())
        answer = partial(report, exchange, clock, recorder, latencies, speech, desk)
        async with serving(settings.paths.control_socket, watchers, lambda: {**answer(), "clock": told_time(settings)}):
            yield exchange
        await recorder.close(STORE_CLOSE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Ears for all calls, and a voice for those of each flow."""

    whisper: Whisper
    hearing: LocalHearing
    voices: Mapping[str, PhraseCache]
    """By flow; several flows may share one."""


@asynccontextmanager
async def speaking(settings: Settings, flows: Iterable[Flow]) -> AsyncIterator[Speech]:
    """Ears and voices, loaded and warmed up. Raises MissingPartError when a model or a program is not there."""
    models, cache = Models(settings.paths.cache), settings.paths.cache
    names = {flow.name: repertoire.voice(flow, settings.talking) for flow in flows}
    whisper, voices, silero = await asyncio.gather(
        asyncio.to_thread(lambda: Whisper(models.locate(settings.hearing.model), settings.hearing)),
        Voices.brought_up(names.values(), settings.talking, cache),
        asyncio.to_thread(lambda: Silero(models.path("silero-vad"))),
    )
    try:
        await whisper.start()
        yield Speech(
            whisper=whisper,
            hearing=LocalHearing(settings.hearing, silero, whisper),
            voices={flow: voices[name] for flow, name in names.items()},
        )
    finally:
        whisper.close()
        voices.close()


def understanding(settings: Settings) -> AbstractAsyncContextManager[Desk]:
    """Where the brains ask what callers mean. Raises MissingPartError when its model is not there."""
    locate = Models(settings.paths.cache).locate
    return classify.opened(settings.understanding, locate, lambda workers: pool(workers, "embed", PATIENT))


async def staffed(shared: Callable[..., Office], flow: Flow, speech: Speech, desk: Desk, settings: Settings) -> Office:
    """The office of `flow`: what it has in common with the others is in `shared`."""
    chain = await desk.chain(flow.name, flow.language, meanings(flow.intents, flow.answers))

    def brain(known: Mapping[str, str]) -> ScriptedBrain:
        spoken = flow.chosen(random.random())
        return ScriptedBrain(spoken, now=clock_of(settings), classifier=chain, known=known)

    return shared(
        flow=flow.name,
        ear=lambda line: speech.hearing.listen(
            line.received, line.playout.trail, language=flow.language, prompt=flow.prompt
        ),
        brain=brain,
        voice=speech.voices[flow.name],
        fillers=flow.sentences.fillers,
        apology=flow.sentences.too_busy,
        manners=manners(settings, flow),
        asks=repertoire.asks(flow),
    )


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """The local time that flows go by."""
    return partial(local_time.now, settings.dialogue.pretend_it_is, STARTED)


def told_time(settings: Settings) -> dict[str, Any]:
    """The same, for `callcenter status`."""
    now, pretended = clock_of(settings)(), settings.dialogue.pretend_it_is is not None
    return {"now": now.isoformat(timespec="seconds"), "pretended": pretended}


def legs(ari: Ari, switchboard: Switchboard, instance: str, channel: Channel, call: str) -> Legs:
    """What the call of that name on `channel` makes in Asterisk."""
    return Legs(ari, switchboard.open(channel.id), channel.id, Names(instance=instance, call=call))


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


async def prepare_openings(flows: Iterable[Flow], speech: Speech) -> None:
    """Render what callers hear first. Raises SpeechError: a daemon that cannot greet need not start."""
    for flow in flows:
        opening = [*clauses(flow.greeting), *clauses(flow.sentences.too_busy)]
        await speech.voices[flow.name].prepare(opening, NARROWBAND)


async def prepare(flows: Iterable[Flow], speech: Speech) -> None:
    """Render what the flows can say, one after the other, while calls are answered already.

    What fails is tried again when it is needed.
    """
    for flow in flows:
        try:
            await speech.voices[flow.name].prepare(flow.phrases(), NARROWBAND)
        except SpeechError as error:
            log.error("! phrases", flow=flow.name, error=str(error))


def report(
    exchange: Exchange, clock: Clock, recorder: Recorder, latencies: Latencies, speech: Speech, desk: Desk
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
        "understanding": desk.report(),
        "latency": latencies.report(),
        "store": asdict(recorder.counts),
    }
