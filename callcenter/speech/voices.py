"""The voices that flows speak with, each brought up once, however many flows share it."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from callcenter import openai_client
from callcenter.config import Deepgram, OpenAI, Settings, Talking
from callcenter.errors import ConfigurationError
from callcenter.ladder import Rung
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.deepgram_voice import DeepgramVoice
from callcenter.speech.cloud.openai_voice import OpenAIVoice
from callcenter.speech.espeak import Espeak, program
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.piper import Piper
from callcenter.speech.voice import PreparedVoice, Voice, VoiceName
from callcenter.speech.voice_ladder import VoiceLadder

if TYPE_CHECKING:
    from openai import AsyncOpenAI

HERE_S = 10.0
"""So long a voice of this machine may take for a text: under load it takes long, and it does not fail."""


class Engine(Voice, Protocol):
    """A voice that is brought up and taken down."""

    async def start(self) -> None:
        """Warm up. Raises MissingPartError when it cannot speak after all."""

    def close(self) -> None:
        """Drop what waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The settings by which voices are brought up."""

    talking: Talking
    openai: OpenAI
    deepgram: Deepgram
    cache: Path
    """Where models and programs are, and phrases are kept."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those sections."""
        return cls(
            talking=settings.talking, openai=settings.openai, deepgram=settings.deepgram, cache=settings.paths.cache
        )

    def patience_s(self, name: VoiceName) -> float:
        """How long that voice may take until something can be heard."""
        match name.engine:
            case "openai":
                return self.openai.timeout_s
            case "deepgram":
                return self.deepgram.timeout_s
            case _:
                return HERE_S


class Voices:
    """By name, the voices that were asked for, none of which renders a text twice."""

    def __init__(self, engines: Mapping[VoiceName, Engine], sources: Sources) -> None:
        """Raises ConfigurationError when two could be taken for each other."""
        _tell_apart(engines)
        self._rungs = {
            name: Rung(
                name=str(name),
                provider=PhraseCache(engine, sources.cache / "phrases"),
                timeout_s=sources.patience_s(name),
                tries=2 if name.elsewhere else 1,
            )
            for name, engine in engines.items()
        }

    @classmethod
    @asynccontextmanager
    async def opened(cls, names: Iterable[VoiceName], sources: Sources) -> AsyncGenerator[Self, None]:
        """Load and warm up all of `names` at once, until the end of the context.

        Raises MissingPartError, in a group, when one is not there.
        """
        async with AsyncExitStack() as stack:
            loader = _Loader(sources, stack)
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(loader.load(name)) for name in dict.fromkeys(names)}
            yield cls({name: task.result() for name, task in tasks.items()}, sources)

    def __getitem__(self, choice: tuple[VoiceName, ...]) -> PreparedVoice:
        """The first of them, and the others for when it fails. One of this machine by itself is asked as it is."""
        if len(choice) == 1 and not choice[0].elsewhere:
            return self._rungs[choice[0]].provider
        return VoiceLadder([self._rungs[name] for name in choice])

    def report(self) -> list[dict[str, Any]]:
        """For `status`: the voices that may fail."""
        return VoiceLadder([rung for name, rung in self._rungs.items() if name.elsewhere]).report()


@asynccontextmanager
async def opened(name: VoiceName, sources: Sources) -> AsyncGenerator[Voice, None]:
    """One voice by itself, which keeps nothing. Raises MissingPartError when it is not there."""
    async with AsyncExitStack() as stack:
        yield await _Loader(sources, stack).load(name)


def _load(name: VoiceName, talking: Talking, cache: Path) -> Engine:
    """A voice of this machine that can be started. Blocks for about a second."""
    if name.engine == "espeak":
        return Espeak(name.name, program(cache), talking)
    return Piper(Path(Models(cache).locate(name.name)), talking)


def _tell_apart(engines: Mapping[VoiceName, Engine]) -> None:
    """Raise ConfigurationError when two voices are files of the same name: their phrases would be kept as one's."""
    known: dict[str, VoiceName] = {}
    for name, engine in engines.items():
        other = known.setdefault(engine.name, name)
        if other != name:
            raise ConfigurationError(f"the voices {other} and {name} are both called {engine.name}; rename one")


class _Loader:
    """Brings voices up, and clients that they share. All is taken down with the stack."""

    def __init__(self, sources: Sources, stack: AsyncExitStack) -> None:
        self._sources = sources
        self._stack = stack
        self._opening = asyncio.Lock()
        self._openai_client: AsyncOpenAI | None = None
        self._deepgram_client: DeepgramClient | None = None

    async def load(self, name: VoiceName) -> Engine:
        engine = await self._loaded(name)
        self._stack.callback(engine.close)
        await engine.start()
        return engine

    async def _loaded(self, name: VoiceName) -> Engine:
        talking, cache = self._sources.talking, self._sources.cache
        match name.engine:
            case "piper" | "espeak":
                return await asyncio.to_thread(_load, name, talking, cache)
            case "openai":
                return OpenAIVoice(name.name, await self._at_openai(), self._sources.openai)
            case "deepgram":
                return DeepgramVoice(name.name, self._at_deepgram())

    async def _at_openai(self) -> "AsyncOpenAI":
        async with self._opening:
            if self._openai_client is None:
                settings = self._sources.openai
                self._openai_client = await self._stack.enter_async_context(
                    openai_client.opened(settings.url, settings.key)
                )
            return self._openai_client

    def _at_deepgram(self) -> DeepgramClient:
        if self._deepgram_client is None:
            self._deepgram_client = DeepgramClient(self._sources.deepgram)
            self._stack.push_async_callback(self._deepgram_client.close)
        return self._deepgram_client
