"""ARI's event stream, for ever: a connection that is lost is made again, and both are said."""

import asyncio
import math
import random
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import aiohttp
import structlog

from callcenter.asterisk import tls
from callcenter.asterisk.ari import CONNECT_S, REFUSED, TIMEOUT_S, advice, login, unreachable
from callcenter.asterisk.events import Event, Other, decode
from callcenter.config import Asterisk
from callcenter.errors import AriError, AsteriskError

log = structlog.get_logger()

HEARTBEAT_S = 10.0
"""A ping this often; without its answer within half of it the connection is lost."""

CLOSE_S = 0.5
"""How long Asterisk has to agree that the connection ends."""

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Events are coming."""

    first: bool
    """False when a connection was lost: events may have been missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """No events are coming; another attempt is made in `retry_s`."""

    reason: str
    retry_s: float


def backoff(attempt: int, jitter: float) -> float:
    """Seconds before the attempt that follows `attempt` failed ones in a row; `jitter`, 0 to 1, halves it at most."""
    longest = min(LONGEST_RETRY_S, math.ldexp(FIRST_RETRY_S, min(attempt, 16)))
    return longest * (1 + jitter) / 2


class EventStream:
    """The events of our application and what becomes of the connection, in order.

    Iterating never ends by itself. It raises AriError when the very first connection is refused because of the
    user, the password or the application's name; later refusals are a Disconnected like any other.
    """

    def __init__(self, settings: Asterisk) -> None:
        self.malformed = 0
        """Messages that were dropped because they are no events."""
        self._settings = settings
        self._url = settings.url.rstrip("/") + "/events"
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aiter__(self) -> AsyncGenerator[Event | Connected | Disconnected, None]:
        """Connect, and go on connecting."""
        first, attempt = True, 0
        connector = aiohttp.TCPConnector(ssl=tls.context(self._settings) or True)
        async with aiohttp.ClientSession(headers=login(self._settings), connector=connector) as session:
            while True:
                try:
                    async with await self._connect(session) as socket:
                        self._socket = socket
                        yield Connected(first=first)
                        first, attempt = False, 0
                        async for event in self._events(socket):
                            yield event
                    reason = f"Asterisk closed the event stream (code {socket.close_code})"
                except AsteriskError as error:
                    if first and isinstance(error, AriError) and error.status in REFUSED:
                        raise
                    reason = str(error)
                delay = backoff(attempt, random.random())
                attempt += 1
                yield Disconnected(reason=reason, retry_s=delay)
                await asyncio.sleep(delay)

    async def reopen(self) -> None:
        """Close the connection, so that another is made: the way to be the application's daemon again."""
        if self._socket:
            await self._socket.close()

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        query = {"app": self._settings.app, "subscribeAll": "false"}
        try:
            async with asyncio.timeout(CONNECT_S + TIMEOUT_S):
                return await session.ws_connect(
                    self._url,
                    params=query,
                    heartbeat=HEARTBEAT_S,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise AriError(error.status, "GET events", advice(error.status) or error.message) from error
        except TimeoutError as error:
            raise AsteriskError(f"ARI at {self._url} did not answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(self._url, error) from error

    async def _events(self, socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Event]:
        async for message in socket:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                continue
            event = decode(message.data)
            if event is None:
                self.malformed += 1
                log.warning("x not an event", message=message.data[:200])
            elif not isinstance(event, Other):
                yield event
