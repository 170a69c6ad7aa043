"""The event stream through lost connections, refusals and garbage."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.events import ApplicationReplaced, StasisEnd, StasisStart
from callcenter.asterisk.stream import LONGEST_RETRY_S, Connected, Disconnected, EventStream, backoff
from callcenter.config import Asterisk
from callcenter.errors import AriError
from tests.asterisk.conftest import Client
from tests.peers.ari_server import AriServer, Fault


async def test_in_order(server: AriServer, client: Client) -> None:
    server.call("a")
    server.emit({"type": "ApplicationReplaced", "application": "ai-call-center"})
    server.hang_up("a")

    assert await client.heard.get() == Connected(first=True)
    assert isinstance(await client.heard.get(), StasisStart)
    assert await client.heard.get() == ApplicationReplaced(application="ai-call-center")
    assert await client.heard.get() == StasisEnd(channel_id="a")


async def test_connects_again(server: AriServer, client: Client) -> None:
    for _ in range(3):
        server.drop()
        assert "closed" in (await client.next(Disconnected)).reason
        assert await client.next(Connected) == Connected(first=False)
    server.call("a")
    assert (await client.next(StasisStart)).channel_id == "a"


async def test_asterisk_away_for_a_while(server: AriServer, client: Client) -> None:
    await server.deafen()
    await client.next(Disconnected)
    assert "cannot be reached" in (await client.next(Disconnected)).reason
    await server.listen()
    assert await client.next(Connected) == Connected(first=False)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503, Fault.CUT, Fault.GARBAGE])
async def test_refused_later(server: AriServer, client: Client, status: int | Fault) -> None:
    server.faults["events"] = status
    server.drop()
    await client.next(Disconnected)
    assert (await client.next(Disconnected)).reason
    server.faults.clear()
    assert await client.next(Connected) == Connected(first=False)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_at_first(server: AriServer, status: int) -> None:
    server.faults["events"] = status
    async with aclosing(EventStream(server.settings).__aiter__()) as stream:
        with pytest.raises(AriError) as refusal:
            await anext(stream)
    assert refusal.value.status == status


@pytest.mark.parametrize("status", [404, 500, Fault.CUT])
async def test_not_ready_at_first(server: AriServer, status: int | Fault) -> None:
    server.faults["events"] = status
    async with aclosing(EventStream(server.settings).__aiter__()) as stream:
        assert isinstance(await anext(stream), Disconnected)
        server.faults.clear()
        assert await anext(stream) == Connected(first=True)


async def test_nobody_listens() -> None:
    async with aclosing(EventStream(Asterisk(url="http://127.0.0.1:1/ari")).__aiter__()) as stream:
        event = await anext(stream)
    assert isinstance(event, Disconnected)
    assert "is Asterisk running" in event.reason


async def test_garbage_is_counted(server: AriServer) -> None:
    events = EventStream(server.settings)
    async with aclosing(events.__aiter__()) as stream, asyncio.timeout(2):
        assert await anext(stream) == Connected(first=True)
        for text in ("{", "[]", '{"type": "StasisStart"}', '{"type": "Dial"}'):
            server.emit(text)
        server.emit({"type": "StasisEnd", "channel": {"id": "a"}})
        assert await anext(stream) == StasisEnd(channel_id="a")
    assert events.malformed == 3


@given(st.integers(min_value=0, max_value=10**6), st.floats(min_value=0, max_value=1))
def test_backoff(attempt: int, jitter: float) -> None:
    assert 0.05 <= backoff(attempt, jitter) <= LONGEST_RETRY_S


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 0.1), (1, 0.2), (3, 0.8), (6, 6.4), (7, 10.0), (99, 10.0)])
def test_backoff_doubles(attempt: int, seconds: float) -> None:
    assert backoff(attempt, 1.0) == pytest.approx(seconds)
    assert backoff(attempt, 0.0) == pytest.approx(seconds / 2)
