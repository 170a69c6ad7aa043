"""Piper: an extra, because it is GPL-3. It speaks in this process."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from callcenter.errors import MissingPartError
from callcenter.media.pcm import to_samples
from callcenter.simulation.engines.engine import Speech, Supply
from callcenter.simulation.engines.sound import Sound
from callcenter.speech.models import Models


async def speak(speech: Speech, supply: Supply) -> Sound:
    """An `Engine`; a voice is a name in `speech/models.toml` or the path of an `.onnx` file."""
    return await asyncio.to_thread(_speak, speech, supply.cache)


def _speak(speech: Speech, cache: Path) -> Sound:
    try:
        from piper import PiperVoice, SynthesisConfig
    except ImportError as error:
        raise MissingPartError("piper is not installed: pip install 'callcenter[piper]'") from error
    voice = _loaded(PiperVoice.load, _model(speech.voice, cache))
    length_scale = voice.config.length_scale * speech.stretch
    chunks = list(voice.synthesize(speech.text, SynthesisConfig(length_scale=length_scale)))
    pcm = b"".join(chunk.audio_int16_bytes for chunk in chunks)
    return Sound(samples=to_samples(pcm), rate=voice.config.sample_rate)


@lru_cache(maxsize=2)
def _loaded(load: Callable[[Path], Any], model: Path) -> Any:
    return load(model)


def _model(name: str, cache: Path) -> Path:
    if name.endswith(".onnx"):
        return Path(name)
    folder = Models(cache).path(name)
    model = next(folder.glob("*.onnx"), None)
    if model is None:
        raise MissingPartError(f"{name} is not a Piper voice")
    return model
