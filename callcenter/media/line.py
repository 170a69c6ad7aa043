"""The seam between a call and its sound: whatever carries the frames, a call sees this."""

from typing import Protocol

from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout


class Line(Protocol):
    """The two-way audio of one call, in 20 ms frames."""

    @property
    def received(self) -> FrameQueue:
        """What the caller says, gaps filled with silence."""

    @property
    def playout(self) -> Playout:
        """What the caller hears."""

    async def played(self) -> None:
        """Return when nothing is left to play, or the playout is paused or stopped, on the next tick at the latest."""

    def close(self) -> None:
        """Stop sending and receiving. May be called twice."""
