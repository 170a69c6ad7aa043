"""OpenAI's SDK, as all who use it here do: imported when it is needed, one client for all calls, errors explained.

The SDK takes most of a second to import; a daemon that needs nothing of it does not pay for that.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from callcenter.errors import ProviderError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEYLESS = "none"
"""What servers without keys are sent: the SDK insists on one."""
KEPT_S = 60.0
"""A connection that nobody uses is kept for so long: in a call the next question comes within it, and waits for no
handshake. The SDK keeps them for 5 s, which is less than a caller talks."""
AT_ONCE = 1000
"""Connections, as the SDK has it."""


@asynccontextmanager
async def opened(url: str, key: SecretStr) -> "AsyncIterator[AsyncOpenAI]":
    """A client for the server at `url`. It never tries again by itself: our ladders do."""
    client = await asyncio.to_thread(_client, url, key)
    async with client:
        yield client


def _client(url: str, key: SecretStr) -> "AsyncOpenAI":
    """With all that the first question needs loaded: that would be done on the event loop, in a call."""
    import anyio
    import httpx2
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE // 10, keepalive_expiry=KEPT_S)
    client = AsyncOpenAI(
        base_url=url,
        api_key=key.get_secret_value() or KEYLESS,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(limits=limits),
    )
    _ = client.audio.transcriptions, client.audio.speech, client.chat.completions
    anyio.run(anyio.sleep, 0)  # what the HTTP library waits with is put off as well
    return client


def explained(error: Exception, whom: str) -> ProviderError:
    """What went wrong when `whom` was asked, in words of our own: the SDK's may hold a part of the key.

    `error` is any that the SDK raises, or reading its answer does.
    """
    import openai

    match error:
        case openai.APITimeoutError() | TimeoutError():
            return ProviderError(f"{whom} did not answer in time")
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return ProviderError(f"{whom} refuses the key (status {error.status_code})")
        case openai.RateLimitError():
            retry_after = error.response.headers.get("retry-after", "")
            seconds = float(retry_after) if retry_after.isdecimal() else None
            return ProviderError(f"{whom} has too much to do (status 429)", may_pass=True, retry_after_s=seconds)
        case openai.APIStatusError(status_code=status):
            return ProviderError(f"{whom} answers with status {status}", may_pass=status >= 500)
        case openai.APIConnectionError():
            return ProviderError(f"{whom} cannot be reached, or broke off", may_pass=True)
        case json.JSONDecodeError() | openai.OpenAIError():
            return ProviderError(f"{whom} answers what cannot be understood", may_pass=True)
        case _:
            return ProviderError(f"{whom} failed: {type(error).__name__}", may_pass=True)
