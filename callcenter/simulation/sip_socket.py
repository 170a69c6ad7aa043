"""The UDP socket under aiosipua, whose own does not open on uvloop, nor anywhere before Python 3.12."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import structlog

from callcenter.errors import SimulationError
from callcenter.media.rtp_packet import Address

log = structlog.get_logger()


class SipSocket(asyncio.DatagramProtocol):
    """What aiosipua calls a transport, for one SIP server: all goes to it, and what others send is dropped."""

    reliable = False
    """A datagram may get lost, so answers are repeated."""

    def __init__(self, server: Address, parse: Callable[[bytes], Any]) -> None:
        self.server = server
        self.local_addr = ("", 0)
        """Known once started."""
        self.on_message: Callable[[Any, Address], None] | None = None
        self._parse = parse
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Bind a free port of the address that reaches the server. Raises SimulationError when there is none."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=(_facing(self.server), 0))
        except OSError as error:
            host, port = self.server
            raise SimulationError(f"no way to {host}:{port}: {error.strerror or error}") from error

    def send(self, message: Any, _: Address) -> None:
        """Send a request or a response."""
        if self._transport:
            self._transport.sendto(bytes(message), self.server)

    def send_reply(self, response: Any) -> None:
        """Send a response."""
        self.send(response, self.server)

    async def stop(self) -> None:
        """Close the socket."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self.local_addr = (host, port)

    def datagram_received(self, data: bytes, source: Address) -> None:
        """Hand on a message of the server."""
        if source[:2] != self.server or not self.on_message:
            return
        try:
            message = self._parse(data)
        except ValueError as error:
            log.warning("x not SIP", reason=str(error))
            return
        self.on_message(message, self.server)


def _facing(server: Address) -> str:
    """Our address that reaches `server`; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(server)
        return str(probe.getsockname()[0])
