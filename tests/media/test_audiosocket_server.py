"""Who may connect, for how long, and how often."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import uvloop
from structlog.testing import capture_logs

from callcenter.media.audiosocket import Audio, Identity, encode
from callcenter.media.audiosocket_server import AudioSocketServer
from callcenter.media.audiosocket_wire import Wire
from callcenter.media.lobby import Limits
from tests.peers.audiosocket import Caller
from tests.waiting import until

FRAME = Audio(8000, b"\x00\x20" * 160)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AudioSocketServer]:
    async with AudioSocketServer("127.0.0.1", 0) as server:
        yield server


def expected(server: AudioSocketServer) -> tuple[str, Wire, list[bytes]]:
    """A call that is expected, its wire and what is heard on it."""
    call, heard = uuid4(), list[bytes]()
    wire = Wire(8000, lambda pcm, now: heard.append(pcm))
    server.expect(call, wire)
    return str(call), wire, heard


async def counted(server: AudioSocketServer, **counts: int) -> None:
    """Wait for these figures in the report; all others but `accepted` must be 0."""
    await until(lambda: all(server.report()[name] == count for name, count in counts.items()))
    others = {name: count for name, count in server.report().items() if count and name not in (*counts, "accepted")}
    assert not others


async def test_a_connection_goes_to_its_call(server: AudioSocketServer) -> None:
    (one, wire, heard), (_, other, _) = expected(server), expected(server)
    caller = await Caller.connect(server.address, one)
    caller.send(FRAME)
    await until(lambda: heard)
    assert heard == [FRAME.pcm]
    assert (wire.open, other.open) == (True, False)
    await counted(server, taken=1, expected=2)
    await caller.close()


@pytest.mark.parametrize("scenario", ["at once", "one byte at a time", "with sound behind it"])
async def test_however_the_uuid_comes(server: AudioSocketServer, scenario: str) -> None:
    call, wire, heard = expected(server)
    caller = await Caller.connect(server.address, call if scenario == "at once" else None)
    name = encode(Identity(call=UUID(call)))
    if scenario == "one byte at a time":
        await caller.trickle(name + encode(FRAME))
    elif scenario == "with sound behind it":
        caller.send(name + encode(FRAME))
    await until(lambda: wire.open and (heard or scenario == "at once"))
    assert b"".join(heard) in (b"", FRAME.pcm)
    await caller.close()


async def test_an_unknown_uuid_is_refused(server: AudioSocketServer) -> None:
    expected(server)
    with capture_logs() as logs:
        callers = [await Caller.connect(server.address, uuid4()) for _ in range(5)]
        assert all([await caller.refused() for caller in callers])
    await counted(server, unknown=5, expected=1)
    assert [entry["reason"] for entry in logs] == ["an unknown UUID"], "once a second"
    for caller in callers:
        await caller.close()


async def test_a_call_has_one_connection(server: AudioSocketServer) -> None:
    call, wire, _ = expected(server)
    first, second = [await Caller.connect(server.address, call) for _ in range(2)]
    assert await second.refused()
    assert wire.open
    await counted(server, taken=1, twice=1, expected=1)
    for caller in (first, second):
        await caller.close()


async def test_a_call_that_is_over_is_unknown(server: AudioSocketServer) -> None:
    call, _, _ = expected(server)
    server.forget(UUID(call))
    caller = await Caller.connect(server.address, call)
    assert await caller.refused()
    await counted(server, unknown=1)
    await caller.close()


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\x01\x40", b"\x01\x00\x11", b"\x00\x00\x00"], ids=bytes.hex
)
async def test_who_does_not_name_a_call_is_refused(server: AudioSocketServer, said: bytes) -> None:
    caller = await Caller.connect(server.address)
    caller.send(said)
    assert await caller.refused()
    await counted(server, not_audiosocket=1)
    await caller.close()


@pytest.mark.parametrize("said", [b"", b"\x01\x00\x10only so much"], ids=["nothing", "half"])
async def test_who_does_not_name_one_in_time_is_cut_off(said: bytes) -> None:
    async with AudioSocketServer("127.0.0.1", 0, Limits(name_s=0.3)) as server:
        before = asyncio.get_running_loop().time()
        caller = await Caller.connect(server.address)
        caller.send(said)
        assert await caller.refused()
        assert asyncio.get_running_loop().time() - before > 0.25
        await counted(server, late=1)
        await caller.close()


async def test_a_named_connection_has_no_such_limit() -> None:
    async with AudioSocketServer("127.0.0.1", 0, Limits(name_s=1.0)) as server:
        call, wire, _ = expected(server)
        caller = await Caller.connect(server.address, call)
        await asyncio.sleep(1.2)
        assert wire.open
        await caller.close()


async def test_a_crowd_keeps_no_call_out() -> None:
    """Those that wait longest make way, so Asterisk, which names its call at once, gets in."""
    async with AudioSocketServer("127.0.0.1", 0, Limits(per_address=10)) as server:
        crowd = [await Caller.connect(server.address) for _ in range(25)]
        await until(lambda: server.report()["crowded"] == 15)
        call, wire, _ = expected(server)
        caller = await Caller.connect(server.address, call)
        await until(lambda: wire.open)
        assert server.report()["waiting"] <= 10
        assert all([await one.refused() for one in crowd[:15]])
        for one in (*crowd, caller):
            await one.close()
        await until(lambda: not server.report()["waiting"])


async def test_the_end_closes_all() -> None:
    async with AudioSocketServer("::1", 0) as server:
        assert server.address.startswith("[::1]:")
        host, port = "::1", int(server.address.rpartition(":")[2])
        call, wire, _ = expected(server)
        unnamed, named = (
            Caller(*await asyncio.open_connection(host, port)),
            Caller(*await asyncio.open_connection(host, port)),
        )
        named.send(Identity(call=UUID(call)))
        await until(lambda: wire.open and server.report()["waiting"] == 1)
    assert await unnamed.refused()
    assert await named.refused()
    assert wire.ended.result() == "the daemon stops"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)
    for caller in (unnamed, named):
        await caller.close()


@pytest.mark.parametrize(
    "scenario",
    [
        test_a_connection_goes_to_its_call,
        test_an_unknown_uuid_is_refused,
        test_a_call_has_one_connection,
    ],
)
def test_it_is_the_same_on_uvloop(scenario: Callable[[AudioSocketServer], Awaitable[None]]) -> None:
    async def run() -> None:
        async with AudioSocketServer("127.0.0.1", 0) as server:
            await scenario(server)

    uvloop.run(run(), debug=True)
