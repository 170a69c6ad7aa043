"""Encoded records on disk while PostgreSQL is away: one a line, in order, fsynced, removed once stored.

What a crash cut off in the middle of a line goes to `torn`; what the database refuses goes to `rejected`. After a
crash the records that were stored already are read again, which does no harm.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

import structlog

from callcenter.errors import StoreError

_RECORDS = "records.jsonl"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Lines read from the spool, and the offset at which it goes on behind them."""

    lines: list[str]
    end: int


class Spool:
    """The files in `directory`. All methods block for the disk and raise StoreError when it fails."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.count = 0
        self._guard = Lock()
        self._file: int | None = None
        self._start = 0
        self._end = 0

    @property
    def empty(self) -> bool:
        """Whether everything in it was stored."""
        return self._start == self._end

    def open(self) -> None:
        """Make the files and mend what a crash left, unless open. Only one process can have it open."""
        with self._guard, self._mapped():
            if self._file is not None:
                return
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._directory / _RECORDS, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._file)
                self._file = None
                raise StoreError(
                    f"{self._directory} is in use by another daemon: give this one its own state"
                ) from error
            self._mend(self._file)
            _sync(self._directory)

    def close(self) -> None:
        """Free the files; what is in them stays. May be called twice."""
        with self._guard:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def append(self, lines: Sequence[str]) -> None:
        """Add `lines`, which have no line ends, all of them or none."""
        content = "".join(line + "\n" for line in lines).encode()
        with self._guard, self._mapped():
            file = self._opened()
            try:
                _write(file, content)
            except OSError:
                os.ftruncate(file, self._end)
                raise
            self._end += len(content)
            self.count += len(lines)

    def read(self, limit: int) -> Chunk:
        """The next lines that were not stored yet, at most `limit`."""
        if self.empty:
            return Chunk(lines=[], end=self._end)
        with self._guard, self._mapped(), os.fdopen(os.dup(self._opened()), "rb") as file:
            file.seek(self._start)
            lines = list(islice(file, limit))
            end = self._start + sum(map(len, lines))
        return Chunk(lines=[line.decode(errors="replace").removesuffix("\n") for line in lines], end=end)

    def stored(self, chunk: Chunk) -> None:
        """Go on behind `chunk`; when nothing is left the file becomes empty."""
        if not chunk.lines:
            return
        with self._guard, self._mapped():
            self.count -= len(chunk.lines)
            if chunk.end == self._end:
                os.ftruncate(self._opened(), 0)
                os.fsync(self._opened())
                self._start = self._end = 0
            else:
                self._start = chunk.end

    def reject(self, line: str, reason: str) -> None:
        """Put what the database refused aside, for a person to look at."""
        entry = json.dumps({"reason": reason, "record": line}) + "\n"
        with self._guard, self._mapped():
            self._put_aside("rejected", entry.encode())

    def _mend(self, file: int) -> None:
        """Cut off a last line without an end."""
        content = (self._directory / _RECORDS).read_bytes()
        self._start, self._end = 0, content.rfind(b"\n") + 1
        self.count = content.count(b"\n")
        torn = content[self._end :]
        if torn:
            self._put_aside("torn", torn + b"\n")
            os.ftruncate(file, self._end)
            os.fsync(file)
            log.warning("! spool", torn=len(torn))

    def _put_aside(self, name: str, content: bytes) -> None:
        file = os.open(self._directory / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write(file, content)
        finally:
            os.close(file)

    def _opened(self) -> int:
        if self._file is None:
            raise StoreError("the spool is closed")
        return self._file

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self._directory} cannot be written: {error.strerror}. Make room, or set its rights"
            ) from error


def _write(file: int, content: bytes) -> None:
    """All of `content`, on the disk when it returns."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)


def _sync(directory: Path) -> None:
    """Make new names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
