"""Agents of the benchmark of lines, without anything of a daemon but clock, legs and line. Run as a process of its own.

Each takes a call that comes to the application, says back what it hears, or talks until told to pause; all of the
sound goes the one way that the specification names. Callers whose channels say so get a bare line of that way, until
they part.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop

from callcenter import garbage, log
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import StasisStart
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.media_server import MediaServer
from callcenter.asterisk.names import Names
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.switchboard import Mailbox, Switchboard
from callcenter.bench import bare_lines
from callcenter.bench.line_callers import HOST, LOUD, tone
from callcenter.bench.line_ways import BARE, WAYS, Way
from callcenter.config import Asterisk, Log, Media
from callcenter.errors import AsteriskError, CallCenterError, innermost
from callcenter.media.clock import Clock
from callcenter.media.line import Line
from callcenter.media.lines import Lines, opened
from callcenter.media.pcm import Clip, to_samples
from callcenter.media.tape import Tape

TALK_S = 50.0
PAUSED_S = 0.4
BETWEEN_S = 0.3, 0.6
"""At least and at most, from a pause's end to the next."""
LONGEST_S = PAUSED_S + BETWEEN_S[1]
"""That one pause takes, with what is before it."""
SETTLED_S = 0.3


class Agent(Tape):
    """Whom a line tells of its sound, frame by frame as it goes, as it tells a tape; nothing is written."""

    def __init__(self, line: Line) -> None:
        super().__init__(uuid4(), Path(os.devnull), 0.0, line.rate)
        self.heard: list[float] = []
        """When sound set in that came."""
        self.said: list[float] = []
        """When sound set in that was sent."""
        self._line = line
        self._echoing = True
        self._hearing = self._saying = False

    def caller(self, at: float, pcm: bytes) -> None:
        """A frame has come: say it back if there is sound in it."""
        if not self._echoing:
            return
        hearing = bool(abs(to_samples(pcm)).max() * 32768 > LOUD)
        if hearing:
            self._line.playout.say(Clip(text="tone", pcm=pcm, rate=self.rate))
            if not self._hearing:
                self.heard.append(at)
        self._hearing = hearing

    def agent(self, at: float, pcm: bytes | None) -> None:
        """A frame was sent."""
        if pcm and not self._saying:
            self.said.append(at)
        self._saying = bool(pcm)

    def talk(self) -> None:
        """Say back nothing more, but talk on and on."""
        self._echoing = False
        self._line.playout.stop()
        self._line.playout.say(Clip(text="talk", pcm=tone(self.rate, TALK_S), rate=self.rate))

    async def pause(self, times: int) -> list[float]:
        """Talk, break off at any moment and go on, so often; when it was."""
        self.talk()
        at = []
        for _ in range(times):
            await asyncio.sleep(random.uniform(*BETWEEN_S))
            at.append(time.monotonic())
            self._line.playout.pause()
            await asyncio.sleep(PAUSED_S)
            self._line.playout.resume()
        return at


class Served:
    """The calls of one kind: those with a line of ours, or those with a bare one."""

    def __init__(self) -> None:
        self.open: dict[str, Agent | None] = {}
        """By their callers' channels; None where there is no line of ours."""
        self.failures: list[str] = []
        self.over = asyncio.Event()

    def settled(self, calls: int) -> bool:
        """So many are there, or one of them could not be served."""
        return len(self.open) >= calls or bool(self.failures)

    def expire(self, calls: int, within_s: float) -> None:
        """The time for that is up."""
        if not self.settled(calls):
            self.failures.append(f"{len(self.open)} of {calls} calls within {within_s:g} s")


