"""The agent's voice coming back through a caller's phone, as from a loudspeaker into a microphone."""

import numpy as np

from callcenter.media.pcm import FRAME_MS, NARROWBAND, Samples, to_samples
from callcenter.simulation.keypad import FRAME
from callcenter.simulation.persona import Echo

FRAME_S = FRAME_MS / 1000
LONGEST_SLIP = NARROWBAND * 60 // 1000
"""In samples. A frame that arrives this far from where its predecessor ended follows it: jitter cuts up no words."""


class EchoPath:
    """From what a phone receives to what it sends. Times are in seconds on any one clock."""

    def __init__(self, echo: Echo) -> None:
        self._gain = np.float32(10 ** (echo.db / 20))
        self._delay_s = echo.delay_ms / 1000
        self._due = np.zeros(0, np.float32)
        """What is still to be sent."""
        self._next_at = 0.0
        """When the first sample of it is."""
        self._end = 0
        """Where in it the last frame ends; behind it if negative."""

    def hear(self, pcm: bytes, at: float) -> None:
        """A frame was received at `at`."""
        heard = to_samples(pcm) * self._gain
        start = round((at + self._delay_s - self._next_at) * NARROWBAND)
        if abs(start - self._end) <= LONGEST_SLIP:
            start = self._end
        start = max(0, start)
        self._end = start + heard.size
        self._due = np.pad(self._due, (0, max(0, self._end - self._due.size)))
        self._due[start : self._end] = heard

    def frame(self, at: float) -> Samples:
        """What comes back in the 20 ms that are sent at `at`; what was due in frames left out before it is lost."""
        missed = max(0, int((at - self._next_at) / FRAME_S))
        self._pass(missed * FRAME)
        frame = np.pad(self._due[:FRAME], (0, max(0, FRAME - self._due.size)))
        self._pass(FRAME)
        self._next_at = at + FRAME_S
        return frame

    def _pass(self, samples: int) -> None:
        self._due = self._due[samples:]
        self._end -= samples
