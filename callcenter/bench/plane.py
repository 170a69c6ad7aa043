"""The daemon's own media plane with nothing else around it. Run as a process of its own.

Its lines, clock, playout, ears and VAD are those of the daemon, on uvloop as there. In the place of Whisper there is a
recogniser that has nothing to say, and in the place of a brain a talker that says one clip after another.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time
from array import array
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from numpy.typing import NDArray

from callcenter import garbage, log
from callcenter.bench import cores
from callcenter.bench.arrivals import FRAME, PERIOD
from callcenter.bench.far_end import first_due
from callcenter.bench.levels import Plane, Spread
from callcenter.config import Hearing, Log
from callcenter.media import udp
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.media.rtp_line import RtpLine
from callcenter.speech.ear import SpeechStarted
from callcenter.speech.local_ear import LocalEar, LocalHearing
from callcenter.speech.onset import Levels
from callcenter.speech.recogniser import Recognised
from callcenter.speech.utterances import Window, window_bytes
from callcenter.speech.vad import Silero, Track

WINDOW = window_bytes(NARROWBAND) // 2
"""Samples that are judged at once."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class Wordless:
    """A recogniser that is done at once."""

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """Nothing."""
        return Recognised(text="", confidence=0.0, ms=0.0)


class Line(RtpLine):
    """A line that notes how long a clip waits for its first frame to be sent."""

    def __init__(self, host: str, clock: Clock) -> None:
        super().__init__(udp.bind(host), ULAW, clock)
        self.first_sent: array[float] = array("d")
        """When the first frame of each clip was ..."""
        self.waited: array[float] = array("d")
        """... and how long after its being said."""
        self._said: float | None = None

    def say(self, clip: Clip) -> None:
        """Play `clip`."""
        self._said = time.monotonic()
        self.playout.say(clip)

    def tick(self, now: float, skipped: int) -> None:
        """Send the frame that is due."""
        sent = self.counters.sent
        super().tick(now, skipped)
        if self._said is not None and self.counters.sent > sent:
            at = time.monotonic()
            self.first_sent.append(at)
            self.waited.append(at - self._said)
            self._said = None


class Extension:
    """One call: a line, an ear on it, somebody who reads what the ear hears, and somebody who talks."""

    def __init__(self, host: str, clock: Clock, hearing: LocalHearing) -> None:
        self.line = Line(host, clock)
        self.heard = 0
        self.judged: array[float] = array("d")
        """When each window was."""
        self._ear = hearing.listen(self.line.received, self.line.playout.trail)
        self._note_judgements(self._ear)

    async def listen(self) -> None:
        """Take what is heard, until cancelled."""
        while True:
            self.heard += isinstance(await self._ear.next(), SpeechStarted)

    async def talk(self, clip: Clip) -> None:
        """Say `clip` over and over, until cancelled.

        The next is said up to 20 ms after the end of the one before: at no particular time within the clock's period,
        for neither does a voice know when its clip is ready.
        """
        await asyncio.sleep(random.uniform(0, clip.seconds))
        while True:
            self.line.say(clip)
            await self.line.played()
            await asyncio.sleep(random.uniform(0, PERIOD))

    def close(self) -> None:
        """Hang up."""
        self._ear.close()
        self.line.close()

    def _note_judgements(self, ear: LocalEar) -> None:
        follow, judged = ear.follow, self.judged

        def noted(window: Window, probability: float, levels: Levels, group: asyncio.TaskGroup) -> None:
            judged.append(time.monotonic())
            follow(window, probability, levels, group)

        # Hearing makes its ears itself; measuring from outside spares it a seam that nothing else needs.
        ear.follow = noted  # type: ignore[method-assign]


