"""Recordings of calls: a call adds frames to its tape, one thread for all calls writes the tapes to the disk.

A file is `2026-11-21/<UUID of the call>.wav` in the folder of the recordings: stereo, the caller on the left, the agent
on the right. Trouble with the disk costs recordings, never a call.
"""

import asyncio
import os
import shutil
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar
from uuid import UUID

import structlog

from callcenter.config import Recording
from callcenter.media.pcm import FRAME_MS, NARROWBAND
from callcenter.media.timeline import SILENCE, Frame, Timeline
from callcenter.media.wav_file import WavFile, repair

BUFFERED = 10_000 // FRAME_MS
"""Frames of each side that wait for the disk; what comes while it has not taken 10 s is lost from the recording."""
WRITE_EVERY_S = 1.0
LEAST_FREE = 500_000_000
"""Bytes that stay free: an hour of sound of four calls is as much."""

log = structlog.get_logger()
T = TypeVar("T")


class Tape:
    """The recording of one call, as the event loop sees it. Nothing here waits or fails."""

    def __init__(self, call: UUID, path: Path, origin: float, rate: int) -> None:
        self.rate = rate
        self.path: Path | None = path
        """Where the recording is; None when nothing could be kept."""
        self.closed = False
        self.lost = 0
        """Frames that the disk was too slow for."""
        self.call = call.hex[:12]
        """As the log names it."""
        self.now = self.origin = origin
        """Loop times of the latest and of the first moment."""
        # Frames go through deques, whose append and popleft need no lock between two threads.
        self._caller: deque[Frame] = deque()
        self._agent: deque[Frame] = deque()
        self._limit = BUFFERED
        self._silent = True

    def caller(self, at: float, pcm: bytes) -> None:
        """A 20 ms frame of the caller arrived at loop time `at`."""
        self._add(self._caller, at, pcm)

    def agent(self, at: float, pcm: bytes | None) -> None:
        """A 20 ms frame was sent at loop time `at`; None is silence. To be told each tick, for it keeps the time."""
        self.now = at
        if pcm is not None:
            self._silent = False
            self._add(self._agent, at, pcm)
        elif not self._silent:
            self._silent = True
            self._add(self._agent, at, SILENCE)

    def close(self) -> None:
        """That was all. The rest is written soon after. May be called twice."""
        self.closed = True

    def fail(self, *, kept: bool) -> None:
        """Take nothing more, because the disk does not; `kept` says whether there is a file with what came before."""
        self._limit = 0
        self.taken()
        self.path = self.path if kept else None

    def taken(self) -> tuple[list[Frame], list[Frame]]:
        """What came since the last time: the caller's frames and the agent's."""
        return _drained(self._caller), _drained(self._agent)

    def _add(self, frames: deque[Frame], at: float, pcm: bytes | None) -> None:
        if len(frames) < self._limit:
            frames.append((at, pcm))
        else:
            self.lost += 1


