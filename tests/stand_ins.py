"""An ear and a voice that need no model, for tests of what is between them."""

import asyncio

import numpy as np

from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip
from callcenter.speech.ear import EarEvent

SECONDS_PER_WORD = 0.3


class ToneVoice:
    """Speaks every word as a third of a second of tone."""

    name = "tone"

    def __init__(self) -> None:
        self.failing = False

    async def render(self, text: str, rate: int) -> Clip:
        if self.failing:
            raise SpeechError("no voice today")
        samples = np.arange(int(len(text.split()) * SECONDS_PER_WORD * rate))
        return Clip(text=text, pcm=(8000 * np.sin(samples / 3)).astype("<i2").tobytes(), rate=rate)


class ScriptedEar:
    """Hears what the test says."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[EarEvent] = asyncio.Queue()
        self.pause_ms = 0
        self.closed = False

    async def next(self) -> EarEvent:
        return await self.events.get()

    def close(self) -> None:
        self.closed = True
