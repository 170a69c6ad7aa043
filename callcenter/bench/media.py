"""`callcenter bench media`: how many calls the media plane holds on one core, in real time.

A level is two processes, each kept to a core of its own where there are two: the daemon's media plane (`plane.py`) and
the far end of all its calls (`far_end.py`). Half of the callers talk at a time, the plane talks all the time. A level
holds when the far end got every frame within 20 ms of its time, the plane's clock was never late by more than that, no
received frame was dropped unheard, and the core was not full.

With pipecat beside it, the same far end sends the same sound to a process that does the same work through pipecat
(`pipecat_plane.py`, which says what is the same and what is not), judged by the same rules as far as they apply: it has
no common clock and no bounded queue, so late ticks and dropped frames are counted for the daemon alone.

On a machine that others use too, `chrt -f 10 callcenter bench media` (as root) keeps them from the two cores.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from callcenter.bench import cores, pipecat_room
from callcenter.bench.arrivals import Timekeeping
from callcenter.bench.child import Child
from callcenter.bench.levels import Ladder, Level, Load, Plane, climb, tried
from callcenter.bench.media_report import OURS, THEIRS, MediaReport, common
from callcenter.errors import CallCenterError
from callcenter.media.pcm import to_pcm
from callcenter.simulation.persona import Voice
from callcenter.simulation.voices import Order, Voices
from callcenter.speech.models import Models

SAID = "Good morning. I would like to invest about fifty thousand dollars, and I have a question about the fees."
ANSWERED = "Thank you, I have noted that. Before we go on, would you tell me when you would like to begin, please?"
FIRST = 25
FIRST_OF_PIPECAT = 5
BOOT_S = 90.0
"""Many pipelines take long to start."""
LEAD_S = 0.3
"""From the order to the first packet."""
ANSWER_S = 20.0
"""From the end of a level to its figures."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    cache: Path
    """For the voice, the VAD's model and pipecat's environment."""
    calls: int | None = None
    """So many alone; by default the most that hold are looked for."""
    seconds: float = 5.0
    """How long each level is measured ..."""
    warm_up_s: float = 2.0
    """... after having run for so long."""
    vs: Literal["pipecat"] | None = None
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A media plane that can be measured."""

    name: str
    command: Sequence[str]
    first: int
    """Calls to begin with."""


async def measure(plan: Plan, progress: Progress) -> MediaReport:
    """Run the levels of `plan`, telling what comes of each.

    Raises MissingPartError when the voice, the model or pipecat is not there, SimulationError when a process dies.
    """
    silero = Models(plan.cache).path("silero-vad")
    theirs = None
    with tempfile.TemporaryDirectory() as folder:
        said, answered = Path(folder) / "said.pcm", Path(folder) / "answered.pcm"
        await _speak(plan.cache, progress, said, answered)
        us = Contender(name=OURS, command=(sys.executable, "-m", "callcenter.bench.plane"), first=FIRST)
        parts = {"said": str(said), "answered": str(answered), "silero": str(silero), "host": plan.host}
        bench = Bench(plan, parts, progress)
        if plan.vs:
            python = await pipecat_room.furnished(plan.cache, progress)
            script = Path(__file__).with_name("pipecat_plane.py")
            them = Contender(name=THEIRS, command=(str(python), "-I", str(script)), first=FIRST_OF_PIPECAT)
            theirs = await bench.ladder(them)
        ours = await bench.ladder(us, also=common(theirs) if theirs else None)
    return MediaReport(ours=ours, theirs=theirs, seconds=plan.seconds, cores=bench.cores, searched=plan.calls is None)


class Bench:
    """Runs levels of one plan."""

    def __init__(self, plan: Plan, specification: dict[str, Any], progress: Progress) -> None:
        self.cores = cores.two(sorted(os.sched_getaffinity(0)))
        """Of the plane and of the far end."""
        self._plan = plan
        self._specification = specification
        self._progress = progress

    async def ladder(self, contender: Contender, also: int | None = None) -> Ladder:
        """The one level that the plan names, or those on the way to the most calls that hold, and `also`."""
        attempt = partial(self.attempt, contender)
        if self._plan.calls is None:
            ladder = await climb(attempt, contender.first)
        else:
            ladder = Ladder(levels=tuple(await tried(attempt, self._plan.calls)))
        if also is None or ladder.at(also):
            return ladder
        return Ladder(levels=(*ladder.levels, *await tried(attempt, also)))

    async def attempt(self, contender: Contender, calls: int) -> Level:
        """Run one level, in processes of its own. Raises SimulationError when one dies."""
        plane_core, load_core = self.cores
        plane_part = {**self._specification, "calls": calls, "core": plane_core}
        load_part = {**self._specification, "core": load_core}
        far_end = (sys.executable, "-m", "callcenter.bench.far_end")
        async with (
            Child.started("the far end", far_end, load_part) as load,
            Child.started(contender.name, contender.command, plane_part) as plane,
        ):
            await load.answer(BOOT_S)
            order = self._order((await plane.answer(BOOT_S))["ports"])
            await plane.tell(order)
            await load.tell(order)
            busy = await self._busy(order)
            figures, received = await plane.answer(ANSWER_S), await load.answer(ANSWER_S)
        level = Level(
            calls=calls,
            plane=Plane.of(figures),
            others=round(max(0.0, busy - figures["cpu"]), 3),
            sent=Timekeeping(**received["sent"]),
            load=Load(**received["load"]),
        )
        self._progress(f"{contender.name}, {calls} calls: {level.plane.cpu:.0%} of a core, {level.verdict}")
        return level

    async def _busy(self, order: dict[str, Any]) -> float:
        """How much of its time the plane's core works, for whomever, while the level is measured."""
        await asyncio.sleep(order["begin"] - time.monotonic())
        busy = cores.busy_seconds(self.cores[0])
        await asyncio.sleep(order["end"] - time.monotonic())
        return (cores.busy_seconds(self.cores[0]) - busy) / self._plan.seconds

    def _order(self, ports: list[int]) -> dict[str, Any]:
        """What both processes are told: the ports, and three moments of the clock that all processes share."""
        start = time.monotonic() + LEAD_S
        begin = start + self._plan.warm_up_s
        return {
            "host": self._plan.host,
            "ports": ports,
            "start": start,
            "begin": begin,
            "end": begin + self._plan.seconds,
        }


async def _speak(cache: Path, progress: Progress, said: Path, answered: Path) -> None:
    """Write what callers and the agent say as 16-bit PCM at 8 kHz, by whichever voices can be had.

    By two voices: an agent that says what callers do, as they do, would be looked for as an echo in their sound.
    """
    voices = Voices(cache, progress)
    try:
        await _write(voices, said, Voice(engine="flite", name="rms"), SAID)
        await _write(voices, answered, Voice(engine="flite", name="slt"), ANSWERED)
    except CallCenterError:
        await _write(voices, said, Voice(engine="piper", pitch=-400), SAID)
        await _write(voices, answered, Voice(engine="piper"), ANSWERED)


async def _write(voices: Voices, path: Path, voice: Voice, text: str) -> None:
    path.write_bytes(to_pcm(await voices.speak(Order(voice=voice, language="en", text=text))))
