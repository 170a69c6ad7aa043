"""Sound that comes as a stream of bytes: cut into frames, each with the time at which it must have been spoken.

TCP loses nothing, but holds things up: what was said while the way was blocked comes all at once. It is all kept, for
the ear takes it faster than it was spoken and is not behind for longer than the way was; only its times must not say
that it was spoken all at once.
"""

from callcenter.media.frames import Frames
from callcenter.media.pcm import FRAME_MS, frame_bytes

GAP_TICKS = 500 // FRAME_MS
"""When nothing comes for so long, the caller's phone is silent by sending nothing. A shorter gap is the network's."""
_FRAME_S = FRAME_MS / 1000

Frame = tuple[float, bytes]
"""A loop time and 20 ms of 16-bit PCM."""


class Spoken:
    """What one caller says."""

    def __init__(self, rate: int) -> None:
        self._frames = Frames(rate)
        self._silence = bytes(frame_bytes(rate))
        self._latest = 0.0
        """The time of the latest frame."""
        self._quiet = 0
        """Ticks since something came."""

    def push(self, pcm: bytes, now: float) -> list[Frame]:
        """Add what has come at loop time `now`, of any size; the frames that are whole with it, oldest first.

        The last of them was spoken just before; those that came with it one after the other before that, but none
        before what came earlier.
        """
        self._quiet = 0
        return self._timed(self._frames.push(pcm), now)

    def tick(self, now: float) -> list[Frame]:
        """To be called each 20 ms: the silence that is due when nothing comes, so that a listener hears the pause.

        Ticks are counted rather than time, so that a stall of our own, in which nothing was read, is not taken for it.
        """
        self._quiet += 1
        if self._quiet < GAP_TICKS:
            return []
        due = GAP_TICKS if self._quiet == GAP_TICKS else 1
        return self._timed(self._frames.push(self._silence * due), now)

    def _timed(self, frames: list[bytes], now: float) -> list[Frame]:
        after = range(len(frames) - 1, -1, -1)
        timed = [(max(self._latest, now - _FRAME_S * left), frame) for left, frame in zip(after, frames, strict=True)]
        if timed:
            self._latest = timed[-1][0]
        return timed
