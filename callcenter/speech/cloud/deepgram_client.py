"""Deepgram's own client, which all calls share, and what its failures mean."""

import asyncio
import ssl
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from callcenter.config import Deepgram
from callcenter.errors import SpeechError

if TYPE_CHECKING:  # a daemon that does not use them must not load them
    import httpx
    from deepgram import AsyncDeepgramClient
    from websockets.asyncio.client import ClientConnection

KEYLESS = "none"
"""What a server without keys is sent."""
UNAVAILABLE = 500
TOO_MANY = 429
CLOSE_S = 1.0
"""So long it may take to hang up politely."""
KEPT_S = 60.0
"""An idle connection is kept for so long: the next clause need not wait for TLS."""
MOST_KEPT = 20
"""Idle connections."""


class DeepgramClient:
    """Loaded by the first who needs it, beside the event loop: that takes 1 to 2 s of a core."""

    def __init__(self, settings: Deepgram) -> None:
        self.settings = settings
        self._http: httpx.AsyncClient | None = None
        self._loading: asyncio.Future[AsyncDeepgramClient] | None = None

    async def ready(self) -> "AsyncDeepgramClient":
        """The SDK's, with its own retries off. Who is cancelled meanwhile leaves it loading."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(None, self._load)
        return await asyncio.shield(self._loading)

    async def close(self) -> None:
        """Let go of its connections. May be called twice."""
        if self._loading is not None:
            await asyncio.wait([self._loading])
        if self._http is not None:
            await self._http.aclose()

    def _load(self) -> "AsyncDeepgramClient":
        """Import what is used, which the SDK puts off to the first use, and read the certificates. Blocks."""
        import httpx
        from deepgram import AsyncDeepgramClient
        from deepgram.environment import DeepgramClientEnvironment

        web = self.settings.url.rstrip("/")
        socket = "ws" + web.removeprefix("http")
        trusted()
        limits = httpx.Limits(max_keepalive_connections=MOST_KEPT, keepalive_expiry=KEPT_S)
        self._http = httpx.AsyncClient(timeout=self.settings.timeout_s, limits=limits)
        client = AsyncDeepgramClient(
            api_key=self.settings.key.get_secret_value() or KEYLESS,
            environment=DeepgramClientEnvironment(base=web, production=socket, agent=socket, agent_rest=web),
            httpx_client=self._http,
            max_retries=0,
            transport_factory=Wire,
        )
        _ = client.listen.v1, client.listen.v2, client.speak.v1
        return client


class Wire:
    """A WebSocket of the SDK, connected by whoever sends or receives first.

    The SDK's own choice, websockets' former client, takes 10 to 40 s to let go of a server that does not answer.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url
        self._headers = headers
        self._connection: ClientConnection | None = None

    async def send(self, message: str | bytes) -> None:
        """Raises what websockets raises."""
        await (await self._connected()).send(message)

    async def recv(self) -> str | bytes:
        """Raises what websockets raises."""
        return await (await self._connected()).recv()

    async def close(self) -> None:
        """Hang up: politely, unless this is cancelled."""
        if self._connection is not None:
            try:
                await self._connection.close()
            finally:
                self._connection.transport.abort()

    async def _connected(self) -> "ClientConnection":
        if self._connection is None:
            from websockets.asyncio.client import connect

            self._connection = await connect(
                self._url,
                ssl=trusted() if self._url.startswith("wss:") else None,
                additional_headers=self._headers,
                compression=None,  # sound does not shrink by it
                open_timeout=None,
                close_timeout=CLOSE_S,
            )
        return self._connection


@cache
def trusted() -> ssl.SSLContext:
    """For all WebSockets. To read the certificates blocks for 25 ms, which the event loop has not got for each call."""
    return ssl.create_default_context()


def foreign() -> tuple[type[Exception], ...]:
    """What the SDK and its libraries raise when a request fails. They must be loaded."""
    import httpx
    from deepgram.core.api_error import ApiError
    from websockets.exceptions import WebSocketException

    return ApiError, WebSocketException, httpx.HTTPError, OSError, EOFError


def failure(error: BaseException) -> SpeechError:
    """What one of these means. Its own text is left out: it may hold a key, or what was said."""
    answer: Any = getattr(error, "response", None) or error  # the SDK's error is the answer itself
    status = getattr(answer, "status_code", None)
    if isinstance(status, int):
        may_pass = status == TOO_MANY or status >= UNAVAILABLE
        return SpeechError(f"deepgram answered {status}", may_pass=may_pass, retry_after_s=_retry_after_s(answer))
    closed = getattr(error, "rcvd", None)
    if closed is not None:
        return SpeechError(f"deepgram hung up with code {closed.code}", may_pass=True)
    return SpeechError(f"the connection to deepgram failed: {type(error).__name__}", may_pass=True)


def _retry_after_s(answer: Any) -> float | None:
    headers = getattr(answer, "headers", None) or {}
    with suppress(ValueError):  # there is none, or it is a date
        return max(0.0, float(headers.get("retry-after") or headers.get("Retry-After") or ""))
    return None
