"""What the services that flows ask answer while a persona plays: the rule, and small HTTP servers that go by it."""

import asyncio
import ipaddress
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.errors import SimulationError
from callcenter.simulation.persona import Persona, Service

CLOSE_S = 1.0


def answer(services: Iterable[Service], url: str) -> dict[str, Any] | None:
    """What the service at `url` says: that of the first which fits. None when it fails, or none fits."""
    service = next((each for each in services if re.search(each.url, url)), None)
    return None if service is None or service.fails else service.answer


class Counters:
    """The addresses where the personas of one run answer in the services' place.

    A look-up does not tell on whose behalf it is made, so two calls that may ask at the same address, one of which is
    to be answered there, are not on the line at once.
    """

    def __init__(self, personas: Iterable[Persona], asked: dict[str, Sequence[str]]) -> None:
        """`asked` are the `http://host:port` that each flow asks."""
        self._asked = asked
        played = {address for persona in personas if persona.services for address in self._of(persona)}
        self._alone = {address: asyncio.Lock() for address in sorted(played)}

    def chains(self, callers: Sequence[Persona]) -> list[list[int]]:
        """The places of `callers` who can only call one after the other; the longest chain first, to set off at once.

        Whoever waits for nobody is a chain of their own.
        """
        chains: dict[object, list[int]] = {}
        for place, persona in enumerate(callers):
            contended = frozenset(self._alone).intersection(self._of(persona))
            chains.setdefault(contended or place, []).append(place)
        return sorted(chains.values(), key=len, reverse=True)

    @asynccontextmanager
    async def alone(self, persona: Persona) -> AsyncIterator[None]:
        """Wait until nobody else is on the line whose look-ups could be taken for those of `persona`."""
        async with AsyncExitStack() as stack:
            for address, lock in self._alone.items():  # in one order for all, so that no two wait for each other
                if address in self._of(persona):
                    await stack.enter_async_context(lock)
            yield

    @asynccontextmanager
    async def serving(self, persona: Persona) -> AsyncIterator[None]:
        """Answer as `persona` says.

        Raises SimulationError where an address is not on this machine or is taken, or the persona's flow is not loaded.
        """
        if persona.flow and persona.flow not in self._asked:
            raise SimulationError(f"the daemon has not loaded {persona.flow}: name it in [dialogue] flows")
        if not persona.services:
            yield
            return
        if not (addresses := self._of(persona)):
            raise SimulationError(f"{persona.name} has services, but the flow {persona.flow or '?'} looks nothing up")
        async with AsyncExitStack() as stack:
            for address in addresses:
                await stack.enter_async_context(_served(address, persona))
            yield

    def _of(self, persona: Persona) -> Sequence[str]:
        """Where the flow that answers `persona` looks things up."""
        usual = next(iter(self._asked), "")
        return self._asked.get(persona.flow or usual, ())


@asynccontextmanager
async def _served(address: str, persona: Persona) -> AsyncIterator[None]:
    host, port = _loopback(address)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        found = answer(persona.services, f"{address}{request.raw_path}")
        response = web.Response(status=503) if found is None else web.json_response(found)
        response.force_close()  # the next call's server is another one
        return response

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=CLOSE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, reuse_address=True).start()
    except OSError as error:
        await runner.cleanup()
        raise SimulationError(
            f"nobody can answer at {address} as {persona.name} needs it ({error.strerror}): end what answers there"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()


def _loopback(address: str) -> tuple[str, int]:
    """Raises SimulationError for an address that is not this machine's own."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 80
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local or parts.scheme != "http":
        raise SimulationError(
            f"the flow looks things up at {address}: a persona can answer only at http:// on this machine's loopback"
        )
    return host, port
