"""The way out over TCP for sound that is worthless when it comes late: whole messages, and few of them on the way."""

import asyncio
import fcntl
import sys
import termios

from callcenter.media.line import STALL_S
from callcenter.media.surplus import Surplus

UNDERWAY = 10
"""Messages of 20 ms that may be on the way and not at the other machine yet: enough for a far network."""


class Outlet:
    """Sends over one transport, which must have a socket of its own.

    A transport would take any amount while the network is blocked, and send it all in the end. A message is begun only
    when nothing is left of those before: Asterisk waits no longer than 5 ms for the rest of one.
    """

    def __init__(self, transport: asyncio.Transport, size: int) -> None:
        """`size` is that of a message of 20 ms."""
        self.transport = transport
        self.surplus = Surplus()
        """What Asterisk has got too late."""
        self._size = size
        self._unacknowledged = 0
        """Bytes, at the last look; those sent since then included."""
        self._acknowledged = 0
        """Messages, between the last two looks."""
        self._held_since: float | None = None

    def ready(self, now: float) -> bool:
        """To be asked at each tick: whether the next message can be sent at loop time `now`."""
        if self.transport.is_closing():
            return False
        self._look()
        if not self.transport.get_write_buffer_size() and self._unacknowledged <= UNDERWAY * self._size:
            self._held_since = None
            return True
        self._held_since = now if self._held_since is None else self._held_since
        return False

    def stalled(self, now: float) -> bool:
        """Whether nothing could be sent for STALL_S, at loop time `now`."""
        return self._held_since is not None and now - self._held_since >= STALL_S

    def send(self, message: bytes) -> None:
        """Send a whole message, when `ready`."""
        self.transport.write(message)
        self._unacknowledged += len(message)
        self.surplus.sent(self._acknowledged)

    def _look(self) -> None:
        """See how much the other machine has acknowledged."""
        descriptor: int = self.transport.get_extra_info("socket").fileno()
        before = self._unacknowledged
        self._unacknowledged = int.from_bytes(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        self._acknowledged = (before - self._unacknowledged) // self._size
