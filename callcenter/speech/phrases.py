"""Phrases rendered beforehand: kept in memory, and on disk for the next start."""

import asyncio
import hashlib
import os
import wave
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import structlog

from callcenter.media.pcm import Clip
from callcenter.speech.voice import Paid, Voice, streamed, unpaid

log = structlog.get_logger()

CLIPS = 1000
"""In memory; at 8 kHz about 50 kB each."""
DISK_BYTES = 500_000_000
AT_ONCE = 2


class PhraseCache:
    """A voice that renders no text twice. Only what is prepared goes to disk: the rest may hold names and numbers."""

    def __init__(self, voice: Voice, folder: Path, *, disk_bytes: int = DISK_BYTES) -> None:
        self._voice = voice
        self._folder = folder
        self._disk_bytes = disk_bytes
        self._clips: OrderedDict[Path, Clip] = OrderedDict()
        self._rendering: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    @property
    def name(self) -> str:
        """The voice's."""
        return self._voice.name

    async def render(self, text: str, rate: int) -> Clip:
        """From memory, from disk, or from the voice; whoever asks for what is being rendered waits for that."""
        return await self._get(text, rate)

    async def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """At once what is there, else as it comes; it is kept when it has come to its end."""
        if clip := await self.cached(text, rate):
            yield clip
            return
        async with aclosing(self.stream_anew(text, rate)) as clips:
            async for clip in clips:
                yield clip

    async def stream_anew(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """From the voice, whether it is there or not; for whoever has looked."""
        said = b""
        async with aclosing(streamed(self._voice, text, rate)) as clips:
            async for clip in clips:
                said += clip.pcm
                yield clip
        self._remember(self._path(text, rate), Clip(text=text, pcm=said, rate=rate))

    async def cached(self, text: str, rate: int) -> Clip | None:
        """From memory or disk."""
        path = self._path(text, rate)
        clip = self._clips.get(path) or await asyncio.to_thread(_read, path, text, rate)
        if clip:
            self._remember(path, clip)
        return clip

    async def prepare(self, texts: Iterable[str], rate: int, paid: Paid = unpaid) -> None:
        """Have `texts` ready in memory and on disk; `paid` is told of those that cost something. Raises SpeechError."""
        await for_each(texts, lambda text: self.keep(text, rate, paid))
        await self.prune()

    async def keep(self, text: str, rate: int, paid: Paid = unpaid) -> None:
        """Have it ready in memory and on disk; `paid` is told if that costs something. Raises SpeechError."""
        clip = await self._get(text, rate)
        if clip.by:
            paid(clip.by, clip.characters_paid)
        await asyncio.to_thread(_write, self._path(text, rate), clip)

    async def prune(self) -> None:
        """Take no more of the disk than allowed."""
        await asyncio.to_thread(_prune, self._folder, self._disk_bytes)

    def report(self) -> list[dict[str, Any]]:
        """Nothing: who has no other is not watched."""
        return []

    async def _get(self, text: str, rate: int) -> Clip:
        path = self._path(text, rate)
        lock = self._rendering.setdefault(path, asyncio.Lock())
        async with lock:
            clip = await self.cached(text, rate)
            if clip is None:
                clip = await self._voice.render(text, rate)
                self._remember(path, replace(clip, by="", ordered=None) if clip.by else clip)
        return clip

    def _remember(self, path: Path, clip: Clip) -> None:
        self._clips[path] = clip
        self._clips.move_to_end(path)
        if len(self._clips) > CLIPS:
            self._clips.popitem(last=False)

    def _path(self, text: str, rate: int) -> Path:
        key = hashlib.sha256(f"{self._voice.name}\n{rate}\n{text}".encode()).hexdigest()
        return self._folder / f"{key[:32]}.wav"


async def for_each(texts: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Do it for each text once, some at a time. Raises the first failure."""
    rest = iter(dict.fromkeys(texts))

    async def take() -> None:
        for text in rest:
            await work(text)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _read(path: Path, text: str, rate: int) -> Clip | None:
    """The phrase at `path`, or None when there is none or it is damaged, and then it is removed.

    Its time is set: pruning goes by last use.
    """
    try:
        with wave.open(str(path), "rb") as file:
            pcm = file.readframes(file.getnframes())
            whole = file.getframerate() == rate and pcm and len(pcm) == file.getnframes() * 2
        os.utime(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("x phrase", path=str(path), error=str(error))
        return None
    except (wave.Error, EOFError):
        whole = False
    if not whole:
        log.warning("x phrase", path=str(path), error="damaged")
        path.unlink(missing_ok=True)
        return None
    return Clip(text=text, pcm=pcm, rate=rate)


def _write(path: Path, clip: Clip) -> None:
    """Write whole or not at all, unless it is there.

    A disk that cannot take it costs time at the next start, and who is paid is paid again, no more.
    """
    if path.exists():
        return
    fresh = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(fresh), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(clip.rate)
            file.writeframes(clip.pcm)
        fresh.replace(path)
    except OSError as error:
        log.warning("! phrase", path=str(path), error=str(error))
        with suppress(OSError):
            fresh.unlink()


def _prune(folder: Path, most: int) -> None:
    """Remove the files longest unused until at most `most` bytes are left."""
    files = sorted(_files(folder), reverse=True)
    total = 0
    for _, size, path in files:
        total += size
        if total > most:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    for path in folder.glob("*.wav"):
        with suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path
