"""An environment of its own for pipecat: its dependencies are many, and none of them are ours."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from callcenter.errors import MissingPartError

PIPECAT = "pipecat-ai[silero]==1.14.0"
TERMINATE_S = 5.0
TAIL = 20

Progress = Callable[[str], None]


def requirements() -> list[str]:
    """pipecat, and the event loop and the model's runtime in the versions that the daemon runs on."""
    return [PIPECAT, *(f"{name}=={version(name)}" for name in ("uvloop", "onnxruntime", "numpy"))]


async def furnished(cache: Path, progress: Progress, wanted: list[str] | None = None) -> Path:
    """The Python of an environment in `cache` with `wanted`, by default `requirements()`; made when it is not there.

    Raises MissingPartError when it cannot be made.
    """
    wanted = wanted or requirements()
    room = cache / "pipecat"
    python, complete = room / "bin" / "python", room / "complete"
    if complete.is_file() and complete.read_text() == "\n".join(wanted):
        return python
    progress(f"bringing {wanted[0]} into {room}, once")
    shutil.rmtree(room, ignore_errors=True)
    room.parent.mkdir(parents=True, exist_ok=True)
    await _run(progress, "venv", "--without-pip", str(room))
    await _run(
        progress,
        *("pip", "--no-input", "--disable-pip-version-check", "--python", str(python)),
        *("install", "--prefer-binary", "--retries", "2", *wanted),
    )
    complete.write_text("\n".join(wanted))
    return python


async def _run(progress: Progress, module: str, *arguments: str) -> None:
    """Run a module of this Python, and tell what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            said = [*said, line.decode(errors="replace").strip()][-TAIL:]
            if said[-1].startswith(("Collecting", "Installing")):
                progress(said[-1][:100])
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise MissingPartError(explain(module, said))


def explain(module: str, said: list[str]) -> str:
    """One sentence from the last lines that `module` wrote."""
    errors = [line for line in said if line.startswith("ERROR")] or [line for line in said if line]
    reason = errors[-1].removeprefix("ERROR: ") if errors else "it gave no reason"
    return (
        f"{PIPECAT} cannot be installed, {module} says: {reason}; check the network and pip's index settings, "
        "or measure without --vs pipecat"
    )
