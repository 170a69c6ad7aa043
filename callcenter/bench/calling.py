"""Where the simulated callers of a benchmark ring: a house of its own, or the daemon that runs already."""

import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from callcenter import control, demo
from callcenter.config import Admission, Settings
from callcenter.errors import CallCenterError, innermost
from callcenter.simulation import persona
from callcenter.simulation.happenings import Happening, Over
from callcenter.simulation.live import verdict
from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import SipTarget
from callcenter.simulation.report import CallResult, failed
from callcenter.simulation.simulation import NUMBERS, Plan, simulate
from callcenter.simulation.voices import Voices

Progress = Callable[[str], None]
"""Told in a line what happens."""

EVERYBODY = Admission(max_calls=1000, lag_ms=1e6, waiting=1_000_000, latency_ms=1e9)
"""No caller is one too many."""

PERSONAS = Path(__file__).parent / "personas"


def personas(kind: str) -> tuple[Persona, ...]:
    """The shipped ones whose file names begin with `kind`."""
    return tuple(persona.load(path) for path in sorted(PERSONAS.glob(f"{kind}_*.yaml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """What one lot of calls came to."""

    calls: tuple[CallResult, ...]
    seconds: float
    cpu: float | None
    """Of one core, that the daemon's process used meanwhile; None where it cannot be seen."""


@dataclass(slots=True, kw_only=True)
class CallCentre:
    """A daemon to ring, and what the rings have in common."""

    settings: Settings
    progress: Progress
    record: Path | None = None
    """A folder for each call's sound."""
    _numbers: int = field(default=0, init=False)

    async def status(self) -> dict[str, Any]:
        """What the daemon says of itself. Raises MissingPartError when there is none."""
        return await control.status(self.settings.paths.control_socket)

    async def ring(
        self, what: str, callers: Sequence[Persona], *, calls: int, at_once: int, extension: str = ""
    ) -> Ringing:
        """Place `calls` calls to `extension`, or the usual one, the callers in turn. What fails is in their results.

        Raises CallCenterError where it is the very first ring that cannot be made: then something is not there at all.
        """
        first = not self._numbers
        plan = self._plan(callers, calls, at_once, extension or self.settings.phone.extension)
        await self._rehearse(callers)
        before, began = await self._cpu_seconds(), time.monotonic()
        audience = _Counting(what=what, calls=calls, progress=self.progress)
        try:
            results = (await simulate(plan, audience)).calls
        except (CallCenterError, ExceptionGroup) as error:
            reason = innermost(error)
            if first or not isinstance(reason, CallCenterError):
                raise
            results = tuple(failed(who, number, str(reason)) for number, who in plan.callers)
        seconds = time.monotonic() - began
        after = await self._cpu_seconds()
        used = None if before is None or after is None else (after - before) / seconds
        return Ringing(calls=results, seconds=seconds, cpu=used)

    async def _rehearse(self, callers: Sequence[Persona]) -> None:
        """Have what they say on disk, so that the time of the calls is theirs alone."""
        voices = Voices(self.settings.paths.cache, self.progress)
        for caller in callers:
            with suppress(CallCenterError):  # its own calls say so
                await voices.rehearse(caller)

    def _plan(self, callers: Sequence[Persona], calls: int, at_once: int, extension: str) -> Plan:
        """With numbers that no other call of this benchmark has."""
        phone, first = self.settings.phone, self._numbers
        self._numbers += calls
        return Plan(
            personas=callers,
            calls=calls,
            at_once=at_once,
            target=SipTarget(
                host=phone.host,
                port=phone.port,
                user=phone.username,
                password=phone.password.get_secret_value(),
                extension=extension,
            ),
            control=self.settings.paths.control_socket,
            cache=self.settings.paths.cache,
            record=self.record and self.record / f"{first:04d}",
            first_number=first % NUMBERS,
        )

    async def _cpu_seconds(self) -> float | None:
        try:
            times = psutil.Process((await self.status())["process"]["pid"]).cpu_times()
        except (CallCenterError, psutil.Error):
            return None
        return float(times.user + times.system)


@asynccontextmanager
async def opened(settings: Settings, progress: Progress, *, running: bool) -> AsyncIterator[CallCentre]:
    """The daemon that runs already, or one on a private Asterisk with a state that is thrown away.

    Raises CallCenterError when there is none, or it cannot be brought up.
    """
    if running:
        centre = CallCentre(settings=settings, progress=progress)
        await centre.status()
        yield centre
        return
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as folder:
        paths = settings.paths.model_copy(update={"state": Path(folder), "control": None})
        # The guard of the door would hide where answers become slow.
        changes = {"paths": paths, "admission": EVERYBODY}
        async with demo.house(settings.model_copy(update=changes), progress) as house:
            yield CallCentre(settings=house.settings, progress=progress)


@dataclass(slots=True, kw_only=True)
class _Counting:
    """An audience that tells of each call's end."""

    what: str
    calls: int
    progress: Progress
    _over: int = field(default=0, init=False)

    def see(self, call: int, happening: Happening) -> None:
        """Count it when it is over."""
        if isinstance(happening, Over):
            self._over += 1
            result = happening.result
            self.progress(f"{self.what}: call {self._over} of {self.calls}, {result.name}: {verdict(result)}")
