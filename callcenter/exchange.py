"""The calls in progress: every StasisStart becomes a Call, and our picture of them and Asterisk's are kept the same."""

import asyncio
from collections import Counter
from typing import Any

import structlog

from callcenter import systemd
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import ApplicationReplaced, Channel, ChannelDestroyed, StasisStart
from callcenter.asterisk.legs import prefix
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.sweep import missing, stranded, sweep
from callcenter.asterisk.switchboard import Switchboard
from callcenter.call import Call, Office
from callcenter.errors import AsteriskError
from callcenter.services import running

log = structlog.get_logger()

SWEEP_EVERY_S = 60.0
TAKE_BACK_EVERY_S = 5.0


class Exchange:
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
