"""Asking a service on behalf of a flow: an HTTP look-up with a time limit, of which every failure is an answer too."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from yarl import URL

from callcenter.dialogue.brain import Fetch, Fetched

log = structlog.get_logger()

LARGEST = 64 * 1024
"""Bytes of an answer; a longer one is no look-up."""


class Enquiries:
    """Asks services over connections that all calls share."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls) -> "AsyncIterator[Enquiries]":
        """Ready to ask, until left."""
        async with aiohttp.ClientSession() as session:
            yield cls(session)

    async def ask(self, fetch: Fetch) -> Fetched:
        """What the service says; `failed` if it takes too long, answers with an error, or with no JSON object."""
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(fetch.timeout_s):
                answer = await self._answer(fetch)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("! fetch", url=fetch.url, error=str(error) or type(error).__name__)
            return Fetched(result="failed")
        taken = asyncio.get_running_loop().time() - started
        log.info("< fetched", url=fetch.url, fields=sorted(answer), ms=round(taken * 1000))
        return Fetched(result="ok", values=answer)

    async def _answer(self, fetch: Fetch) -> dict[str, object]:
        """Raises ValueError for what is no JSON object, aiohttp.ClientError for an error of HTTP or below."""
        body = None if fetch.method == "get" else dict(fetch.send)
        async with self._session.request(fetch.method, asked(fetch), json=body) as response:
            response.raise_for_status()
            content = await response.content.read(LARGEST + 1)
            while chunk := await response.content.read(LARGEST + 1 - len(content)):
                content += chunk
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        answer = json.loads(content)
        if not isinstance(answer, dict):
            raise ValueError(f"a JSON object is needed, not {type(answer).__name__}")
        return answer


def asked(fetch: Fetch) -> str:
    """The URL of a look-up, with the query that a `get` sends."""
    query = fetch.send if fetch.method == "get" else {}
    return str(URL(fetch.url).extend_query({name: _plain(value) for name, value in query.items()}))


def _plain(value: object) -> str:
    """As a query holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
