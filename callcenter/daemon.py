"""The composition root: builds the parts, hands them to the exchange, and drains on SIGTERM."""

import asyncio
import hashlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

import psutil
import structlog

from callcenter import __version__, books, control, garbage, local_time, minds, repertoire, senses, systemd, wiring
from callcenter.admission import Guard, Load
from callcenter.asterisk.introduction import introduced
from callcenter.asterisk.stream import EventStream
from callcenter.attention import Manners
from callcenter.background import running
from callcenter.books import Books
from callcenter.config import Settings
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.readiness import make_ready
from callcenter.exchange import Door, Exchange
from callcenter.media.choice import rates
from callcenter.media.clock import Clock
from callcenter.minds import Minds
from callcenter.office import Office, Offices
from callcenter.preparation import Preparation
from callcenter.senses import Senses
from callcenter.wiring import Wiring

log = structlog.get_logger()

STARTED = time.monotonic()
STORE_CLOSE_S = 5.0
LATELY_S = 60.0
"""The guard of the door asks how long answers took in this time."""


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
    """A daemon with all its parts, which end when it does.

    What costs nothing to find wrong comes first: nobody is to wait for models before they hear of a wrong password.
    """
    await control.make_way(settings.paths.control_socket)
    await introduced(settings.asterisk)
    flows = repertoire.flows(settings)
    async with Parts.put_together(settings, flows) as parts, running() as start:
        exchange = await parts.exchange(flows)
        preparation = parts.preparation()
        await preparation.openings(flows.values())
        start(parts.clock.run())
        start(parts.speech.hearing.run())
        start(preparation.everything(flows.values()))
        start(systemd.feed_watchdog())

        def report() -> dict[str, Any]:
            return {**exchange.report(), "process": process(), **parts.report()}

        async with control.serving(settings.paths.control_socket, parts.books.watchers, report):
            yield exchange
        await parts.books.recorder.close(STORE_CLOSE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all calls stand on."""

    settings: Settings
    clock: Clock
    speech: Senses
    books: Books
    wiring: Wiring
    minds: Minds

    @classmethod
    @asynccontextmanager
    async def put_together(cls, settings: Settings, flows: Mapping[str, Flow]) -> AsyncIterator[Self]:
        """In working order while the block runs: brought up one after the other, and taken down the other way round.

        The models come last. They take seconds, and what can be wrong with a port or a database shows at once.
        """
        instance, clock, now = instance_name(settings), Clock(), clock_of(settings)
        async with wiring.opened(settings, clock, instance) as wires, books.opened(settings, instance) as kept:
            for flow in flows.values():
                await asyncio.to_thread(make_ready, flow, now)
            async with senses.opened(settings, flows.values()) as speech, minds.opened(settings, now) as thinking:
                yield cls(settings=settings, clock=clock, speech=speech, books=kept, wiring=wires, minds=thinking)

    async def exchange(self, flows: Mapping[str, Flow]) -> Exchange:
        """Where the calls come in; those for which the dialplan names no flow are about the first of `flows`."""
        offices = Offices(
            by_flow={name: await self.office(flow) for name, flow in flows.items()},
            default=next(iter(flows)),
        )
        admission = self.settings.admission
        door = Door(guard=Guard(admission), load=self.load, apologies=admission.apologies)
        stream = EventStream(self.settings.asterisk)
        return Exchange(offices, self.wiring.ari, self.wiring.switchboard, stream, door)

    async def office(self, flow: Flow) -> Office:
        """Where calls about `flow` get what they need."""
        return Office(
            instance=self.wiring.instance,
            flow=flow.name,
            legs=self.wiring.legs,
            tape=self.wiring.tape,
            line=self.wiring.line,
            ear=lambda line: self.speech.hearing.listen(
                line.received, line.playout.trail, language=flow.language, prompt=flow.prompt
            ),
            brain=await self.minds.along(flow),
            voice=self.speech.voices[flow.name],
            store=self.books.recorder.put,
            tell=self.books.watchers.publish,
            latencies=self.books.latencies,
            fillers=flow.sentences.fillers,
            manners=manners(self.settings, flow),
            limits=self.settings.limits,
            meter=self.books.meter,
            apology=flow.sentences.too_busy,
            enquire=self.minds.enquiries.ask,
            asks=repertoire.asks(flow),
        )

    def preparation(self) -> Preparation:
        """Of what the agent can say, for all lines that calls may get."""
        spent, store = self.books.spent, self.books.recorder.put
        return Preparation(self.speech.voices, rates(self.settings.media), spent, store)

    def load(self, calls: int) -> Load:
        """What `calls` calls weigh, as the guard of the door wants to know it."""
        return Load(
            calls=calls,
            lag_ms=self.clock.timing.p99_ms,
            waiting=self.speech.waiting,
            latency_ms=self.books.latencies.p95(asyncio.get_running_loop().time() - LATELY_S),
        )

    def report(self) -> dict[str, Any]:
        """For `callcenter status`."""
        return {
            "media": asdict(self.clock.timing),
            "lines": self.wiring.lines.report(),
            "clock": told_time(self.settings),
            **self.speech.report(),
            **self.minds.report(),
            **self.books.report(),
        }


def manners(settings: Settings, flow: Flow) -> Manners:
    """How the calls of `flow` are listened to."""
    return Manners(
        is_backchannel=flow.is_backchannel,
        pause_ms=settings.hearing.pause_ms,
        short_pause_ms=settings.hearing.short_pause_ms,
        long_pause_ms=settings.hearing.long_pause_ms,
        filler_ms=settings.dialogue.filler_ms,
    )


def instance_name(settings: Settings) -> str:
    """Six characters that tell this daemon's legs in Asterisk from another's, the same after every restart."""
    identity = f"{socket.gethostname()}:{settings.paths.state.absolute()}:{settings.asterisk.app}"
    return hashlib.sha256(identity.encode()).hexdigest()[:6]


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """The local time that flows go by."""
    return partial(local_time.now, settings.dialogue.pretend_it_is, STARTED)


def told_time(settings: Settings) -> dict[str, Any]:
    """The same, for `callcenter status`."""
    now, pretended = clock_of(settings)(), settings.dialogue.pretend_it_is is not None
    return {"now": now.isoformat(timespec="seconds"), "pretended": pretended}


def process() -> dict[str, Any]:
    """What this process takes of the machine, for `callcenter status`."""
    own = psutil.Process()
    return {
        "version": __version__,
        "pid": own.pid,
        "seconds": round(time.monotonic() - STARTED),
        "memory_mb": round(own.memory_info().rss / 1e6, 1),
        "files": own.num_fds(),
        "tasks": len(asyncio.all_tasks()),
    }
