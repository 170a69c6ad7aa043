"""The daemon: builds the parts, turns every StasisStart into a Call, and drains on SIGTERM."""

import asyncio
import hashlib
import signal
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import structlog

from callcenter import __version__, systemd
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import ApplicationReplaced, Channel, ChannelDestroyed, StasisStart
from callcenter.asterisk.legs import Legs, Names, prefix
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.sweep import missing, stranded, sweep
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.call import Call, Office
from callcenter.config import Settings
from callcenter.control import Watchers, serving
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.slots import moment
from callcenter.errors import AsteriskError, SpeechError
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND
from callcenter.media.rtp_line import RtpLine
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

SWEEP_EVERY_S = 60.0
TAKE_BACK_EVERY_S = 5.0
STORE_CLOSE_S = 5.0


def instance_name(settings: Settings) -> str:
    """Six characters that tell this daemon's legs in Asterisk from another's, the same after every restart."""
    identity = f"{socket.gethostname()}:{settings.paths.state.absolute()}:{settings.asterisk.app}"
    return hashlib.sha256(identity.encode()).hexdigest()[:6]


async def run(settings: Settings) -> None:
    """Answer calls until SIGTERM or SIGINT. Raises CallCenterError when a part cannot be brought up."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings) as daemon:
        systemd.notify("READY=1")
        log.info("= ready", app=settings.asterisk.app, instance=daemon.instance)
        await daemon.answer_calls(stop, settings.limits.drain_s)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator["Daemon"]:
    """A daemon with all its parts, which end when it does."""
    flow = load_flow(settings.dialogue.flow)
    await asyncio.to_thread(moment.warm_up)
    instance = instance_name(settings)
    watchers, clock, switchboard = Watchers(), Clock(), Switchboard()
    async with (
        speech(settings) as (hearing, voice),
        Database(settings.database, settings.paths) as database,
        Ari(settings.asterisk) as ari,
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
            line=lambda: RtpLine.open(settings.media.host, CODECS[settings.media.codec], clock),
            ear=lambda frames: hearing.listen(frames, language=flow.language, prompt=flow.prompt),
            brain=lambda: ScriptedBrain(flow, now=datetime.now),  # without a zone: callers mean the time here
            voice=voice,
            store=recorder.put,
            tell=watchers.publish,
            manners=Manners(
                is_backchannel=flow.is_backchannel,
                pause_ms=settings.hearing.pause_ms,
                long_pause_ms=settings.hearing.long_pause_ms,
                errors=settings.limits.errors,
            ),
            limits=settings.limits,
        )
        daemon = Daemon(office, ari, switchboard, EventStream(settings.asterisk), settings.asterisk.app)
        greeting, *others = flow.phrases()
        await voice.prepare([greeting], NARROWBAND)
        for service in (clock.run(), hearing.run(), recorder.run(), prepare(voice, others)):
            start(service)
        start(systemd.feed_watchdog())
        async with serving(settings.paths.control_socket, watchers, partial(report, daemon, clock, recorder)):
            yield daemon
        await recorder.close(STORE_CLOSE_S)


@asynccontextmanager
async def speech(settings: Settings) -> AsyncIterator[tuple[LocalHearing, PhraseCache]]:
    """Ears and a voice, loaded and warmed up. Raises MissingPartError when a model is not there."""
    models = Models(settings.paths.cache)
    whisper, piper, silero = await asyncio.gather(
        asyncio.to_thread(lambda: Whisper(models.locate(settings.hearing.model), settings.hearing)),
        asyncio.to_thread(lambda: Piper(Path(models.locate(settings.talking.voice)), settings.talking)),
        asyncio.to_thread(lambda: Silero(models.path("silero-vad"))),
    )
    try:
        await asyncio.gather(whisper.start(), piper.start())
        yield LocalHearing(settings.hearing, silero, whisper), PhraseCache(piper, settings.paths.cache / "phrases")
    finally:
        whisper.close()
        piper.close()


async def prepare(voice: PhraseCache, phrases: list[str]) -> None:
    """Render what the flow can say, while calls are answered already; what fails is tried again when it is needed."""
    try:
        await voice.prepare(phrases, NARROWBAND)
    except SpeechError as error:
        log.error("! phrases", error=str(error))


@asynccontextmanager
async def running() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Hands out what starts a service; all are cancelled at the end, and one that fails ends the others."""
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:
        yield lambda service: tasks.append(group.create_task(service))
        for task in tasks:
            task.cancel()


def report(daemon: "Daemon", clock: Clock, recorder: Recorder) -> dict[str, Any]:
    """The answer to `callcenter status`."""
    process = psutil.Process()
    usage = {
        "version": __version__,
        "pid": process.pid,
        "seconds": round(time.time() - process.create_time()),
        "memory_mb": round(process.memory_info().rss / 1e6, 1),
        "files": process.num_fds(),
        "tasks": len(asyncio.all_tasks()),
    }
    return {
        **daemon.report(),
        "process": usage,
        "media": asdict(clock.timing),
        "store": asdict(recorder.counts),
    }


