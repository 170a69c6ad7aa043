"""The lines of all calls: opens the kind that was chosen, and runs the servers that Asterisk connects to."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from callcenter.config import Media
from callcenter.errors import ConfigurationError, LegError
from callcenter.media.audiosocket_line import AudioSocketLine
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.choice import kinds
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.line import Line
from callcenter.media.line_choice import LineChoice
from callcenter.media.rtp_line import RtpLine
from callcenter.media.websocket_line import WebSocketLine
from callcenter.media.websocket_server import WebSocketServer

log = structlog.get_logger()


class Dialling(Protocol):
    """How we dial Asterisk's WebSocket channels."""

    @property
    def base(self) -> str:
        """`ws://host:port/media`, or `wss://…`."""

    @property
    def headers(self) -> Mapping[str, str]:
        """That we log in with."""

    @property
    def context(self) -> ssl.SSLContext | None:
        """Whom to trust, where `base` is `wss://…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where Asterisk connects to."""

    audiosocket: AudioSocketServer | None
    """None where it cannot listen, and no setting needs it."""
    websocket: WebSocketServer | None
    """None where we dial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Opens lines that tick with one clock."""

    media: Media
    clock: Clock
    dialling: Dialling
    servers: Servers

    def open(self, choice: LineChoice) -> Line:
        """A line of that kind. Raises LegError when there can be none."""
        match choice.kind:
            case "rtp":
                return RtpLine.open(self.media.host, CODECS[choice.codec], self.clock)
            case "audiosocket" | "audiosocket-dialplan":
                if self.servers.audiosocket is None:
                    raise LegError(f"nobody listens on [media] audiosocket_listen, {self.media.audiosocket_listen}")
                return AudioSocketLine(self.servers.audiosocket, self.clock, rate=choice.rate)
            case "websocket":
                return self._websocket(choice.rate)

    def report(self) -> dict[str, Any]:
        """For `status`: what became of the connections to our servers."""
        servers = {"audiosocket": self.servers.audiosocket, "websocket": self.servers.websocket}
        return {name: server.report() for name, server in servers.items() if server}

    def _websocket(self, rate: int) -> Line:
        if self.servers.websocket:
            return WebSocketLine.listening(self.servers.websocket, self.media.websocket_client, self.clock, rate=rate)
        own = self.dialling
        return WebSocketLine.dialling(own.base, own.headers, self.clock, rate=rate, context=own.context)


@asynccontextmanager
async def opened(media: Media, clock: Clock, dialling: Dialling) -> AsyncIterator[Lines]:
    """With the servers that the lines need, while the block runs. Raises ConfigurationError for a port that is taken.

    The dialplan may ask for AudioSocket at any time, so its server is always there; unless a setting names it, it is
    only missed once a call asks for it.
    """
    async with AsyncExitStack() as stack:
        audiosocket = websocket = None
        try:
            listening = AudioSocketServer(*_address(media.audiosocket_listen), external_host=media.audiosocket_host)
            audiosocket = await stack.enter_async_context(listening)
        except ConfigurationError as error:
            if "audiosocket" in kinds(media):
                raise
            log.warning("x AudioSocket", reason=str(error))
        if media.websocket == "listen":
            server = WebSocketServer(
                *_address(media.websocket_listen), certificate=media.websocket_certificate, key=media.websocket_key
            )
            websocket = await stack.enter_async_context(server)
        servers = Servers(audiosocket=audiosocket, websocket=websocket)
        yield Lines(media=media, clock=clock, dialling=dialling, servers=servers)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
