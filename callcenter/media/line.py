"""The seam between a call and its sound: whatever carries the frames, a call sees this."""

from typing import Protocol

from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout
from callcenter.media.rtp_packet import Address
from callcenter.media.tape import Tape


class Line(Protocol):
    """The two-way audio of one call, in 20 ms frames."""

    @property
    def local_address(self) -> Address:
        """Where Asterisk must send the caller's sound."""

    @property
    def received(self) -> FrameQueue:
        """What the caller says, gaps filled with silence."""

    @property
    def playout(self) -> Playout:
        """What the caller hears."""

    def connect(self, peer: Address) -> None:
        """Talk to `peer` alone: the numeric address from which Asterisk says it sends."""

    def record(self, tape: Tape) -> None:
        """Keep both sides on `tape`, which ends with the line."""

    async def played(self) -> None:
        """Return when nothing is left to play, on the next tick at the latest; what is paused is still to be played."""

    def close(self) -> None:
        """Stop sending and receiving. May be called twice."""
