"""A server's side of TLS without I/O: bytes in, and what is said in them; and the other way round.

asyncio's own either begins before anybody knows of the connection, so that nobody can limit how many are at it, or is a
task beside the connection that it is for.
"""

import ssl
from contextlib import suppress

LONGEST_RECORD = 16_384
"""Bytes that one holds."""


class Tls:
    """One connection, from its first byte on. The handshake is part of what comes and goes."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._came, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._going, server_side=True)
        self._ended = False

    def unsealed(self, data: bytes) -> bytes:
        """What is said in `data` and what came before. Raises ssl.SSLError, when `sealed` may have an alert."""
        self._came.write(data)
        said = b""
        with suppress(ssl.SSLWantReadError):
            while piece := self._tls.read(LONGEST_RECORD):
                said += piece
        return said

    def sealed(self, said: bytes) -> bytes:
        """What is to be sent to say this, with what TLS itself has to send; nothing can be said after `end`."""
        if said and not self._ended:
            self._tls.write(said)
        return self._going.read()

    def end(self) -> None:
        """Have it told that no more is said. May be called twice."""
        self._ended = True
        with suppress(ssl.SSLError):  # the other side has not told yet, or the handshake is not over
            self._tls.unwrap()
