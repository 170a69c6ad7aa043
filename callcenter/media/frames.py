"""Received sound that comes as a stream of bytes, as the frames that a line hands on."""

from callcenter.media.concealment import reach
from callcenter.media.g711 import Linear
from callcenter.media.holes import Holes
from callcenter.media.pcm import frame_bytes


class Frames:
    """Cuts 16-bit PCM into frames of 20 ms, and fills the holes of a snoop (see `holes`), which are 20 ms long too."""

    def __init__(self, rate: int) -> None:
        self._size = frame_bytes(rate)
        self._holes = Holes(Linear(rate, swapped=False))
        self._reach = reach(rate) * 2
        self._rest = b""
        """Less than a frame."""
        self._past = b""
        """The latest sound."""

    def push(self, pcm: bytes) -> list[bytes]:
        """Add what has come, which may end in the middle of a sample; the frames that are due."""
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % self._size
        arrived, self._rest = self._rest[:whole], self._rest[whole:]
        return [due for frame in self._cut(arrived) for due in self._due(frame)]

    def _due(self, frame: bytes) -> list[bytes]:
        sound = self._holes.push(frame, self._past)
        self._past = (self._past + sound)[-self._reach :]
        return self._cut(sound)

    def _cut(self, sound: bytes) -> list[bytes]:
        return [sound[start : start + self._size] for start in range(0, len(sound), self._size)]
