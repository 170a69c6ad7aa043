"""What goes wrong on a host in the middle of a call: the daemon stands still for a moment, the wall clock is set."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import load
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, rms_dbfs
from callcenter.simulation.measure import Activity, latency_ms
from callcenter.simulation.persona import Persona
from callcenter.simulation.voices import Voices
from callcenter.store.queries import Transcript
from tests.real.callers import calling, ended

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
STALL_S = 0.3
A_GAP_S = 0.12
"""A busy machine makes any process miss a few ticks."""
MOST_LAG_S = 0.15
"""A burst that makes up for the stall would leave 0.2 s of lag or more; the same answer differs by 0.03 s."""
HOUR_S = 3600
LONGEST_MS = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A greeting, and how an answer after it came."""

    greeting: Samples
    """From its first sound on."""
    lag_s: float
    """What passed between the caller's phone and the daemon: the latency on the phone less the daemon's own."""


async def exchange(house: House, during_greeting: Callable[[], Awaitable[None]]) -> Exchange:
    sound = await spoken(house, "Index funds, please.")
    async with calling(house) as caller:
        while caller.handset.sounded is None:  # noqa: ASYNC110 - what comes over the line is no event
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.0)
        await during_greeting()
        await caller.told("turn", index=0)
        recording = caller.handset.recording
        greeting = recording.agent.samples()
        await asyncio.sleep(0.5)
        span = await caller.handset.say(sound)
        timings = (await caller.told("turn", index=1))["timings"]
        latency = latency_ms(Activity.of(recording.agent.samples()), recording.seconds(span.end))
    assert latency is not None
    first = int(np.flatnonzero(np.abs(greeting) > 0.01)[0])
    return Exchange(greeting=greeting[first:], lag_s=(latency - timings["total"]) / 1000)


async def spoken(house: House, text: str) -> Samples:
    persona = Persona.model_validate(
        {"name": "n", "lines": [{"on": ".", "say": text}], "expect": {"outcome": "hung_up"}}
    )
    return (await Voices(house.settings.paths.cache).rehearse(persona))[text]


