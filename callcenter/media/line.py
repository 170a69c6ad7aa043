"""The seam between a call and its sound: whatever carries the frames, a call sees this."""

from collections.abc import Mapping
from typing import Protocol

from callcenter.media.pcm import FrameQueue
from callcenter.media.playout import Playout
from callcenter.media.tape import Tape

CONNECT_S = 5.0
"""`Line.connect` gives up after this."""
STALL_S = 5.0
"""A way on which nothing has come, or nothing could be sent, for so long is broken, where something always comes."""


class Line(Protocol):
    """The two-way audio of one call, in 20 ms frames of 16-bit PCM."""

    @property
    def rate(self) -> int:
        """Samples per second, of both sides: 8000 or 16000."""

    @property
    def wanted(self) -> Mapping[str, str]:
        """What Asterisk is to be asked for, by the names of ARI's `POST /channels/externalMedia`.

        `external_host` and `format`; `transport`, `encapsulation`, `connection_type`, `data` where they are not RTP's.
        """

    @property
    def received(self) -> FrameQueue:
        """What the caller says, gaps filled with silence."""

    @property
    def playout(self) -> Playout:
        """What the caller hears."""

    async def connect(self, channel: Mapping[str, str]) -> None:
        """Return when sound can flow, once Asterisk has made the channel that was `wanted`.

        `channel` is what Asterisk says of it: its channel variables, such as UNICASTRTP_LOCAL_ADDRESS. Raises LegError
        when nothing has come of it after CONNECT_S.
        """

    async def broken(self) -> str:
        """Return once the way to Asterisk has broken, with the reason; what `close` ends is not broken.

        RTP has nothing to break, but may fail by a mistake of ours, as the others may.
        """

    def record(self, tape: Tape) -> None:
        """Keep both sides on `tape`, which ends with the line."""

    async def played(self) -> None:
        """Return when nothing is left to play, on the next tick at the latest; what is paused is still to be played."""

    def close(self) -> None:
        """Stop sending and receiving. May be called twice."""
