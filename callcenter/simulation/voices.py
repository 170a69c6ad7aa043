"""The voices of simulated callers: every text is spoken before the call, once, and kept on disk."""

import asyncio
import hashlib
import re
import shutil
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from callcenter import debian
from callcenter.errors import MissingPartError, SimulationError
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
from callcenter.simulation.noise import SPEECH_DBFS
from callcenter.simulation.persona import DEFAULT_NAMES, Line, Persona, Voice
from callcenter.speech.models import Models

VERSION = 1
"""Raised when the same voice and text make another sound."""

ESPEAK_WORDS_PER_MINUTE = 160
SYNTHESIS_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What an engine makes."""

    samples: Samples
    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A text to be spoken by a voice."""

    voice: Voice
    language: str
    text: str

    @property
    def name(self) -> str:
        """The voice's name within its engine."""
        return self.voice.name or DEFAULT_NAMES[self.voice.engine] or self.language.lower()

    @property
    def key(self) -> str:
        """What tells its sound from any other's."""
        parts = (VERSION, self.voice.engine, self.name, self.voice.tempo, self.voice.pitch, self.text)
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
    _tree: debian.Tree | None = field(default=None, init=False)

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
        sound = await self._synthesise(order)
        samples = _ready(sound, order.pitch_ratio)
        if not samples.size:
            raise SimulationError(f"{order.voice.engine} voice {order.name!r} makes no sound of {order.text!r}")
        pcm = to_pcm(samples)
        await asyncio.to_thread(_keep, kept, pcm)
        return to_samples(pcm)

    async def _say(self, persona: Persona, text: str) -> Samples:
        parts: list[Samples] = []
        for phrase in pauses.phrases(text):
            parts.append(await self.speak(Order(voice=persona.voice, language=persona.language, text=phrase.words)))
            parts.append(np.zeros(phrase.pause_ms * NARROWBAND // 1000, np.float32))
        return np.concatenate(parts)

    async def _synthesise(self, order: Order) -> Sound:
        match order.voice.engine:
            case "flite":
                return await self._flite(order)
            case "espeak":
                return await self._espeak(order)
            case "piper":
                return await asyncio.to_thread(_piper, order, self.cache)

    async def _flite(self, order: Order) -> Sound:
        stretch = f"duration_stretch={order.stretch:.4f}"
        arguments = ["-voice", order.name, "--setf", stretch, "-t", order.text]
        return await _spoken_by(await self._command("flite"), *arguments, "-o")

    async def _espeak(self, order: Order) -> Sound:
        command = await self._command("espeak-ng")
        if self._tree:
            data = next(self._tree.root.glob("usr/lib/*/espeak-ng-data"), self._tree.root)
            command = [*command, f"--path={data.parent}"]
        if order.name.lower().partition("+")[0] not in await _espeak_voices(command):
            # It would speak in its usual voice without a word of complaint.
            raise SimulationError(f"espeak-ng has no voice {order.name!r}; `espeak-ng --voices` lists them")
        speed = str(round(ESPEAK_WORDS_PER_MINUTE / order.stretch))
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as text:
            text.write(order.text)
            text.flush()
            return await _spoken_by(command, "-v", order.name, "-s", speed, "-f", text.name, "-w")

    async def _command(self, program: str) -> list[str]:
        """How to start `program`: the installed one, else one from the distribution's packages."""
        installed = shutil.which(program)
        if installed:
            return [installed]
        self._tree = self._tree or await debian.bring(debian.VOICES, self.cache, self.progress)
        return self._tree.command(f"usr/bin/{program}")


def clip(line: Line, sounds: dict[str, Samples]) -> Samples | None:
    """The sound of `line`, rehearsed; None when it has none, or is made anew each time."""
    return sounds[str(line.wav)] if line.wav else sounds[line.say] if line.say else None


def recorded(path: Path) -> Samples:
    """A 16-bit WAV file as a clip of the line's rate. Raises SimulationError when it is not one."""
    try:
        return _ready(_read(path), 1.0)
    except (wave.Error, EOFError, OSError) as error:
        raise SimulationError(f"{path} is not a WAV file that can be played: {error}") from error


def _ready(sound: Sound, pitch_ratio: float) -> Samples:
    """Higher by playing it faster, at the line's rate, without silence around it, at the level of all clips."""
    samples = resample(sound.samples, round(sound.rate * pitch_ratio), NARROWBAND)
    loud = normalise_loudness(samples, NARROWBAND, SPEECH_DBFS)
    return trim_silence(loud, NARROWBAND, keep_ms=0)


async def _spoken_by(command: list[str], *arguments: str) -> Sound:
    """Run a program whose last argument is the WAV file to write."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            str(file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(SYNTHESIS_S):
                _, complaint = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise SimulationError(f"{command[-1]} did not speak within {SYNTHESIS_S:g} s") from None
        if process.returncode or not file.is_file():
            raise SimulationError(f"{command[-1]} did not speak: {complaint.decode(errors='replace').strip()}")
        return await asyncio.to_thread(_read, file)


async def _espeak_voices(command: list[str]) -> set[str]:
    process = await asyncio.create_subprocess_exec(*command, "--voices", stdout=asyncio.subprocess.PIPE)
    listed, _ = await process.communicate()
    return set(re.findall(r"[\w-]+", listed.decode(errors="replace").lower()))


def _read(path: Path) -> Sound:
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error("its samples are not of 16 bits")
        channels = file.getnchannels()
        samples = to_samples(file.readframes(file.getnframes()))
        return Sound(samples=samples.reshape(-1, channels).mean(axis=1, dtype=np.float32), rate=file.getframerate())


def _piper(order: Order, cache: Path) -> Sound:
    try:
        from piper import PiperVoice, SynthesisConfig  # an extra, because it is GPL-3
    except ImportError as error:
        raise MissingPartError("piper is not installed: pip install 'callcenter[piper]'") from error
    voice = _loaded(PiperVoice.load, _piper_model(order.name, cache))
    chunks = list(voice.synthesize(order.text, SynthesisConfig(length_scale=voice.config.length_scale * order.stretch)))
    pcm = b"".join(chunk.audio_int16_bytes for chunk in chunks)
    return Sound(samples=to_samples(pcm), rate=voice.config.sample_rate)


@lru_cache(maxsize=2)
def _loaded(load: Callable[[Path], Any], model: Path) -> Any:
    return load(model)


def _piper_model(name: str, cache: Path) -> Path:
    if name.endswith(".onnx"):
        return Path(name)
    folder = Models(cache).path(name)
    model = next(folder.glob("*.onnx"), None)
    if model is None:
        raise MissingPartError(f"{name} is not a Piper voice")
    return model


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
