"""Simulated calls: personas dial in, one after another or several at once, and a report says what came of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from callcenter import control
from callcenter.errors import CallCenterError, MissingPartError
from callcenter.media.pcm import Samples
from callcenter.simulation import noise
from callcenter.simulation.caller import Caller
from callcenter.simulation.happenings import Audience, Over
from callcenter.simulation.interruption import Closed
from callcenter.simulation.lookups import Counters
from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import Phone, SipTarget
from callcenter.simulation.recording import Recording
from callcenter.simulation.report import CallResult, Report, failed, judge
from callcenter.simulation.voices import Voices

NUMBERS = 10_000
ANSWERED, NOBODY_THERE = "+1555010", "+1555011"
"""What the numbers of calls begin with, and of those for whom no person answers: Asterisk's dialplan knows both."""
LONGEST_CALL_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which calls to place, and where."""

    personas: Sequence[Persona]
    calls: int | None = None
    """How many, the personas in turn; by default one of each."""
    at_once: int = 1
    target: SipTarget
    control: Path
    """The daemon's socket."""
    cache: Path
    record: Path | None = None
    """A folder for each call's sound."""
    longest_call_s: float = LONGEST_CALL_S
    first_number: int = field(default_factory=lambda: random.randrange(NUMBERS))
    """Of those that the calls come from."""

    @property
    def callers(self) -> list[tuple[str, Persona]]:
        """Each call's persona and number; no two of a run have the same number, by which its events are told apart."""
        placed = islice(cycle(self.personas), len(self.personas) if self.calls is None else self.calls)
        return [
            (f"{_prefix(persona)}{(self.first_number + index) % NUMBERS:04d}", persona)
            for index, persona in enumerate(placed)
        ]


async def simulate(
    plan: Plan, audience: Audience, left: Callable[[], Awaitable[dict[str, int]]] | None = None
) -> Report:
    """Place the calls of `plan`; `left` is asked afterwards what they have left behind.

    A call that fails does not stop the others: its result has the error. Raises MissingPartError when no daemon
    answers, or a part of the phone is not there.
    """
    loaded = (await control.status(plan.control))["flows"]
    counters = Counters(plan.personas, {flow: each["asks"] for flow, each in loaded.items()})
    lines: dict[str, _Line] = {}
    async with Phone.open(plan.target) as phone, asyncio.TaskGroup() as group:
        watch = group.create_task(_forward(plan.control, lines))
        run = _Run(plan=plan, phone=phone, lines=lines, audience=audience, counters=counters)
        await run.rehearse()
        chains = counters.chains([persona for _, persona in plan.callers])
        placed = await asyncio.gather(*(group.create_task(run.place_all(chain)) for chain in chains))
        watch.cancel()
    results = sorted(((index, result) for chain in placed for index, result in chain), key=lambda each: each[0])
    return Report(calls=tuple(result for _, result in results), left=await left() if left else {})


def _prefix(persona: Persona) -> str:
    return NOBODY_THERE if persona.nobody_there else ANSWERED


@dataclass(slots=True, kw_only=True)
class _Line:
    """A call in progress, and what the daemon told of its turns: when, on the loop's clock, and what."""

    caller: Caller
    turns: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def notice(self, event: dict[str, Any]) -> None:
        if event.get("event") == "turn":
            self.turns.append((asyncio.get_running_loop().time(), event))
        self.caller.notice(event)

    def closed(self, recording: Recording) -> list[Closed]:
        """The agent's turns on the timeline of the call's recording."""
        return [
            Closed(
                at=recording.seconds(at),
                said=event.get("said", ""),
                heard_by_caller=event.get("heard_by_caller", ""),
                filler="filler" in event.get("timings", {}),
            )
            for at, event in self.turns
        ]


async def _forward(socket: Path, lines: dict[str, _Line]) -> None:
    """Tell each caller of its own call. Ends when the daemon does; the calls then say so themselves."""
    with suppress(MissingPartError):
        async for event in control.watch(socket):
            if line := lines.get(event.get("caller", "")):
                line.notice(event)


class _Run:
    """What the calls of one plan share."""

    def __init__(
        self, *, plan: Plan, phone: Phone, lines: dict[str, _Line], audience: Audience, counters: Counters
    ) -> None:
        self._plan = plan
        self._phone = phone
        self._lines = lines
        self._audience = audience
        self._counters = counters
        self._free = asyncio.Semaphore(plan.at_once)
        self._voices = Voices(plan.cache)

    async def rehearse(self) -> None:
        """Make every persona's sound, so that making one does not slow down another's call."""
        for persona in self._plan.personas:
            with suppress(CallCenterError):  # its own calls say so
                await self._voices.rehearse(persona)

    async def place_all(self, chain: Sequence[int]) -> list[tuple[int, CallResult]]:
        """Place the calls of these indices one after the other, as soon as a line is free."""
        callers = self._plan.callers
        async with self._free:
            return [(index, await self._place(index, *callers[index])) for index in chain]

    async def _place(self, index: int, number: str, persona: Persona) -> CallResult:
        async with self._counters.alone(persona):
            try:
                async with self._counters.serving(persona):
                    result = await self._call(index, number, persona)
            except CallCenterError as error:
                result = failed(persona, number, str(error))
            finally:
                self._lines.pop(number, None)
        self._audience.see(index, Over(result=result))
        return result

    async def _call(self, index: int, number: str, persona: Persona) -> CallResult:
        sounds = await self._voices.rehearse(persona)
        hiss: Samples | None = noise.loop(persona.noise, seed=index) if persona.noise else None
        caller = Caller(persona, number, sounds, partial(self._audience.see, index))
        line = self._lines[number] = _Line(caller=caller)
        called = await self._today()
        placed = await caller.call(self._phone, hiss, self._phone.host, self._plan.longest_call_s)
        result = await asyncio.to_thread(judge, placed, persona, number, called, line.closed(placed.recording))
        if self._plan.record is None:
            return result
        path = self._plan.record / f"{index:03d}-{persona.name.replace(' ', '-')}.wav"
        await asyncio.to_thread(placed.recording.save, path)
        return replace(result, recording=str(path))

    async def _today(self) -> date:
        """Of the flows, to which "tomorrow" is the day after: the daemon may pretend that it is another."""
        report = await control.status(self._plan.control)
        return datetime.fromisoformat(report["clock"]["now"]).date()
