"""Both sides of a call on one timeline, made as the call goes on: frames with their times in, stereo sound out.

Frames come late, in bursts or not at all, but their sender made them one after the other. So a side goes on without a
gap as long as that explains when its frames came, and what did not come is silence.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HOLD_S = 0.5
"""The latest frames wait this long to be placed: of a burst only the last frame tells when it was due."""
LATEST_S = 2 * HOLD_S
"""A frame that was due longer ago than this is dropped, for there is silence in its place already."""
SLIP_S = 0.015
"""A side is out of step from here on, and is set right by silence or by leaving frames out. Less than a frame, so that
a tick of the clock without one is seen; more than two clocks part in five minutes."""

SILENCE = None
Frame = tuple[float, bytes | None]
"""A loop time and 16-bit PCM; SILENCE says that the side paused, so that what comes next does not follow on."""


@dataclass(slots=True, kw_only=True)
class Side:
    """One side of a call. Positions are in samples from `origin`, a loop time."""

    origin: float
    rate: int
    arriving: bool
    """A frame's time is when it had arrived, so when it ended; else when it began."""
    latest: float = -math.inf
    """The time of the latest frame."""
    end: int = 0
    """Where the next frame belongs if it follows on."""
    _waiting: list[Frame] = field(default_factory=list)
    _follows: bool = False

    def add(self, frames: list[Frame]) -> None:
        """Take frames that came after those before."""
        self._waiting += frames
        if frames:
            self.latest = frames[-1][0]

    def place(self, until: float, floor: int) -> list[tuple[int, bytes]]:
        """The sound of the frames that came at `until` or before, with its positions, none before `floor`."""
        due, sizes = self._due()
        count = sum(at <= until for at, _ in self._waiting)
        placed, self._waiting = self._waiting[:count], self._waiting[count:]
        self.end = max(self.end, floor)
        if self._follows and self._in_step(due[:count], sizes[:count]) and not any(pcm is SILENCE for _, pcm in placed):
            sound = b"".join(pcm for _, pcm in placed if pcm is not SILENCE)
            return self._follow_on(sound) if sound else []
        return [piece for (_, pcm), position in zip(placed, due, strict=False) for piece in self._one(pcm, position)]

    def _due(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where each waiting frame belongs, and its size.

        The sender made the frames one after the other, and none came before it was made: so a frame is no later than
        each that follows it allows.
        """
        times = np.array([at for at, _ in self._waiting], np.float64)
        sizes = np.array([len(pcm or b"") // 2 for _, pcm in self._waiting], np.float64)
        before = np.cumsum(sizes) - sizes
        delays = (times - self.origin) * self.rate - before - (sizes if self.arriving else 0)
        return before + np.minimum.accumulate(delays[::-1])[::-1], sizes

    def _in_step(self, due: NDArray[np.float64], sizes: NDArray[np.float64]) -> bool:
        following = self.end + np.cumsum(sizes) - sizes
        return bool(np.all(np.abs(due - following) <= SLIP_S * self.rate))

    def _one(self, pcm: bytes | None, due: float) -> list[tuple[int, bytes]]:
        if pcm is SILENCE:
            self._follows = False
            return []
        ahead = due - self.end
        if ahead < -SLIP_S * self.rate:
            return []
        if ahead > (SLIP_S * self.rate if self._follows else 0):
            self.end = round(due)
        self._follows = True
        return self._follow_on(pcm)

    def _follow_on(self, pcm: bytes) -> list[tuple[int, bytes]]:
        position = self.end
        self.end += len(pcm) // 2
        return [(position, pcm)]


class Timeline:
    """The caller on the left, the agent on the right, as 16-bit little-endian stereo."""

    def __init__(self, origin: float, rate: int) -> None:
        """`origin` is the loop time of the first sample, `rate` the samples per second of both sides."""
        self._origin = origin
        self._rate = rate
        self._caller = Side(origin=origin, rate=rate, arriving=True)
        self._agent = Side(origin=origin, rate=rate, arriving=False)
        self._taken = 0
        self._open: NDArray[np.int16] = np.zeros((0, 2), "<i2")
        """What may still change, from the first sample that was not taken."""

    def take(self, caller: list[Frame], agent: list[Frame], now: float) -> bytes:
        """Add the frames that came since the last time, and take the sound that is settled at loop time `now`."""
        self._caller.add(caller)
        self._agent.add(agent)
        now = max(now, self._caller.latest, self._agent.latest)
        self._place(now - HOLD_S)
        return self._cut(round((now - LATEST_S - self._origin) * self._rate) - self._taken)

    def rest(self) -> bytes:
        """Take all that is left, up to the end of the longer side."""
        self._place(math.inf)
        return self._cut(max(self._caller.end, self._agent.end) - self._taken)

    def _place(self, until: float) -> None:
        for column, side in enumerate((self._caller, self._agent)):
            for position, pcm in side.place(until, self._taken):
                samples = np.frombuffer(pcm, "<i2", len(pcm) // 2)
                start = position - self._taken
                self._reach(start + samples.size)
                self._open[start : start + samples.size, column] = samples

    def _reach(self, size: int) -> None:
        if size > len(self._open):
            self._open = np.concatenate([self._open, np.zeros((size - len(self._open), 2), "<i2")])

    def _cut(self, size: int) -> bytes:
        if size <= 0:
            return b""
        self._reach(size)
        settled, self._open = self._open[:size], self._open[size:].copy()
        self._taken += size
        return settled.tobytes()
