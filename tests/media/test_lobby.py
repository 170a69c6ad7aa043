"""Who may wait without having named a call, for how long, and what is told of those who do not get in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

import pytest
import uvloop
from structlog.testing import capture_logs

from callcenter.errors import ConfigurationError
from callcenter.media.lobby import USUAL, Limits, Lobby
from tests.waiting import PATIENCE_S, until


class Refusal(StrEnum):
    """The one that there is."""

    STRANGE = "strange"


class Connection(asyncio.Protocol):
    """Names its call by `a`; all else is strange."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby
        self._transport: asyncio.BaseTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._lobby.enter(self, transport)

    def data_received(self, data: bytes) -> None:
        if data == b"a":
            self._lobby.admit(self)
        else:
            self._lobby.refuse(self, Refusal.STRANGE, f"said {data!r}")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lobby.left(self)


class Street:
    """Leads to a lobby."""

    def __init__(self, lobby: Lobby, port: int) -> None:
        self.lobby = lobby
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def comes(self, says: bytes = b"", host: str = "127.0.0.1") -> asyncio.StreamReader:
        """Somebody who is there for the whole test, from the address `host`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(host, 0))
        self.writers.append(writer)
        writer.write(says)
        return reader

    async def counted(self, **counts: int) -> None:
        """Wait for these figures in the report; all others must be 0."""
        await until(lambda: {name: count for name, count in self.lobby.report().items() if count} == counts)


@asynccontextmanager
async def street(limits: Limits = USUAL) -> AsyncIterator[Street]:
    lobby = Lobby("Test", limits, Refusal)
    try:
        street = Street(lobby, await lobby.open("127.0.0.1", 0, lambda: Connection(lobby)))
        yield street
    finally:
        lobby.close()
    for writer in street.writers:
        writer.close()


async def cut_off(reader: asyncio.StreamReader) -> bool:
    """Whether it is, without a word."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_who_names_a_call_may_stay() -> None:
    async with street(Limits(name_s=1.0)) as here:
        reader = await here.comes(b"a")
        await here.counted(accepted=1, taken=1)
        await asyncio.sleep(1.2)
        await here.counted(accepted=1, taken=1)
        assert not reader.at_eof()


async def test_who_leaves_is_counted_once() -> None:
    async with street() as here:
        await here.comes()
        await here.counted(accepted=1, waiting=1)
        here.writers[0].close()
        await here.counted(accepted=1, left=1)


async def test_who_names_none_in_time_is_cut_off() -> None:
    async with street(Limits(name_s=0.2)) as here:
        before = asyncio.get_running_loop().time()
        with capture_logs() as logs:
            assert await cut_off(await here.comes())
        assert asyncio.get_running_loop().time() - before > 0.15
        await here.counted(accepted=1, late=1)
        assert [(entry["event"], entry["reason"]) for entry in logs] == [
            ("x Test connection", "no call named within 0.2 s")
        ]


async def test_refusals_are_counted_and_told_once_a_second() -> None:
    async with street() as here:
        with capture_logs() as logs:
            assert all([await cut_off(await here.comes(b"b")) for _ in range(5)])
        await here.counted(accepted=5, strange=5)
        assert [(entry["peer"], entry["reason"], entry["strange"]) for entry in logs] == [("127.0.0.1", "said b'b'", 1)]


@pytest.mark.parametrize("limits", [Limits(waiting=4), Limits(per_address=4)], ids=["in all", "of one address"])
async def test_of_too_many_the_oldest_makes_way(limits: Limits) -> None:
    async with street(limits) as here:
        crowd = [await here.comes() for _ in range(10)]
        await here.counted(accepted=10, waiting=4, crowded=6)
        assert all([await cut_off(one) for one in crowd[:6]])
        assert not any(one.at_eof() for one in crowd[6:])
        await here.comes(b"a")
        await here.counted(accepted=11, waiting=3, crowded=7, taken=1)


async def test_the_crowd_of_one_address_is_none_of_another() -> None:
    async with street(Limits(per_address=4)) as here:
        other = await here.comes(host="127.0.0.2")
        for _ in range(10):
            await here.comes()
        await here.counted(accepted=11, waiting=5, crowded=6)
        assert not other.at_eof()


async def test_the_end_cuts_off_all_that_wait_and_nobody_else() -> None:
    with capture_logs() as logs:
        async with street() as here:
            waiting, admitted = await here.comes(), await here.comes(b"a")
            await here.counted(accepted=2, waiting=1, taken=1)
            here.lobby.close()
            assert await cut_off(waiting)
            assert not admitted.at_eof()
            with pytest.raises(ConnectionRefusedError):
                await here.comes()
            await here.counted(accepted=2, taken=1)
    assert not logs


async def test_a_port_that_is_taken() -> None:
    async with street() as here:
        lobby = Lobby("Test", USUAL, Refusal)
        with pytest.raises(ConfigurationError, match=f"Test cannot listen on 127.0.0.1:{here.port}: "):
            await lobby.open("127.0.0.1", here.port, lambda: Connection(lobby))


@pytest.mark.parametrize(
    "scenario",
    [
        test_who_names_a_call_may_stay,
        test_who_leaves_is_counted_once,
        test_who_names_none_in_time_is_cut_off,
        test_refusals_are_counted_and_told_once_a_second,
        test_the_crowd_of_one_address_is_none_of_another,
        test_the_end_cuts_off_all_that_wait_and_nobody_else,
    ],
)
def test_it_is_the_same_on_uvloop(scenario: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await scenario()

    uvloop.run(run(), debug=True)
