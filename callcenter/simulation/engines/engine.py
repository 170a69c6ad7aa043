"""The seam of callers' voices: a text, how it is spoken, and what an engine needs for it."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter import debian
from callcenter.debian import Bundle, Tree
from callcenter.simulation.engines.sound import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What an engine is to say."""

    text: str
    voice: str
    """A name of the engine's own."""
    stretch: float
    """How many times slower than usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Where an engine's program and data come from when they are not installed."""

    cache: Path
    progress: debian.Progress

    async def program(self, name: str, bundle: Bundle) -> tuple[list[str], Tree | None]:
        """How to start the program: the installed one, else that of `bundle`, with the tree it is in.

        Raises MissingPartError.
        """
        installed = shutil.which(name)
        if installed:
            return [installed], None
        tree = await self.tree(bundle)
        return tree.command(f"usr/bin/{name}"), tree

    async def tree(self, bundle: Bundle) -> Tree:
        """The packages of `bundle`, brought here if they are not yet. Raises MissingPartError."""
        return await debian.bring(bundle, self.cache, self.progress)


Engine = Callable[[Speech, Supply], Awaitable[Sound]]
"""Raises MissingPartError when its program cannot be had, SimulationError when it does not speak."""
