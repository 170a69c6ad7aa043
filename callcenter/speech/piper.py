"""Piper's voices on this machine. Piper is GPL-3 and not a dependency: the extra `piper` brings it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray

from callcenter.config import Talking
from callcenter.errors import MissingPartError, Overloaded, SpeechError
from callcenter.media.pcm import Clip
from callcenter.speech.mastering import master
from callcenter.speech.threads import PATIENT, pool

WORKERS = 2
"""Texts spoken at once, each on the configured number of threads."""
BETWEEN_SENTENCES_S = 0.2


class Piper:
    """Speaks for many calls at once."""

    def __init__(self, voice: Path, settings: Talking) -> None:
        """Load a voice: its `.onnx` file, or the folder with it. Blocks for about a second.

        Raises MissingPartError when the voice or Piper itself is not there.
        """
        model = _model(voice)
        self.name = model.stem
        self._threads = pool(WORKERS, "piper", PATIENT)
        # onnxruntime starts its threads here, and they are as nice as the one that starts them.
        self._voice = self._threads.submit(_load, model, settings.threads).result()
        self._most = WORKERS + settings.waiting
        self._pending = 0

    async def start(self) -> None:
        """Warm up, so that the first caller need not wait for it."""
        await self.render("Hello.", self._voice.config.sample_rate)

    async def render(self, text: str, rate: int) -> Clip:
        """Speak `text`. What is cancelled while it waits is dropped; what runs is left to finish, unheard."""
        if self._pending >= self._most:
            raise Overloaded(f"{self._pending} texts already wait for the voice {self.name}")
        self._pending += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._render, text, rate)
        work.add_done_callback(self._leave)
        return Clip(text=text, pcm=await work, rate=rate)

    def close(self) -> None:
        """Drop what waits, and let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, work: asyncio.Future[bytes]) -> None:
        self._pending -= 1

    def _render(self, text: str, rate: int) -> bytes:
        try:
            sentences = [chunk.audio_float_array for chunk in self._voice.synthesize(text)]
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"the voice {self.name} failed: {error}") from error
        spoken = _joined(sentences, self._voice.config.sample_rate)
        resampled = soxr.resample(spoken, self._voice.config.sample_rate, rate)
        return bytes((master(resampled, rate) * 32767).astype("<i2").tobytes())


def _joined(sentences: list[NDArray[np.float32]], rate: int) -> NDArray[np.float32]:
    gap = np.zeros(int(rate * BETWEEN_SENTENCES_S), np.float32)
    parts = [part for sentence in sentences for part in (sentence, gap)]
    return np.concatenate(parts[:-1]) if parts else gap[:0]


def _model(voice: Path) -> Path:
    models = [voice] if voice.suffix == ".onnx" else sorted(voice.glob("*.onnx"))
    if not models or not models[0].is_file():
        raise MissingPartError(
            f"there is no Piper voice at {voice}; run `callcenter models fetch`, or name an .onnx file"
        )
    return models[0]


def _load(model: Path, threads: int) -> Any:
    try:
        from piper import PiperConfig, PiperVoice
    except ImportError as error:
        raise MissingPartError("Piper is not installed; run `pip install callcenter[piper]`") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    try:
        config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise MissingPartError(f"the voice {model} cannot be loaded: {error}") from error
    return PiperVoice(session=session, config=config)
