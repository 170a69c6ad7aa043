"""Recognisers, and the voices of clouds: whether they are there, let us in, and are in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial

from callcenter.config import Settings
from callcenter.doctor.finding import Ailment, Check
from callcenter.doctor.place import Place
from callcenter.doctor.sample import TEXT, Equipment
from callcenter.errors import ProviderError
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.speech import recognisers, voices
from callcenter.speech.cloud import remote_whisper
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.models import Models
from callcenter.speech.recogniser import Recogniser
from callcenter.speech.voice import VoiceName, streamed
from callcenter.speech.whisper import Whisper

LEAST_S = 0.5
"""Of the sound of a sentence; less is no speech."""
MOST_S = 30.0
CLOUD_S = 60.0
"""For a whole check, in all languages, with the time until all are ready."""

HEARD_AT = {
    "deepgram": ("deepgram", "[deepgram] model"),
    "flux": ("deepgram", "[deepgram] flux"),
    "openai": ("openai", "[openai] transcription"),
    "remote": ("remote", "[remote] style"),
}
"""By recogniser, its section and where it is said what is asked for there."""
SPOKEN_AT = {
    "openai": "[openai] speech, the name of the voice",
    "deepgram": "the name of the voice",
}


def recognisers_here(settings: Settings, equipment: Equipment) -> list[Check]:
    """A check of this machine's Whisper, if it is among the recognisers."""
    if recognisers.LOCAL not in settings.hearing.recognisers:
        return []
    advice = "correct [hearing] model, device and compute_type"
    return [Check(name="recogniser", find=partial(_whisper, equipment), advice=advice)]


def recognisers_elsewhere(settings: Settings, equipment: Equipment) -> list[Check]:
    """A check of each of the others."""
    names = (name for name in dict.fromkeys(settings.hearing.recognisers) if name in HEARD_AT)
    return [_check("recogniser", partial(_recogniser, name, equipment)) for name in names]


def voices_elsewhere(equipment: Equipment) -> list[Check]:
    """A check of each voice that a cloud speaks with."""
    return [_check("voice", partial(_voice, name, equipment)) for name in equipment.voices if name.elsewhere]


def _check(name: str, find: Callable[[Settings], Awaitable[str]]) -> Check:
    return Check(name=name, find=find, advice="see whether its server is well", longest_s=CLOUD_S)


def patient(settings: Settings, patience_s: float) -> Settings:
    """The same, but that clouds may take at least as long as that."""
    longer = {
        name: section.model_copy(update={"timeout_s": max(patience_s, section.timeout_s)})
        for name, section in (("openai", settings.openai), ("deepgram", settings.deepgram), ("remote", settings.remote))
    }
    return settings.model_copy(update=longer)


async def _whisper(equipment: Equipment, settings: Settings) -> str:
    samples = await equipment.samples(settings)
    model = Models(settings.paths.cache).locate(settings.hearing.model)
    whisper = await asyncio.to_thread(Whisper, model, settings.hearing)
    try:
        await whisper.start()
        heard = await _heard(whisper, samples)
    finally:
        whisper.close()
    _demand_words(recognisers.LOCAL, heard)
    return f"{recognisers.LOCAL}, {settings.hearing.model} on {settings.hearing.device}: {_told(heard)}"


async def _recogniser(name: str, equipment: Equipment, settings: Settings) -> str:
    section, wanted = HEARD_AT[name]
    place = Place.of(settings, section, wanted)
    place.demand_key()
    samples = await equipment.samples(settings)
    try:
        async with _opened(name, patient(settings, equipment.patience_s)) as recogniser:
            heard = await _heard(recogniser, samples)
    except ProviderError as error:
        raise _ailment(name, place, error) from error
    _demand_words(name, heard)
    place.demand_haste(name, max(took for _, took in heard.values()), getattr(settings, section).timeout_s)
    return f"{name} at {place.server}: {_told(heard)}{await _health(name, settings)}"