class Agents:
    """All of them."""

    def __init__(self, ari: Ari, clock: Clock, lines: Lines, way: Way) -> None:
        self.ours, self.bare = Served(), Served()
        self._ari = ari
        self._clock = clock
        self._lines = lines
        self._way = way
        self._changed = asyncio.Event()

    async def serve(self, stream: EventStream, connected: asyncio.Event) -> None:
        """Take calls until `close`."""
        switchboard = Switchboard()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(stream, connected, switchboard, group))
            await self.ours.over.wait()
            listening.cancel()

    def part(self) -> None:
        """End the calls with a bare line."""
        self.bare.over.set()

    def close(self) -> None:
        """End all calls."""
        self.part()
        self.ours.over.set()

    async def wait(self, calls: int, within_s: float) -> None:
        """Return when so many of each kind are served, or one of it could not be; or when the time is up."""
        kinds = self.ours, self.bare
        try:
            async with asyncio.timeout(within_s):
                while not all(kind.settled(calls) for kind in kinds):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            for kind in kinds:
                kind.expire(calls, within_s)

    def echoed(self) -> dict[str, dict[str, list[float]]]:
        """When each has heard sound and has said it back."""
        return {channel: {"heard": agent.heard, "said": agent.said} for channel, agent in self._mine()}

    async def talk(self, begin: float, end: float) -> dict[str, float]:
        """Have all talk; the CPU seconds a second from `begin` to `end`, and how late the clock's ticks came."""
        for _, agent in self._mine():
            agent.talk()
        await asyncio.sleep(begin - time.monotonic())
        cpu = time.process_time()
        await asyncio.sleep(end - time.monotonic())
        cpu = time.process_time() - cpu
        return {"cpu": cpu / (end - begin), "lag_p99_ms": self._clock.timing.p99_ms}

    async def pause(self, times: int) -> dict[str, list[float]]:
        """Have each break off so often; when."""
        mine = self._mine()
        moments = await asyncio.gather(*(agent.pause(times) for _, agent in mine))
        return {channel: at for (channel, _), at in zip(mine, moments, strict=True)}

    def _mine(self) -> list[tuple[str, Agent]]:
        return [(channel, agent) for channel, agent in self.ours.open.items() if agent]

    async def _listen(
        self, stream: EventStream, connected: asyncio.Event, switchboard: Switchboard, group: asyncio.TaskGroup
    ) -> None:
        async for event in stream:
            match event:
                case Connected():
                    connected.set()
                case Disconnected(reason=reason):
                    raise AsteriskError(reason)
                case _ if switchboard.route(event):
                    pass
                case StasisStart(channel=channel):
                    group.create_task(self._take(channel.id, switchboard.open(channel.id)))

    async def _take(self, channel: str, mailbox: Mailbox) -> None:
        """Serve one call, until all of its kind are over; what fails is told, and ends nothing else."""
        bare = channel.startswith(BARE)
        legs_of = DialplanLegs if self._way.by_dialplan else Legs
        legs = legs_of(self._ari, mailbox, channel, Names(instance="bench", call=uuid4().hex[:8]))
        try:
            await (self._bounce(channel, legs) if bare else self._talk(channel, legs))
        except (CallCenterError, ExceptionGroup) as error:
            (self.bare if bare else self.ours).failures.append(str(innermost(error)))
            self._changed.set()
        finally:
            await legs.close()

    async def _talk(self, channel: str, legs: Legs) -> None:
        with closing(self._lines.open(self._way.choice)) as line:
            agent = Agent(line)
            await legs.open(line.wanted, line.connect)
            line.record(agent)
            await self._stay(self.ours, channel, agent)
        # A channel in AudioSocket() is Asterisk's to close; it does when it has read that we go.

    async def _bounce(self, channel: str, legs: Legs) -> None:
        async with bare_lines.opened(self._way, self._lines.dialling) as line:
            await legs.open(line.wanted, line.connect)
            await self._stay(self.bare, channel, None)

    async def _stay(self, kind: Served, channel: str, agent: Agent | None) -> None:
        kind.open[channel] = agent
        self._changed.set()
        await kind.over.wait()


async def _serve(way: Way, order: Mapping[str, Any]) -> None:
    settings = Asterisk.model_validate(order["asterisk"])
    listens = "listen" if way.listens else "dial"
    media = Media.model_validate(
        {"audiosocket_listen": f"{HOST}:0", "websocket": listens, "websocket_listen": order["websocket_listen"]}
    )
    clock, connected = Clock(), asyncio.Event()
    async with AsyncExitStack() as stack:
        ari = await stack.enter_async_context(Ari(settings))
        lines = await stack.enter_async_context(opened(media, clock, MediaServer.of(settings)))
        if way.listens:
            await stack.enter_async_context(bare_lines.listening(order["bare_port"]))
        agents = Agents(ari, clock, lines, way)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        ticking = group.create_task(clock.run())
        group.create_task(agents.serve(EventStream(settings), connected))
        await connected.wait()
        garbage.spare_what_is_there()
        _say({"ready": True})
        try:
            await _obey(agents)
        finally:
            agents.close()
            await asyncio.sleep(SETTLED_S)
            ticking.cancel()


async def _obey(agents: Agents) -> None:
    """Do as stdin says, until it ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        match order["do"]:
            case "wait":
                await agents.wait(order["calls"], order["within_s"])
                _say({"failures": agents.ours.failures, "bare_failures": agents.bare.failures})
            case "part":
                agents.part()
            case "echoed":
                _say(agents.echoed())
            case "talk":
                _say(await agents.talk(order["begin"], order["end"]))
            case "pause":
                _say(await agents.pause(order["times"]))


def _say(answer: Mapping[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Take the specification (`way`), then from stdin where Asterisk is, and then orders."""
    log.configure(Log(level="error"))
    name = json.loads(sys.argv[1])["way"]
    if line := sys.stdin.readline():
        try:
            uvloop.run(_serve(WAYS[name], json.loads(line)))
        except (CallCenterError, ExceptionGroup) as error:
            reason = innermost(error)
            if not isinstance(reason, CallCenterError):
                raise
            sys.exit(str(reason))


if __name__ == "__main__":
    main()
