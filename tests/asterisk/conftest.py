"""A small Asterisk, and a client that has its event stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import pytest_asyncio

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import Event
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.config import Asterisk
from tests.peers.ari_server import AriServer

Heard = Event | Connected | Disconnected
Result = TypeVar("Result", bound=Heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a daemon has."""

    ari: Ari
    switchboard: Switchboard
    heard: asyncio.Queue[Heard]
    """What belongs to no mailbox."""

    async def next(self, kind: type[Result]) -> Result:
        """The next of `kind`, however much else comes before it."""
        async with asyncio.timeout(20):
            while True:
                if isinstance(event := await self.heard.get(), kind):
                    return event


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AriServer]:
    """A small Asterisk."""
    async with AriServer() as server:
        yield server


@pytest_asyncio.fixture
async def client(server: AriServer) -> AsyncIterator[Client]:
    """A client whose switchboard gets the server's events."""
    async with connected(server.settings) as client:
        yield client


@asynccontextmanager
async def connected(settings: Asterisk) -> AsyncIterator[Client]:
    """A client of any Asterisk."""
    switchboard, heard, connected = Switchboard(), asyncio.Queue[Heard](maxsize=1000), asyncio.Event()

    async def listen() -> None:
        async for event in EventStream(settings):
            match event:
                case Connected():
                    connected.set()
                    heard.put_nowait(event)
                case Disconnected():
                    heard.put_nowait(event)
                case _ if not switchboard.route(event):
                    heard.put_nowait(event)

    async with Ari(settings) as ari, asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        await connected.wait()
        try:
            yield Client(ari=ari, switchboard=switchboard, heard=heard)
        finally:
            listening.cancel()