@asynccontextmanager
async def _opened(name: str, settings: Settings) -> AsyncIterator[Recogniser]:
    """The recogniser of that name by itself, handed whole utterances as calls do when it is their turn."""
    hearing = settings.hearing.model_copy(update={"recognisers": (name,)})
    async with AsyncExitStack() as stack:
        client = DeepgramClient(settings.deepgram)
        stack.push_async_callback(client.close)
        yield await stack.enter_async_context(
            recognisers.opened(hearing, settings.openai, settings.remote, client, None)
        )


async def _heard(recogniser: Recogniser, samples: Mapping[str, Clip]) -> dict[str, tuple[str, float]]:
    """By language, the words and how many seconds they took. Raises SpeechError."""
    heard = {}
    for language, clip in samples.items():
        began = time.perf_counter()
        recognised = await recogniser.recognise(clip.pcm, rate=clip.rate, language=language, prompt="")
        heard[language] = recognised.text, time.perf_counter() - began
    return heard


def _demand_words(name: str, heard: Mapping[str, tuple[str, float]]) -> None:
    """Raise Ailment when there are none; synthetic speech of one language may be too much for a good recogniser."""
    if not any(text for text, _ in heard.values()):
        found = f"{name} heard no word of “{TEXT}”"
        raise Ailment(found, "name another one before it in [hearing] recognisers")


def _told(heard: Mapping[str, tuple[str, float]]) -> str:
    return ", ".join(
        f"heard “{text}”{f' in {language}' if len(heard) > 1 else ''} after {took:.2f} s"
        for language, (text, took) in heard.items()
    )


async def _health(name: str, settings: Settings) -> str:
    """What a remote Whisper says of itself, if it does."""
    if name == remote_whisper.NAME:
        with suppress(ProviderError):
            match await remote_whisper.health(settings.remote.url):
                case {"model": str(model), "device": str(device), "workers": int(workers)}:
                    return f"; it is {model} on {device}, {workers} at once"
    return ""


async def _voice(name: VoiceName, equipment: Equipment, settings: Settings) -> str:
    place = Place.of(settings, name.engine, SPOKEN_AT[name.engine])
    place.demand_key()
    await equipment.ready(settings)
    sources = voices.Sources.of(patient(settings, equipment.patience_s))
    try:
        first_s, whole_s, sound_s = await _said(name, sources)
    except ProviderError as error:
        raise _ailment(str(name), place, error) from error
    except TimeoutError:
        raise Ailment(f"{name} did not answer within {sources.patience_s(name):g} s", place.advice("")) from None
    if not LEAST_S <= sound_s <= MOST_S:
        many = f"{sound_s:.1f} s of sound" if sound_s < LEAST_S else "sound without end"
        raise Ailment(f"{name} makes {many} of “{TEXT}”", f"correct {place.wanted}, or [{place.section}] url")
    place.demand_haste(str(name), first_s, voices.Sources.of(settings).patience_s(name))
    return (
        f"{name} at {place.server}: {sound_s:.1f} s of speech in {whole_s:.2f} s, the first of it after {first_s:.2f} s"
    )


async def _said(name: VoiceName, sources: voices.Sources) -> tuple[float, float, float]:
    """After how many seconds there was something to hear, when that was all, and how long it is.

    No more is heard than proves that it is too long. Raises SpeechError, TimeoutError.
    """
    async with asyncio.timeout(sources.patience_s(name)), voices.opened(name, sources) as voice:
        began, first_s, sound_s = time.perf_counter(), 0.0, 0.0
        async with aclosing(streamed(voice, TEXT, NARROWBAND)) as clips:
            async for clip in clips:
                first_s = first_s or time.perf_counter() - began
                sound_s += clip.seconds
                if sound_s > MOST_S:
                    break
        return first_s, time.perf_counter() - began, sound_s


def _ailment(name: str, place: Place, error: ProviderError) -> Ailment:
    told = str(error)
    return Ailment(told if name in told else f"{name}: {told}", place.advice(told))
