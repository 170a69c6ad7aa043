"""The calls in progress: every StasisStart becomes a Call, or a Refusal where there is no room for one more.

Our picture of them and Asterisk's are kept the same.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from callcenter import systemd
from callcenter.admission import Guard, Load, Reason
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import ApplicationReplaced, Channel, ChannelDestroyed, StasisStart
from callcenter.asterisk.names import prefix
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.sweep import missing, stranded, sweep
from callcenter.asterisk.switchboard import Switchboard
from callcenter.background import running
from callcenter.call import Call
from callcenter.errors import AsteriskError
from callcenter.office import Office, Offices, named
from callcenter.outbound.passing import known
from callcenter.refusal import Refusal

log = structlog.get_logger()

SWEEP_EVERY_S = 60.0
TAKE_BACK_EVERY_S = 5.0
LOOK_EVERY_S = 1.0
"""How often the load is looked at while nobody calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who comes in, and what the others hear."""

    guard: Guard
    load: Callable[[int], Load]
    """What this machine carries, given how many calls there are. Takes less than a millisecond."""
    apologies: int
    """Callers who may hear at once why they cannot come in."""


@dataclass(frozen=True, slots=True)
class Served:
    """Somebody who is being looked after."""

    party: Call | Refusal
    flow: str


class Exchange:
    """The calls in progress, and what Asterisk says about them."""

    def __init__(self, offices: Offices, ari: Ari, switchboard: Switchboard, stream: EventStream, door: Door) -> None:
        self._served: dict[str, Served] = {}
        """By name: what the sweep leaves alone."""
        self._offices = offices
        self._ari = ari
        self._switchboard = switchboard
        self._stream = stream
        self._door = door
        self._asterisk = "connecting"
        self._draining = False
        self._replaced = asyncio.Event()
        self._outcomes: dict[str, Counter[str]] = {flow: Counter() for flow in offices.by_flow}
        self._orphans = 0

    @property
    def calls(self) -> list[Call]:
        """In the order in which they came."""
        return [served.party for served in self._served.values() if isinstance(served.party, Call)]

    @property
    def instance(self) -> str:
        """Tells this daemon's legs from another's."""
        return self._offices.instance

    async def answer_calls(self, stop: asyncio.Event, drain_s: float) -> None:
        """Answer calls until `stop` is set, then let the present ones end, politely and within `drain_s`."""
        async with running() as start:
            try:
                # Leaving the inner group waits for the calls; the limit is set only when the daemon is to stop.
                async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as calls:
                    start(self._follow_asterisk(calls))
                    start(self._sweep_regularly())
                    start(self._take_back())
                    start(self._watch_load())
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
            "calls": [
                {**served.party.report(), "flow": served.flow}
                for served in self._served.values()
                if isinstance(served.party, Call)
            ],
            "flows": {flow: self._report(flow, office) for flow, office in self._offices.by_flow.items()},
            "outcomes": dict(sum(self._outcomes.values(), Counter())),
            "orphans_removed": self._orphans,
            "admission": self._door.guard.report(),
        }

    def _report(self, flow: str, office: Office) -> dict[str, Any]:
        present = sum(isinstance(served.party, Call) and served.flow == flow for served in self._served.values())
        return {"calls": present, "outcomes": dict(self._outcomes[flow]), "asks": list(office.asks)}

    def _drain(self) -> None:
        systemd.notify("STOPPING=1")
        log.info("= draining", calls=len(self.calls))
        self._draining = True
        for call in self.calls:
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
                case StasisStart(channel=channel, args=args) if not channel.id.startswith(prefix(self.instance)):
                    await self._receive(channel, args, calls)

    async def _receive(
        self, channel: Channel, arguments: Sequence[str], calls: asyncio.TaskGroup, *, let_in: bool = False
    ) -> None:
        """A caller has arrived; or was `let_in` by a daemon that has died, and is not sent away now."""
        office = self._offices.asked_for(arguments)
        if "call" in named(arguments):
            # It comes back from AudioSocket() to a call that is over: what ended it was not the caller.
            await self._decline(channel, "nobody serves it any more")
        elif self._draining:
            await self._decline(channel, "draining")
        elif not let_in and (reason := self._door.guard.ask(self._load(), self._now())):
            self._refuse(channel, office, reason, calls)
        else:
            # Nothing is awaited between the guard's answer and this, so that there is never a call too many.
            self._serve(Call(channel, office, known(named(arguments))), office, calls)

    def _refuse(self, channel: Channel, office: Office, reason: Reason, calls: asyncio.TaskGroup) -> None:
        """Apologise, unless so many callers hear it already that one more would be felt."""
        parties = [served.party for served in self._served.values()]
        speaking = sum(isinstance(party, Refusal) and party.speaks for party in parties)
        sentence = office.apology if speaking < self._door.apologies else ""
        self._serve(Refusal(channel, office, reason, sentence), office, calls)

    def _serve(self, party: Call | Refusal, office: Office, calls: asyncio.TaskGroup) -> None:
        self._served[party.name] = Served(party, office.flow)
        calls.create_task(self._run(party, office.flow), name=f"call {party.id}")

    async def _run(self, party: Call | Refusal, flow: str) -> None:
        try:
            self._outcomes[flow][await party.run()] += 1
        finally:
            del self._served[party.name]

    async def _decline(self, channel: Channel, reason: str) -> None:
        log.info("x call", reason=reason, channel=channel.id)
        try:
            await self._ari.decline(channel.id)
        except AsteriskError as error:
            log.warning("! decline", error=str(error))

    async def _watch_load(self) -> None:
        """So that the guard knows for how long the load has been what it is."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._door.guard.look(self._load(), self._now())

    def _load(self) -> Load:
        return self._door.load(len(self.calls))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _reconcile(self, calls: asyncio.TaskGroup, *, first: bool) -> None:
        """Make our picture and Asterisk's agree, after events may have been missed."""
        try:
            await self._end_missing()
            await self._sweep()
            for channel in await stranded(self._ari, self._ari.app) if first else ():
                await self._receive(channel, channel.arguments, calls, let_in=True)
        except AsteriskError as error:
            log.error("! reconcile", error=str(error))
        self._asterisk = "connected"

    async def _end_missing(self) -> None:
        """End the calls whose callers are gone, as if Asterisk had told us."""
        for gone in await missing(self._ari, [served.party.channel.id for served in self._served.values()]):
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
        swept = await sweep(self._ari, self.instance, self._served)
        self._orphans += len(swept.channels) + len(swept.bridges)
