"""UDP sockets read from and written to directly, so that nothing is queued behind our back.

An asyncio transport buffers what the network refuses and sends it later, in a burst; here it is dropped and counted.
"""

import socket
from collections.abc import Iterator

from callcenter.errors import LegError
from callcenter.media.rtp_packet import Address

BURST = 8
"""Datagrams read at a time; the rest wait for the next round of the loop, so a flood on one socket starves no other."""
_LARGEST = 2048
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


def arrived(sock: socket.socket) -> Iterator[tuple[bytes, Address]]:
    """At most BURST of the datagrams that wait in `sock`, each with where it came from."""
    for _ in range(BURST):
        try:
            datagram, source = sock.recvfrom(_LARGEST)
        except OSError:  # nothing more, or the report of a packet that a peer refused
            return
        yield datagram, source[:2]