class Tapes:
    """All recordings, in `folder`, for `keep_days`. An asynchronous context manager: its thread runs within it."""

    def __init__(
        self,
        folder: Path,
        *,
        keep_days: int,
        least_free: int = LEAST_FREE,
        every_s: float = WRITE_EVERY_S,
        today: Callable[[], date] = lambda: datetime.now().astimezone().date(),
    ) -> None:
        """`least_free` bytes stay free; `every_s` the disk is written to; `today` names a day's folder, and its age."""
        self._folder = folder
        self._keep_days = keep_days
        self._least_free = least_free
        self._every_s = every_s
        self._today = today
        self._swept: date | None = None
        self._trouble = ""
        self._handed: deque[Tape] = deque()
        self._reels: list[_Reel] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tapes", daemon=True)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._look)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self, call: UUID, at: float, rate: int = NARROWBAND) -> Tape | None:
        """A tape for `call` that begins at loop time `at`; None, and a line in the log, when nothing can be kept."""
        if self._trouble:
            log.warning("x recording", reason=self._trouble)
            return None
        tape = Tape(call, self._folder / self._today().isoformat() / f"{call}.wav", at, rate)
        self._handed.append(tape)
        return tape

    async def close(self, limit_s: float = 5.0) -> None:
        """Write what was handed over, all tapes ended, and free the thread; not longer than `limit_s`."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join, limit_s)
        if self._thread.is_alive():
            log.error("! recordings", error=f"the disk did not take the last sound in {limit_s:g} s")

    def _run(self) -> None:
        self._mend()
        while not self._stop.is_set():
            self._look()
            self._sweep()
            self._write()
            self._stop.wait(self._every_s)
        for reel in (*self._reels, *map(_Reel, _drained(self._handed))):
            reel.tape.close()
            reel.turn()

    def _write(self) -> None:
        self._reels += map(_Reel, _drained(self._handed))
        self._reels = [reel for reel in self._reels if reel.turn()]

    def _look(self) -> None:
        """See whether there is a place for new recordings."""
        trouble = self._found_trouble()
        if trouble and trouble != self._trouble:
            log.error("! recordings", error=trouble)
        self._trouble = trouble

    def _found_trouble(self) -> str:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            return f"{self._folder} cannot be used: {error.strerror}"
        if not os.access(self._folder, os.W_OK | os.X_OK):
            return f"{self._folder} cannot be written"
        return f"{self._folder} has less than {self._least_free / 1e6:.0f} MB free" if free < self._least_free else ""

    def _mend(self) -> None:
        """Let the files that a killed daemon left say how long they are."""
        for path in self._found("*/*.wav"):
            try:
                if repair(path):
                    log.info("= recording", mended=str(path))
            except OSError as error:
                log.warning("! recording", file=str(path), error=str(error))

    def _found(self, pattern: str) -> list[Path]:
        try:
            return sorted(self._folder.glob(pattern))
        except OSError:  # what is wrong with the folder, `_look` tells
            return []

    def _sweep(self) -> None:
        """Once a day, remove what is old. Only what has the names of recordings is touched."""
        today = self._today()
        if today == self._swept:
            return
        self._swept = today
        for day in self._found("????-??-??"):
            if day.name < (today - timedelta(days=self._keep_days)).isoformat():
                _remove(day)


@asynccontextmanager
async def recording(settings: Recording, state: Path) -> AsyncIterator[Callable[[UUID, float, int], Tape | None]]:
    """What starts the tape of a call, as `Tapes.start` does, while the block runs; no call has one unless enabled."""
    if not settings.enabled:
        yield lambda call, at, rate: None
        return
    async with Tapes(settings.folder or state / "recordings", keep_days=settings.keep_days) as tapes:
        yield tapes.start


class _Reel:
    """A tape on its way to the disk; only the thread sees it."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._timeline = Timeline(tape.origin, tape.rate)
        self._file: WavFile | None = None

    def turn(self) -> bool:
        """Write what there is; whether more may come. Never raises."""
        try:
            # Read in this order: what was added before these moments is then among the frames.
            closed, now = self.tape.closed, self.tape.now
            self._write(self._timeline.take(*self.tape.taken(), now))
            if closed:
                self._write(self._timeline.rest())
        except Exception as error:  # the edge of one call: a full disk, or a fault of ours, costs one recording
            self.tape.fail(kept=self._file is not None)
            log.error("! recording", call=self.tape.call, error=str(error), exc_info=not isinstance(error, OSError))
            closed = True
        if closed:
            self._finish()
        return not closed

    def _write(self, sound: bytes) -> None:
        if self._file is None and self.tape.path is not None:
            self.tape.path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = WavFile(self.tape.path, self.tape.rate)
        if self._file is not None and sound:
            self._file.write(sound)

    def _finish(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # of a network disk: what it did not take is lost, and was said
                self._file.close()
        if self.tape.lost:
            log.warning("x recording", call=self.tape.call, lost_frames=self.tape.lost)


def _drained(items: deque[T]) -> list[T]:
    """All that is in there now, while another thread may append."""
    return [items.popleft() for _ in range(len(items))]


def _remove(day: Path) -> None:
    """A day's recordings, and the folder unless something else is in it."""
    try:
        for path in day.glob("*.wav"):
            path.unlink()
        day.rmdir()
    except OSError as error:
        log.warning("! recordings", folder=str(day), error=str(error))
    else:
        log.info("= recordings", removed=day.name)
