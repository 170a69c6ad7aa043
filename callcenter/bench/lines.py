"""`callcenter bench lines`: what each way of a call's sound takes in time and in CPU, over a private Asterisk.

For each way there is a process of agents (`line_agents.py`), and callers (`line_callers.py`) who ring in it, all at
once. Callers say tones, agents say them back: the round trip, part by part. As many callers ring bare lines of the same
way meanwhile (`bare_lines.py`), which tell what Asterisk takes by itself, under the same load; then these leave. Then
all agents talk, which is when CPU is measured, and break off now and then, which is how soon callers hear silence.
Before all that the callers ring Asterisk's own Echo().

On a machine that others use too, `chrt -f 10 callcenter bench lines` (as root) keeps them from the cores.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from pydantic import SecretStr

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.bench.bare_lines import CLIENT
from callcenter.bench.child import Child
from callcenter.bench.drawing import ms
from callcenter.bench.line_agents import LONGEST_S
from callcenter.bench.line_callers import HOST, Caller, Exchange, calling, leave, say_tones
from callcenter.bench.line_moments import LOST_S, Trip, stops, trips
from callcenter.bench.line_report import Costs, Own, Report, Row, Stops
from callcenter.bench.line_ways import BARE, OURS, WAYS, Way
from callcenter.config import Asterisk
from callcenter.errors import AsteriskError, CallCenterError, innermost
from callcenter.line_trial import MODULES

ECHO = "phones", "9999"
"""Where the dialplan has Echo()."""
BOOT_S = 30.0
OPEN_S = 15.0
ANSWER_S = 10.0
LEAD_S = 0.5
"""From the order to talk to what is measured."""
EXTENSIONS = {True: ("callcenter", "777"), False: ("callcenter", "9000")}
"""By whether the dialplan runs AudioSocket()."""
CLIENTS = """
[{name}]
type = websocket_client
connection_type = per_call_config
uri = ws://{host}:{port}/
protocols = media
connection_timeout = 1000
reconnect_interval = 250
reconnect_attempts = 4
"""
"""For websocket_client.conf, as what is there for us."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    cache: Path
    """For Asterisk, where none is installed."""
    ways: tuple[str, ...] = tuple(WAYS)
    calls: int = 10
    """At once, each way."""
    tones: int = 3
    """Of each caller ..."""
    least_tones: int = 24
    """... but of all together no less."""
    pauses: int = 2
    """Of each agent ..."""
    least_pauses: int = 20
    """... but of all together no less."""
    seconds: float = 4.0
    """The CPU is measured for so long ..."""
    warm_up_s: float = 1.5
    """... after the calls have been there for so long."""


async def measure(plan: Plan, progress: Progress) -> Report:
    """Measure one way after the other. One that fails is in the report.

    Raises CallCenterError when there is no Asterisk.
    """
    began, load = datetime.now(UTC), os.getloadavg()[0]
    async with PrivateAsterisk(plan.cache, progress=progress) as asterisk:
        settings = Asterisk(
            url=asterisk.ari_url, username=asterisk.ari_username, password=SecretStr(asterisk.ari_password)
        )
        async with Exchange(settings) as exchange:
            bench = Bench(plan, asterisk, exchange, settings)
            loaded, version = await exchange.modules(), await exchange.version()
            await bench.prepare()
            rows = []
            for name in ("echo", *plan.ways):
                rows.append(await bench.row(name, loaded))
                progress(_line(rows[-1]))
    return Report(
        echo=rows[0],
        rows=tuple(rows[1:]),
        calls=plan.calls,
        seconds=plan.seconds,
        asterisk=version,
        load=load,
        began=began,
    )


