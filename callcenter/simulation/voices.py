"""The voices of simulated callers: every text is spoken before the call, once, and kept on disk."""

import asyncio
import hashlib
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from callcenter import debian
from callcenter.errors import SimulationError
from callcenter.media.pcm import (
    NARROWBAND,
    Samples,
    normalise_loudness,
    resample,
    to_pcm,
    to_samples,
    trim_silence,
)
from callcenter.simulation import pauses
from callcenter.simulation.engines import espeak, flite, pico, piper, rhvoice
from callcenter.simulation.engines.catalogue import EngineName, usual_engine, usual_voice
from callcenter.simulation.engines.engine import Engine, Speech, Supply
from callcenter.simulation.engines.sound import Sound, read
from callcenter.simulation.noise import SPEECH_DBFS
from callcenter.simulation.persona import Line, Persona, Voice

VERSION = 1
"""Raised when the same voice and text make another sound."""

ENGINES: dict[EngineName, Engine] = {
    "flite": flite.speak,
    "espeak": espeak.speak,
    "piper": piper.speak,
    "pico": pico.speak,
    "rhvoice": rhvoice.speak,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A text to be spoken by a voice."""

    voice: Voice
    language: str
    text: str

    @property
    def engine(self) -> EngineName:
        """What speaks it."""
        return self.voice.engine or usual_engine(self.language)

    @property
    def name(self) -> str:
        """The voice's name within its engine."""
        return self.voice.name or usual_voice(self.engine, self.language)

    @property
    def key(self) -> str:
        """What tells its sound from any other's."""
        parts = (VERSION, self.engine, self.name, self.voice.tempo, self.voice.pitch, self.text)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def pitch_ratio(self) -> float:
        """What the voice's frequencies are multiplied by."""
        return float(2 ** (self.voice.pitch / 1200))

    @property
    def stretch(self) -> float:
        """How much slower than usual the engine speaks; raising the pitch makes it faster again."""
        return self.pitch_ratio / self.voice.tempo


@dataclass(slots=True)
class Voices:
    """Speaks for all personas. Programs that are not installed are brought to `cache`."""

    cache: Path
    progress: debian.Progress = lambda _: None

    async def rehearse(self, persona: Persona) -> dict[str, Samples]:
        """The sound of all that `persona` may say, by text, and of its recordings, by path."""
        texts = [line.say for line in persona.lines if line.say] + ([persona.otherwise] if persona.otherwise else [])
        sounds: dict[str, Samples] = {}
        for text in dict.fromkeys(texts):
            sounds[text] = await self._say(persona, text)
        for line in persona.lines:
            if line.wav:
                sounds[str(line.wav)] = await asyncio.to_thread(recorded, line.wav)
        return sounds

    async def speak(self, order: Order) -> Samples:
        """The sound of `order` at 8 kHz, from its first to its last sound, at `SPEECH_DBFS`.

        Raises MissingPartError when its engine cannot be had, SimulationError when it does not speak.
        """
        kept = self.cache / "callers" / f"{order.key}.pcm"
        if kept.is_file():
            return to_samples(kept.read_bytes())
        supply = Supply(cache=self.cache, progress=self.progress)
        speech = Speech(text=order.text, voice=order.name, stretch=order.stretch)
        samples = _ready(await ENGINES[order.engine](speech, supply), order.pitch_ratio)
        if not samples.size:
            raise SimulationError(f"{order.engine} voice {order.name!r} makes no sound of {order.text!r}")
        pcm = to_pcm(samples)
        await asyncio.to_thread(_keep, kept, pcm)
        return to_samples(pcm)

    async def _say(self, persona: Persona, text: str) -> Samples:
        parts: list[Samples] = []
        for phrase in pauses.phrases(text):
            parts.append(await self.speak(Order(voice=persona.voice, language=persona.language, text=phrase.words)))
            parts.append(np.zeros(phrase.pause_ms * NARROWBAND // 1000, np.float32))
        return np.concatenate(parts)


def clip(line: Line, sounds: dict[str, Samples]) -> Samples | None:
    """The sound of `line`, rehearsed; None when it has none, or is made anew each time."""
    return sounds[str(line.wav)] if line.wav else sounds[line.say] if line.say else None


def recorded(path: Path) -> Samples:
    """A 16-bit WAV file as a clip of the line's rate. Raises SimulationError when it is not one."""
    try:
        return _ready(read(path), 1.0)
    except (wave.Error, EOFError, OSError) as error:
        raise SimulationError(f"{path} is not a WAV file that can be played: {error}") from error


def _ready(made: Sound, pitch_ratio: float) -> Samples:
    """Higher by playing it faster, at the line's rate, without silence around it, at the level of all clips."""
    samples = resample(made.samples, round(made.rate * pitch_ratio), NARROWBAND)
    loud = normalise_loudness(samples, NARROWBAND, SPEECH_DBFS)
    return trim_silence(loud, NARROWBAND, keep_ms=0)


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