def delays(sound: Samples, original: Samples) -> list[float]:
    """By how many seconds, up to 1, each quarter of a second of `sound` is later than in `original`, silence aside."""
    size = NARROWBAND // 4
    found = []
    for start in range(0, min(sound.size, original.size) - size, size // 2):
        window, first = sound[start : start + size], max(0, start - NARROWBAND)
        if rms_dbfs(window) > SILENCE_DBFS + 15:
            around = original[first : start + 2 * size]
            energy = np.convolve(np.square(around, dtype=np.float64), np.ones(size), "valid")
            alike = np.correlate(around, window, "valid") / np.sqrt(energy + 1e-3)
            found.append((start - first - int(np.argmax(alike))) / NARROWBAND)
    return found


def gaps(found: list[float]) -> list[float]:
    """The steps in `delays`; a window across a gap may be found at either side of it, or at neither."""
    smooth = [float(np.median(found[max(0, place - 2) : place + 3])) for place in range(len(found))]
    return [after - before for before, after in pairwise(smooth) if abs(after - before) > A_GAP_S]


async def test_after_a_stall_one_gap_is_heard_and_no_lag_is_left(house: House) -> None:
    async def nothing() -> None:
        return

    stalled_s = 0.0

    async def stall() -> None:
        nonlocal stalled_s
        assert house.daemon.pid
        began = time.monotonic()
        os.kill(house.daemon.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(STALL_S)
        finally:
            os.kill(house.daemon.pid, signal.SIGCONT)
        stalled_s = time.monotonic() - began

    calm, stalled = await exchange(house, nothing), await exchange(house, stall)
    steps = gaps(delays(stalled.greeting, calm.greeting))
    assert len(steps) == 1, steps
    assert steps[0] == pytest.approx(stalled_s, abs=0.1)
    assert stalled.lag_s - calm.lag_s < MOST_LAG_S
    assert await house.traces.left() == NOTHING


def test_two_gaps_or_a_burst_would_show() -> None:
    whole = np.random.default_rng(1).uniform(-0.3, 0.3, 4 * NARROWBAND).astype(np.float32)
    hole = np.zeros(round(0.3 * NARROWBAND), np.float32)
    once = np.concatenate([whole[:8000], hole, whole[8000:]])
    twice = np.concatenate([whole[:8000], hole, whole[8000:16000], hole, whole[16000:]])
    dropped = np.concatenate([whole[:8000], hole, whole[8000 + hole.size :]])
    assert gaps(delays(whole, whole)) == []
    assert gaps(delays(once, whole)) == [pytest.approx(0.3, abs=0.01)]
    assert len(gaps(delays(twice, whole))) == 2
    assert gaps(delays(dropped, whole)) == []


class WallClock:
    """The wall clock as all Python code of another process sees it; its monotonic clock is the machine's.

    Only the whole machine's real clock can be set, and libfaketime breaks Python's sleeps where it leaves the monotonic
    clock alone. So the process starts with another `time.time` and `datetime.now`; a compiled library that asks the
    system for the time is not deceived.
    """

    SITE = """
import datetime, pathlib, time
file, real_time, real_datetime = pathlib.Path(__file__).with_name("hours"), time.time, datetime.datetime
def shift():
    return float(file.read_text()) * 3600
class Shifted(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(real_time() + shift(), tz)
    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)
time.time = lambda: real_time() + shift()
time.time_ns = lambda: int(time.time() * 1e9)
datetime.datetime = Shifted
"""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(self.SITE, encoding="utf-8")
        self._file = folder / "hours"
        self.set(0)
        self.environment = {"PYTHONPATH": str(folder)}

    def set(self, hours: int) -> None:
        """So much before or behind the machine's, from now on."""
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(str(hours), encoding="utf-8")
        unfinished.replace(self._file)


async def test_the_wall_clock_may_be_set_in_a_call(
    new_asterisk: Callable[[], Awaitable[PrivateAsterisk]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = WallClock(tmp_path / "site")
    asterisk = await new_asterisk()
    daemon = DaemonProcess(settings := led_to(load(), asterisk, tmp_path / "state"))
    with monkeypatch.context() as patched:
        for name, value in clock.environment.items():
            patched.setenv(name, value)
        house = await House.started(settings, asterisk, daemon)
    try:
        transcript = await a_call_while_it_is_set(house, clock)
    finally:
        await daemon.stop()
    assert (transcript.call.outcome, transcript.call.reason) == ("partial", "caller")
    # Records tell the wall clock's time: this shows that it was set.
    assert [round((turn.at - transcript.call.started).total_seconds() / HOUR_S) for turn in transcript.turns] == [
        -1,
        1,
        1,
    ]


async def a_call_while_it_is_set(house: House, clock: WallClock) -> Transcript:
    """Back in the greeting, forward in the first answer."""
    sounds = [await spoken(house, text) for text in ("Index funds, please.", "Fifty thousand dollars.")]
    async with calling(house) as caller:
        await caller.told("say")
        clock.set(-1)
        for turn, sound in enumerate(sounds):
            await caller.told("turn", index=turn)
            await caller.handset.say(sound)
            clock.set(1)
        await caller.told("turn", index=len(sounds))
        report = await house.daemon.status()
        assert [live["caller"] for live in report["calls"]] == [caller.number]
        call = (await caller.told("call"))["call"]
        lead = [event for event in caller.events if event["event"] == "lead"][-1]
        assert (lead["slots"]["interest"], lead["slots"]["amount"]) == (["funds"], 50000)
        assert [event["event"] for event in caller.events].count("turn") == 3, "nothing was asked again"
        latencies = [value for event in caller.events for value in event.get("timings", {}).values()]
        assert all(0 <= value < LONGEST_MS for value in latencies), latencies
    transcript = await ended(house.settings, call)
    assert await house.traces.left() == NOTHING
    return transcript
