"""What a blocked network leaves behind in Asterisk, and how it is got rid of.

Asterisk takes frames at its own steady pace, queues what comes all at once and never drains it: after TCP was blocked
for 0.3 s, whatever is said reaches the caller 0.3 s later for the rest of the call (measured; beyond 0.5 s it empties
its queue by itself). So after such a stall as many frames of silence are left out, which nobody hears.
"""

from callcenter.media.pcm import FRAME_MS

USUAL = 3
"""Frames. Fewer are no stall: acknowledgements come for two at a time, and a tick or a frame may be late."""
MOST = 500 // FRAME_MS
"""Asterisk keeps no more in its queue."""
WINDOW = 5
"""Ticks within which what was held up comes, once the way is free."""


class Surplus:
    """Counts the frames of one line that arrived too late to be played at their time. Pure.

    Two things tell of a stall: the other machine acknowledges many of our frames at once; or nothing comes from it
    while we send, and then all that was missing. What comes late because we were late is no sign, for then we have not
    sent either; nor is it when a phone that sent nothing begins to send.
    """

    def __init__(self) -> None:
        self._left = 0
        self._came = 0
        """Since the last tick."""
        self._missing = 0
        """Ticks in which we sent a frame and none came."""
        self._window = 0
        """Ticks left to see ..."""
        self._late = 0
        """... how many of the missing have come after all."""

    def came(self, frames: int) -> None:
        """So many of the caller's frames have come."""
        self._came += frames

    def sent(self, acknowledged: int) -> None:
        """A tick in which a frame was sent; so many of those before have been acknowledged since the last one."""
        came, self._came = self._came, 0
        if acknowledged > USUAL:
            self._add(acknowledged - 1)
        if self._window:
            self._window -= 1
            self._late += came - 1
            if not self._window:
                self._add(min(self._late, self._missing))
                self._missing = 0
        elif not came:
            self._missing += 1
        elif self._missing > USUAL:
            self._window, self._late = WINDOW, came - 1
        else:
            self._missing = 0

    def spare(self) -> bool:
        """Whether a frame of silence can be left out, which it then is taken to be."""
        if not self._left:
            return False
        self._left -= 1
        return True

    def _add(self, frames: int) -> None:
        # While it is blocked Asterisk plays what it has queued, so a second stall adds nothing to the first.
        self._left = max(self._left, min(frames, MOST))
