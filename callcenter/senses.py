"""The ears and voices of all calls, brought up as the settings want them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from callcenter import repertoire
from callcenter.config import Settings
from callcenter.dialogue.flow import Flow
from callcenter.speech import listeners, recognisers
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.models import Models
from callcenter.speech.recognisers import LadderRecogniser
from callcenter.speech.vad import Silero
from callcenter.speech.voice import PreparedVoice
from callcenter.speech.voices import Sources, Voices
from callcenter.speech.whisper import Whisper


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """Ears for all calls, and a voice for those of each flow."""

    whisper: Whisper | None
    """That of this machine, if it is among the recognisers."""
    recogniser: LadderRecogniser
    hearing: LocalHearing
    voices: Mapping[str, PreparedVoice]
    """By flow; several flows may share one."""
    spoken: Callable[[], list[dict[str, Any]]]
    """For `status`: the voices that may fail."""

    @property
    def waiting(self) -> int:
        """Utterances for which no worker of this machine is free."""
        return self.whisper.waiting if self.whisper else 0

    def report(self) -> dict[str, Any]:
        """For `status`."""
        return {
            "speech": {
                "working": self.whisper.working if self.whisper else 0,
                "waiting": self.waiting,
                "ears": self.hearing.ears,
            },
            "listening": self.hearing.report(),
            "recognisers": self.recogniser.report(),
            "voices": self.spoken(),
        }


@asynccontextmanager
async def opened(settings: Settings, flows: Iterable[Flow]) -> AsyncIterator[Senses]:
    """Ears and voices, loaded and warmed up. Raises MissingPartError when a model or a program is not there."""
    choices = {flow.name: repertoire.voices(flow, settings.talking) for flow in flows}
    names = [name for choice in choices.values() for name in choice]
    async with AsyncExitStack() as stack:
        deepgram = DeepgramClient(settings.deepgram)
        stack.push_async_callback(deepgram.close)
        whisper, voices, silero, _ = await asyncio.gather(
            _whisper(settings),
            stack.enter_async_context(Voices.opened(names, Sources.of(settings))),
            asyncio.to_thread(lambda: Silero(Models(settings.paths.cache).path("silero-vad"))),
            _ready(deepgram, settings),
        )
        if whisper:
            stack.callback(whisper.close)
            await whisper.start()
        recogniser = await stack.enter_async_context(
            recognisers.opened(settings.hearing, settings.openai, settings.remote, deepgram, whisper)
        )
        along = listeners.along(settings.hearing, deepgram)
        yield Senses(
            whisper=whisper,
            recogniser=recogniser,
            hearing=LocalHearing(settings.hearing, silero, recogniser, along),
            voices={flow: voices[choice] for flow, choice in choices.items()},
            spoken=voices.report,
        )


async def _whisper(settings: Settings) -> Whisper | None:
    if recognisers.LOCAL not in settings.hearing.recognisers:
        return None
    model = Models(settings.paths.cache).locate(settings.hearing.model)
    return await asyncio.to_thread(Whisper, model, settings.hearing)


async def _ready(client: DeepgramClient, settings: Settings) -> None:
    """Load the SDK beforehand: the first caller's sound would wait for it."""
    if set(listeners.NAMES) & set(settings.hearing.recognisers):
        await client.ready()