class Bench:
    """Measures ways over one Asterisk."""

    def __init__(self, plan: Plan, asterisk: PrivateAsterisk, exchange: Exchange, settings: Asterisk) -> None:
        self._plan = plan
        self._asterisk = asterisk
        self._exchange = exchange
        self._settings = settings

    async def prepare(self) -> None:
        """Have Asterisk know where bare WebSockets are listened for."""
        clients = self._asterisk.run_dir / "etc/websocket_client.conf"
        text = clients.read_text(encoding="utf-8") + CLIENTS.format(name=CLIENT, host=HOST, port=self._bare_port)
        clients.write_text(text, encoding="utf-8")
        await self._asterisk.command("module reload res_websocket_client.so")

    async def row(self, name: str, loaded: set[str]) -> Row:
        """One way, by its name, or what it is compared with; `loaded` are Asterisk's modules."""
        way = WAYS.get(name)
        if way and not MODULES[way.choice.kind] <= loaded:
            return Row(name=name, error="this Asterisk does not have it", missing=True)
        try:
            return await (self._way(name, way) if way else self._echo())
        except (CallCenterError, ExceptionGroup) as error:
            reason = innermost(error)
            if not isinstance(reason, CallCenterError):
                raise
            return Row(name=name, error=str(reason))

    async def _echo(self) -> Row:
        async with self._callers(ECHO, OURS) as callers:
            await asyncio.sleep(self._plan.warm_up_s)
            await self._tones(callers)
            begin = time.monotonic()
            before = self._asterisk_cpu()
            await asyncio.sleep(self._plan.seconds)
            used = (self._asterisk_cpu() - before) / (time.monotonic() - begin)
        there, lost = _sorted(_trips(callers, {}))
        return Row(name="echo", trips=there, lost=lost, costs=Costs(ours=0.0, asterisk=used / self._plan.calls))

    async def _way(self, name: str, way: Way) -> Row:
        where = EXTENSIONS[way.by_dialplan]
        async with self._agents(name) as agents, self._callers(where, OURS, BARE) as everybody:
            callers, others = _of(OURS, everybody), _of(BARE, everybody)
            own_error = await self._open(agents)
            await asyncio.sleep(self._plan.warm_up_s)
            await self._tones(everybody)
            there, lost = _sorted(_trips(callers, await _asked(agents, {"do": "echoed"})))
            own = _own(_trips(others, {}), own_error)
            await agents.tell({"do": "part"})
            await leave(self._exchange, others)
            costs, lag = await self._talk(agents)
            stopped = await self._pauses(agents, callers)
        return Row(name=name, own=own, trips=there, lost=lost, costs=costs, lag_p99_ms=lag, stops=stopped)

    async def _open(self, agents: Child) -> str:
        """Wait until all calls are there; why those with bare lines are not. Raises AsteriskError for the others."""
        order = {"do": "wait", "calls": self._plan.calls, "within_s": OPEN_S}
        found = await _asked(agents, order, OPEN_S + ANSWER_S)
        if found["failures"]:
            raise AsteriskError(found["failures"][0])
        return str(next(iter(found["bare_failures"]), ""))

    @asynccontextmanager
    async def _agents(self, name: str) -> AsyncIterator[Child]:
        command = (sys.executable, "-m", "callcenter.bench.line_agents")
        async with Child.started("the agents", command, {"way": name}) as agents:
            login = self._settings.model_dump() | {"password": self._settings.password.get_secret_value()}
            listen = f"{self._asterisk.sip_host}:{self._asterisk.websocket_port}"
            await agents.tell({"asterisk": login, "websocket_listen": listen, "bare_port": self._bare_port})
            await agents.answer(BOOT_S)
            yield agents

    @asynccontextmanager
    async def _callers(self, where: tuple[str, str], *kinds: str) -> AsyncIterator[Mapping[str, Caller]]:
        """So many of each kind; they come in turn, for those who come late hear less of the others' coming."""
        level = uuid4().hex[:8]
        channels = [f"{kind}-{level}-{number}" for number in range(self._plan.calls) for kind in kinds]
        async with calling(self._exchange, channels, where) as callers:
            yield callers

    async def _tones(self, callers: Mapping[str, Caller]) -> None:
        times = max(self._plan.tones, -(-self._plan.least_tones // self._plan.calls))
        await say_tones([*callers.values()], times, lambda: random.uniform(LOST_S, LOST_S + 0.2))

    async def _talk(self, agents: Child) -> tuple[Costs, float]:
        begin = time.monotonic() + LEAD_S
        end = begin + self._plan.seconds
        await agents.tell({"do": "talk", "begin": begin, "end": end})
        await asyncio.sleep(begin - time.monotonic())
        before, since = self._asterisk_cpu(), time.monotonic()
        await asyncio.sleep(end - time.monotonic())
        used = (self._asterisk_cpu() - before) / (time.monotonic() - since)
        figures = await agents.answer(ANSWER_S)
        calls = self._plan.calls
        return Costs(ours=figures["cpu"] / calls, asterisk=used / calls), figures["lag_p99_ms"]

    async def _pauses(self, agents: Child, callers: Mapping[str, Caller]) -> Stops:
        times = max(self._plan.pauses, -(-self._plan.least_pauses // len(callers)))
        paused = await _asked(agents, {"do": "pause", "times": times}, times * LONGEST_S + ANSWER_S)
        await asyncio.sleep(LOST_S)
        each = [stops(paused[channel], caller.heard) for channel, caller in callers.items() if channel in paused]
        found = [ms for of_one in each for ms in of_one]
        return Stops(ms=tuple(ms for ms in found if ms is not None), missed=found.count(None))

    @property
    def _bare_port(self) -> int:
        """Free, as all of the instance's ports between those of HTTP and of sound but one."""
        return self._asterisk.websocket_port + 1

    def _asterisk_cpu(self) -> float:
        """Seconds so far."""
        try:
            times = psutil.Process(self._asterisk.pid).cpu_times()
        except psutil.Error as error:
            raise AsteriskError(f"Asterisk is gone: {error}") from error
        return float(times.user + times.system)


def _trips(callers: Mapping[str, Caller], echoed: Mapping[str, Mapping[str, list[float]]]) -> list[Trip | None]:
    found = [trips(caller.sent, caller.heard, echoed.get(channel, {})) for channel, caller in callers.items()]
    return [trip for of_one in found for trip in of_one]


def _of(kind: str, callers: Mapping[str, Caller]) -> dict[str, Caller]:
    return {channel: caller for channel, caller in callers.items() if channel.startswith(kind)}


def _sorted(found: list[Trip | None]) -> tuple[tuple[Trip, ...], int]:
    """Those that came back, and how many did not."""
    there = tuple(trip for trip in found if trip)
    return there, len(found) - len(there)


def _own(found: list[Trip | None], error: str) -> Own:
    there, lost = _sorted(found)
    if not there:
        error = error or "no tone came back"
    return Own(ms=tuple(trip.whole for trip in there), lost=lost, error=error)


async def _asked(agents: Child, order: Mapping[str, Any], within_s: float = ANSWER_S) -> Any:
    await agents.tell(order)
    return await agents.answer(within_s)


def _line(row: Row) -> str:
    if row.error:
        return f"{row.name}: {row.error}"
    stop = f", silent p95 {ms(row.stops.p95)}" if row.stops else ""
    own = f", Asterisk's own {row.own.error or ms(row.own.p50)}" if row.own else ""
    return f"{row.name}: round trip p50 {ms(row.p50)}, p95 {ms(row.p95)}{own}{stop}"
