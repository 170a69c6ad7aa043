"""An ear and a voice that need no model, for tests of what is between them."""

import asyncio

import numpy as np

from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip
from callcenter.speech.ear import EarEvent, Patience

SECONDS_PER_WORD = 0.3


class ToneVoice:
    """Speaks every word as a third of a second of tone."""

    name = "tone"

    def __init__(self) -> None:
        self.failing = False
        self.slow_s = 0.0
        """What rendering takes, but for what is `ready`."""
        self.ready: set[str] = set()

    async def render(self, text: str, rate: int) -> Clip:
        if self.failing:
            raise SpeechError("no voice today")
        if text not in self.ready:
            await asyncio.sleep(self.slow_s)
        samples = np.arange(int(len(text.split()) * SECONDS_PER_WORD * rate))
        return Clip(text=text, pcm=(8000 * np.sin(samples / 3)).astype("<i2").tobytes(), rate=rate)


class ScriptedEar:
    """Hears what the test says."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[EarEvent] = asyncio.Queue()
        self.patience: Patience = lambda words: 0
        self.closed = False
        self.seconds_heard: dict[str, float] = {}

    async def next(self) -> EarEvent:
        return await self.events.get()

    def close(self) -> None:
        self.closed = True
