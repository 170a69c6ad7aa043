"""UDP sockets read from and written to directly, so that nothing is queued behind our back.

An asyncio transport buffers what the network refuses and sends it later, in a burst; here it is dropped and counted.
"""

import select
import socket
from collections.abc import Callable

from callcenter.errors import LegError
from callcenter.media.rtp_packet import Address

BURST = 8
"""Datagrams read of a socket at a time, in turn with the others', so a flood on one starves no other."""
_LARGEST = 4096
"""Longer than any packet that `rtp` accepts."""


def bind(host: str) -> socket.socket:
    """A non-blocking socket on a free port of `host`, a numeric address. Raises LegError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.bind((host, 0))
    except OSError as error:
        sock.close()
        raise LegError(f"no RTP port on {host}: {error.strerror or error}") from error
    return sock


def received(sock: socket.socket) -> tuple[bytes, Address] | None:
    """The next datagram that waits in `sock`, and where it came from."""
    try:
        datagram, source = sock.recvfrom(_LARGEST)
    except OSError:  # nothing more, or the report of a packet that a peer refused
        return None
    return datagram, source[:2]


class Arrivals:
    """What has come to many sockets, looked for all at once and only when somebody asks.

    An event loop that watches them would be woken for each datagram of each call; that takes longer than to read it.
    """

    def __init__(self) -> None:
        self._ready = select.epoll()
        self._readers: dict[int, Callable[[float], None]] = {}

    def watch(self, sock: socket.socket, read: Callable[[float], None]) -> None:
        """From here on, `read` is called with the loop time for each datagram that is at `sock`."""
        self._readers[sock.fileno()] = read
        self._ready.register(sock, select.EPOLLIN)

    def forget(self, sock: socket.socket) -> None:
        """To be called before `sock` is closed."""
        self._ready.unregister(sock)
        del self._readers[sock.fileno()]

    def read(self, now: float) -> None:
        """Have everything read that has come, but no more than BURST of a socket."""
        for _ in range(BURST):
            ready = self._ready.poll(0, len(self._readers) or -1)
            for descriptor, _ in ready:
                if read := self._readers.get(descriptor):
                    read(now)
            if not ready:
                return
