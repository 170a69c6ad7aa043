"""SVOX Pico: French, Spanish, German, Italian and English that Whisper understands."""

import asyncio
import ctypes.util
import sys
from pathlib import Path

from callcenter import debian
from callcenter.errors import MissingPartError
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.simulation.engines.sound import Sound, spoken_by

RESOURCES = Path("usr/share/pico/lang")
PROCESS = Path(__file__).with_name("pico_process.py")


async def speak(speech: Speech, supply: Supply) -> Sound:
    """An `Engine`, through the library: the program that comes with it finds its resources only where it is installed.

    The library speaks in a process of its own. It is C from 2009 that has seen few texts, and a crash of it must not
    end the calls in progress; the some 60 ms that a process takes are spent once for a text, before the call.
    """
    installed = await asyncio.to_thread(_installed)
    library, resources = installed or _brought(await supply.tree(debian.PICO))
    # `-I`: nothing but the standard library, and so as quick as Python starts.
    command = [sys.executable, "-I", "-X", "utf8", str(PROCESS), library, str(resources)]
    return await spoken_by("pico", command, speech.voice, str(round(100 / speech.stretch)), speech.text)


def _installed() -> tuple[str, Path] | None:
    """The library's name and the folder of the voices."""
    resources = "/" / RESOURCES
    # The search starts programs such as ldconfig.
    library = ctypes.util.find_library("ttspico") if resources.is_dir() else None
    return (library, resources) if library else None


def _brought(tree: debian.Tree) -> tuple[str, Path]:
    libraries = [path for folder in tree.libraries() for path in sorted(folder.glob("libttspico.so.*"))]
    if not libraries:
        raise MissingPartError(f"{tree.root} has no library of Pico; remove it and try again")
    return str(libraries[0]), tree.root / RESOURCES