class Daemon:
    """The calls in progress, and what Asterisk says about them."""

    def __init__(self, office: Office, ari: Ari, switchboard: Switchboard, stream: EventStream, app: str) -> None:
        self.calls: dict[str, Call] = {}
        """By name: what the sweep leaves alone."""
        self._office = office
        self._ari = ari
        self._switchboard = switchboard
        self._stream = stream
        self._app = app
        self._asterisk = "connecting"
        self._draining = False
        self._replaced = asyncio.Event()
        self._outcomes: Counter[str] = Counter()
        self._orphans = 0

    @property
    def instance(self) -> str:
        """Tells this daemon's legs from another's."""
        return self._office.instance

    async def answer_calls(self, stop: asyncio.Event, drain_s: float) -> None:
        """Answer calls until `stop` is set, then let the present ones end, politely and within `drain_s`."""
        async with running() as start:
            try:
                # Leaving the inner group waits for the calls; the limit is set only when the daemon is to stop.
                async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as calls:
                    start(self._follow_asterisk(calls))
                    start(self._sweep_regularly())
                    start(self._take_back())
                    await stop.wait()
                    self._drain()
                    limit.reschedule(asyncio.get_running_loop().time() + drain_s)
            except TimeoutError:
                log.warning("! drain", reason=f"calls were cut off after {drain_s:g} s")

    def report(self) -> dict[str, Any]:
        """The calls' part of `callcenter status`."""
        return {
            "asterisk": self._asterisk,
            "draining": self._draining,
            "calls": [call.report() for call in self.calls.values()],
            "outcomes": dict(self._outcomes),
            "orphans_removed": self._orphans,
        }

    def _drain(self) -> None:
        systemd.notify("STOPPING=1")
        log.info("= draining", calls=len(self.calls))
        self._draining = True
        for call in self.calls.values():
            call.end_politely()

    async def _follow_asterisk(self, calls: asyncio.TaskGroup) -> None:
        async for event in self._stream:
            match event:
                case Connected(first=first):
                    await self._reconcile(calls, first=first)
                case Disconnected(reason=reason):
                    self._asterisk = f"disconnected: {reason}"
                case ApplicationReplaced():
                    self._asterisk = "another daemon has taken the application over"
                    self._replaced.set()
                    log.error("! replaced", meaning="another daemon receives the calls: stop one of the two")
                case _ if self._switchboard.route(event):
                    pass
                case StasisStart(channel=channel) if not channel.id.startswith(prefix(self.instance)):
                    await self._take(channel, calls)

    async def _take(self, channel: Channel, calls: asyncio.TaskGroup) -> None:
        """A caller has arrived."""
        if self._draining:
            log.info("x call", reason="draining", channel=channel.id)
            await self._ari.decline(channel.id)
            return
        call = Call(channel, self._office)
        self.calls[call.name] = call
        calls.create_task(self._run(call), name=f"call {call.id}")

    async def _run(self, call: Call) -> None:
        try:
            self._outcomes[await call.run()] += 1
        finally:
            del self.calls[call.name]

    async def _reconcile(self, calls: asyncio.TaskGroup, *, first: bool) -> None:
        """Make our picture and Asterisk's agree, after events may have been missed."""
        try:
            await self._end_missing()
            await self._sweep()
            for channel in await stranded(self._ari, self._app) if first else ():
                await self._take(channel, calls)
        except AsteriskError as error:
            log.error("! reconcile", error=str(error))
        self._asterisk = "connected"

    async def _end_missing(self) -> None:
        """End the calls whose callers are gone, as if Asterisk had told us."""
        for gone in await missing(self._ari, [call.channel.id for call in self.calls.values()]):
            self._switchboard.route(ChannelDestroyed(channel_id=gone, cause=0))

    async def _take_back(self) -> None:
        """Once a daemon that has taken the application over is gone, be the one that gets its events again.

        Until then the calls in progress go on, and it is looked whether their callers are still there.
        """
        while True:
            await self._replaced.wait()
            await asyncio.sleep(TAKE_BACK_EVERY_S)
            try:
                await self._end_missing()
                if not await self._ari.registered():
                    self._replaced.clear()
                    await self._stream.reopen()
            except AsteriskError as error:
                log.warning("! take back", error=str(error))

    async def _sweep_regularly(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self._sweep()
            except AsteriskError as error:
                log.warning("! sweep", error=str(error))

    async def _sweep(self) -> None:
        swept = await sweep(self._ari, self.instance, self.calls)
        self._orphans += len(swept.channels) + len(swept.bridges)
