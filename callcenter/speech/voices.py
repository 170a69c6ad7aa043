"""The voices that flows speak with, each brought up once, however many flows share it."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, Self

from callcenter.config import Talking
from callcenter.errors import ConfigurationError
from callcenter.speech.espeak import Espeak, program
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.piper import Piper
from callcenter.speech.voice import Voice, VoiceName


class Engine(Voice, Protocol):
    """A voice that is brought up and taken down."""

    async def start(self) -> None:
        """Warm up. Raises MissingPartError when it cannot speak after all."""

    def close(self) -> None:
        """Drop what waits."""


class Voices:
    """By name, the voices that were asked for, none of which renders a text twice."""

    def __init__(self, engines: Mapping[VoiceName, Engine], phrases: Path) -> None:
        """Raises ConfigurationError when two could be taken for each other."""
        _tell_apart(engines)
        self._engines = engines
        self._phrases = {name: PhraseCache(engine, phrases) for name, engine in engines.items()}

    @classmethod
    async def brought_up(cls, names: Iterable[VoiceName], talking: Talking, cache: Path) -> Self:
        """Load and warm up all of `names` at once.

        Raises MissingPartError, in a group, when one is not there.
        """
        engines: dict[VoiceName, Engine] = {}

        async def bring(name: VoiceName) -> None:
            engines[name] = await asyncio.to_thread(load, name, talking, cache)
            await engines[name].start()

        try:
            async with asyncio.TaskGroup() as group:
                for name in dict.fromkeys(names):
                    group.create_task(bring(name))
            return cls(engines, cache / "phrases")
        except BaseException:
            _close(engines)
            raise

    def __getitem__(self, name: VoiceName) -> PhraseCache:
        return self._phrases[name]

    def close(self) -> None:
        """Drop what waits for any of them."""
        _close(self._engines)


def load(name: VoiceName, talking: Talking, cache: Path) -> Engine:
    """A voice that can be started. Blocks for about a second. Raises MissingPartError when it is not there."""
    match name.engine:
        case "piper":
            return Piper(Path(Models(cache).locate(name.name)), talking)
        case "espeak":
            return Espeak(name.name, program(cache), talking)


def _tell_apart(engines: Mapping[VoiceName, Engine]) -> None:
    """Raise ConfigurationError when two voices are files of the same name: their phrases would be kept as one's."""
    known: dict[str, VoiceName] = {}
    for name, engine in engines.items():
        other = known.setdefault(engine.name, name)
        if other != name:
            raise ConfigurationError(f"the voices {other} and {name} are both called {engine.name}; rename one")


def _close(engines: Mapping[VoiceName, Engine]) -> None:
    for engine in engines.values():
        engine.close()