class Exchange:
    """All calls of a level."""

    def __init__(self, specification: dict[str, Any]) -> None:
        silero = Silero(Path(specification["silero"]))
        silero.step([(Track(), bytes(2 * WINDOW))])
        self._clip = Clip(text="", pcm=Path(specification["answered"]).read_bytes(), rate=NARROWBAND)
        self._clock = Clock()
        self._hearing = LocalHearing(Hearing(), silero, Wordless())
        self._memory = resident()
        self._calls = [
            Extension(specification["host"], self._clock, self._hearing) for _ in range(specification["calls"])
        ]

    @property
    def ports(self) -> list[int]:
        """Where each call listens."""
        return [call.line.local_address[1] for call in self._calls]

    async def serve(self, order: dict[str, Any]) -> Plane:
        """Run all calls till the end of the measurement; `order` is that of the far end."""
        async with asyncio.TaskGroup() as group:
            work = [self._clock.run(), self._hearing.run()]
            work += [task for call in self._calls for task in (call.listen(), call.talk(self._clip))]
            tasks = [group.create_task(each) for each in work]
            figures = await self._measure(order)
            for task in tasks:
                task.cancel()
        return figures

    def close(self) -> None:
        """End all calls."""
        for call in self._calls:
            call.close()

    async def _measure(self, order: dict[str, Any]) -> Plane:
        await asyncio.sleep(order["begin"] - time.monotonic())
        cpu, at, late, dropped = time.process_time(), time.monotonic(), self._clock.timing.late, self._dropped
        await asyncio.sleep(order["end"] - time.monotonic())
        cpu, seconds = time.process_time() - cpu, time.monotonic() - at
        late, dropped = self._clock.timing.late - late, self._dropped - dropped
        return Plane(
            cpu=round(cpu / seconds, 4),
            memory=self._memory_per_call(),
            heard=sum(call.heard for call in self._calls),
            late_ticks=late,
            lag_p99_ms=round(self._clock.timing.p99_ms, 3),
            dropped=dropped,
            vad_ms=_spread([self._judging(call, order, number) for number, call in enumerate(self._calls)]),
            say_ms=_spread([_within(call.line.first_sent, call.line.waited, order) for call in self._calls]),
        )

    @property
    def _dropped(self) -> int:
        return sum(call.line.received.dropped for call in self._calls)

    def _memory_per_call(self) -> int:
        gc.collect()
        return (resident() - self._memory) // len(self._calls)

    def _judging(self, call: Extension, order: dict[str, Any], number: int) -> NDArray[np.float64]:
        """The time from each window's last datagram being due to its judgement.

        From when it was due, for the loop's own delay in reading it belongs to the path; so does then the far end's
        delay in sending it.
        """
        judged = np.frombuffer(call.judged, np.float64)
        last_frame = ((np.arange(judged.size) + 1) * WINDOW - 1) // FRAME
        due = first_due(order["start"], number) + last_frame * PERIOD
        return np.asarray((judged - due)[(due >= order["begin"]) & (due < order["end"])])


def _within(moments: "array[float]", values: "array[float]", order: dict[str, Any]) -> NDArray[np.float64]:
    at = np.frombuffer(moments, np.float64)
    return np.asarray(np.frombuffer(values, np.float64)[(at >= order["begin"]) & (at < order["end"])])


def _spread(values: list[NDArray[np.float64]]) -> Spread | None:
    every = np.concatenate(values) * 1000
    if not every.size:
        return None
    p50, p99 = np.percentile(every, [50, 99])
    return Spread(p50=round(float(p50), 2), p99=round(float(p99), 2))


def resident() -> int:
    """The bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def _orders() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _serve(specification: dict[str, Any]) -> None:
    orders = await _orders()
    exchange = Exchange(specification)
    garbage.spare_what_is_there()
    try:
        print(json.dumps({"ports": exchange.ports}), flush=True)
        if line := await orders.readline():
            print(json.dumps(asdict(await exchange.serve(json.loads(line)))), flush=True)
    finally:
        exchange.close()


def main() -> None:
    """Take the specification (`core`, `calls`, `host`, `answered`, `silero`), then the far end's order from stdin."""
    specification = json.loads(sys.argv[1])
    cores.settle(specification["core"])
    log.configure(Log(level="error"))
    uvloop.run(_serve(specification))


if __name__ == "__main__":
    main()
