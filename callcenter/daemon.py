"""The composition root: builds the parts, hands them to the exchange, and drains on SIGTERM."""

import asyncio
import hashlib
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil
import structlog

from callcenter import __version__, garbage, local_time, repertoire, senses, systemd
from callcenter.admission import Guard, Load
from callcenter.asterisk import tls
from callcenter.asterisk.ari import Ari, login, media_url
from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs, Names
from callcenter.asterisk.stream import EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.attention import Manners
from callcenter.background import running
from callcenter.config import Asterisk, Settings
from callcenter.control import Watchers, serving
from callcenter.dialogue.brain import Brain
from callcenter.dialogue.classify import desk as classify
from callcenter.dialogue.classify.classifier import meanings
from callcenter.dialogue.classify.desk import Desk
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.model.brains import Brains
from callcenter.dialogue.readiness import make_ready
from callcenter.enquiry import Enquiries
from callcenter.exchange import Door, Exchange
from callcenter.latency import Latencies
from callcenter.media import lines
from callcenter.media.choice import DIALPLAN, LineChoice, chosen, rates
from callcenter.media.clock import Clock
from callcenter.media.tape import recording
from callcenter.office import Office, Offices, named
from callcenter.preparation import Preparation
from callcenter.senses import Senses
from callcenter.speech.models import Models
from callcenter.speech.threads import PATIENT, pool
from callcenter.store.database import Database
from callcenter.store.recorder import Recorder
from callcenter.store.spool import Spool
from callcenter.usage import Meter, as_report

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
    spent, choose = Meter(settings.prices), partial(choice, settings)
    async with (
        senses.opened(settings, flows.values()) as speech,
        Database(settings.database, settings.paths) as database,
        Ari(settings.asterisk) as ari,
        lines.opened(settings.media, clock, dialling(settings.asterisk)) as wires,
        recording(settings.recording, settings.paths.state) as tape,
        Enquiries.open() as enquiries,
        understanding(settings) as desk,
        Brains.opened(settings.dialogue, settings.model) as brains,
        running() as start,
    ):
        recorder = Recorder(database, Spool(settings.paths.state / "spool"), instance=instance)
        recorder.close_lost(datetime.now(UTC))
        shared = partial(
            Office,
            instance=instance,
            legs=lambda channel, call: legs(
                choose(channel), ari, switchboard, channel, Names(instance=instance, call=call)
            ),
            tape=tape,
            line=lambda channel: wires.open(choose(channel)),
            store=recorder.put,
            tell=watchers.publish,
            latencies=latencies,
            enquire=enquiries.ask,
            limits=settings.limits,
            meter=partial(Meter, settings.prices, spent),
        )
        staff = partial(staffed, shared, speech, desk, brains, settings)
        offices = Offices(
            by_flow={name: await staff(flow) for name, flow in flows.items()},
            default=next(iter(flows)),
        )
        weigh = partial(load, clock, speech, latencies)
        door = Door(guard=Guard(settings.admission), load=weigh, apologies=settings.admission.apologies)
        exchange = Exchange(offices, ari, switchboard, EventStream(settings.asterisk), door)
        preparation = Preparation(speech.voices, rates(settings.media), spent, recorder.put)
        await preparation.openings(flows.values())
        for part in (clock, speech.hearing, recorder):
            start(part.run())
        start(preparation.everything(flows.values()))
        start(systemd.feed_watchdog())
        answer = partial(report, exchange, clock, recorder, latencies, speech, desk)

        def told() -> dict[str, Any]:
            return {
                **answer(),
                "model": brains.report(),
                "clock": told_time(settings),
                "lines": wires.report(),
                "usage": as_report(spent.total()),
            }

        async with serving(settings.paths.control_socket, watchers, told):
            yield exchange
        await recorder.close(STORE_CLOSE_S)


def understanding(settings: Settings) -> AbstractAsyncContextManager[Desk]:
    """Where the brains ask what callers mean. Raises MissingPartError when its model is not there."""
    locate = Models(settings.paths.cache).locate
    return classify.opened(settings.understanding, locate, lambda workers: pool(workers, "embed", PATIENT))


async def staffed(
    shared: Callable[..., Office],
    speech: Senses,
    desk: Desk,
    brains: Brains,
    settings: Settings,
    flow: Flow,
) -> Office:
    """The office of `flow`, whose calls each get one of `brains`; what all offices have in common is in `shared`."""
    chain = await desk.chain(flow.name, flow.language, meanings(flow.intents, flow.answers))

    def brain(known: Mapping[str, str]) -> Brain:
        return brains.brain(flow.chosen(random.random()), now=clock_of(settings), classifier=chain, known=known)

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


def dialling(settings: Asterisk) -> lines.Dialling:
    """How we reach the WebSocket channels of the Asterisk whose ARI that is."""
    return lines.Dialling(base=media_url(settings), headers=login(settings), context=tls.context(settings))


def choice(settings: Settings, channel: Channel) -> LineChoice:
    """The way of the sound of the call on `channel`."""
    return chosen(settings.media, channel.did, named(channel.arguments))


def legs(choice: LineChoice, ari: Ari, switchboard: Switchboard, channel: Channel, names: Names) -> Legs:
    """What the call on `channel` makes in Asterisk for a line of that kind."""
    kind = DialplanLegs if choice.kind == DIALPLAN else Legs
    return kind(ari, switchboard.open(channel.id), channel.id, names)


def manners(settings: Settings, flow: Flow) -> Manners:
    """How the calls of `flow` are listened to."""
    return Manners(
        is_backchannel=flow.is_backchannel,
        pause_ms=settings.hearing.pause_ms,
        short_pause_ms=settings.hearing.short_pause_ms,
        long_pause_ms=settings.hearing.long_pause_ms,
        filler_ms=settings.dialogue.filler_ms,
    )


def load(clock: Clock, speech: Senses, latencies: Latencies, calls: int) -> Load:
    """What `calls` calls weigh, as the guard of the door wants to know it."""
    return Load(
        calls=calls,
        lag_ms=clock.timing.p99_ms,
        waiting=speech.waiting,
        latency_ms=latencies.p95(asyncio.get_running_loop().time() - LATELY_S),
    )


def report(
    exchange: Exchange, clock: Clock, recorder: Recorder, latencies: Latencies, speech: Senses, desk: Desk
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
        **speech.report(),
        "understanding": desk.report(),
        "latency": latencies.report(),
        "store": asdict(recorder.counts),
    }
