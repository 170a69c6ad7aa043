"""Lost sound that reaches us as silence.

A snoop has its own clock: where a packet of the caller is lost, Asterisk sends us 20 ms of exact silence in the middle
of a word, with nothing in the sequence of its packets to tell. A voice never breaks off and sets in like that, so these
frames are filled as lost ones are.
"""

from callcenter.media.concealment import concealed
from callcenter.media.g711 import Codec
from callcenter.media.pcm import FRAME_MS, rms_dbfs, to_pcm, to_samples

MOST = 3
"""Frames. A longer silence is taken for one."""
EDGE_MS = 5
LOUD_DBFS = -45.0
"""A voice that is louder than this does not end between two samples."""


class Holes:
    """Finds the holes in one stream of codes. Only silence that breaks off a voice waits for what comes next."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._edge = codec.rate * EDGE_MS // 1000 * codec.width
        self._silence = codec.silence * (codec.rate * FRAME_MS // 1000)
        self._held = 0

    @property
    def holding(self) -> bool:
        """Something is held back until it is known what comes next."""
        return self._held > 0

    def push(self, codes: bytes, past: bytes) -> bytes:
        """Add what a packet holds; what is due is returned. `past` is the latest that was, in codes."""
        if codes == self._silence:
            if self._held < MOST and (self._held or self._loud(past[-self._edge :])):
                self._held += 1
                return b""
        elif self._held and self._loud(codes[: self._edge]):
            return self._filling(past, codes) + codes
        return self.flush() + codes

    def flush(self) -> bytes:
        """What is held, as the silence that it is."""
        held, self._held = self._held, 0
        return self._silence * held

    def _loud(self, codes: bytes) -> bool:
        if codes == self._silence[: self._edge]:  # as most silence follows silence, and levels take longer
            return False
        return rms_dbfs(to_samples(self._codec.decode(codes))) > LOUD_DBFS

    def _filling(self, past: bytes, coming: bytes) -> bytes:
        return conceal(self._codec, past, coming, len(self.flush()) // self._codec.width)


def conceal(codec: Codec, past: bytes, coming: bytes, size: int) -> bytes:
    """The codes of `size` samples for what is missing between the two."""
    before, after = to_samples(codec.decode(past)), to_samples(codec.decode(coming))
    return codec.encode(to_pcm(concealed(before, after, size, codec.rate)))
