"""What a phone picks up: its caller, what is heard under them, and its own loudspeaker."""

import numpy as np

from callcenter.media.pcm import Samples, to_pcm
from callcenter.simulation.echo import EchoPath
from callcenter.simulation.keypad import FRAME


class Microphone:
    """Makes the frames that a phone sends. `noise` is a loop."""

    def __init__(self, noise: Samples | None, echo: EchoPath | None) -> None:
        self._noise = noise
        self._noise_at = 0
        self._echo = echo
        self._speech = np.zeros(0, np.float32)

    @property
    def speaking(self) -> bool:
        """Whether the caller has more to say."""
        return bool(self._speech.size)

    def say(self, samples: Samples) -> None:
        """Speak from the next frame on; what was being said is not finished."""
        self._speech = samples

    def hear(self, pcm: bytes, at: float) -> None:
        """The loudspeaker plays a frame at loop time `at`."""
        if self._echo:
            self._echo.hear(pcm, at)

    def frame(self, at: float) -> bytes:
        """The 20 ms to be sent at loop time `at`, as 16-bit PCM."""
        frame = np.zeros(FRAME, np.float32)
        spoken, self._speech = self._speech[:FRAME], self._speech[FRAME:]
        frame[: spoken.size] += spoken
        if self._noise is not None:
            frame += self._noise[self._noise_at : self._noise_at + FRAME]
            self._noise_at = (self._noise_at + FRAME) % self._noise.size
        if self._echo:
            frame += self._echo.frame(at)
        return to_pcm(frame)
