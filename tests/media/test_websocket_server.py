"""Who connects to our server: the right Asterisk, and everybody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop
from structlog.testing import capture_logs

from callcenter.errors import ConfigurationError
from callcenter.media.lobby import Limits
from callcenter.media.websocket_line import WebSocketLine
from callcenter.media.websocket_server import WebSocketServer
from tests.media.ticking import running, ticking, tone
from tests.peers import websocket_asterisk
from tests.peers.certificate import self_signed
from tests.peers.websocket_asterisk import Channel
from tests.waiting import PATIENCE_S, until

REQUEST = (
    "GET /callcenter?call={call} HTTP/1.1\r\nHost: daemon\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[WebSocketServer]:
    async with WebSocketServer("127.0.0.1", 0) as server:
        yield server


@asynccontextmanager
async def expecting(server: WebSocketServer) -> AsyncIterator[tuple[WebSocketLine, str]]:
    """A line that waits for Asterisk, and the name of its call."""
    async with ticking() as clock:
        with closing(WebSocketLine.listening(server, "daemon", clock, rate=8000)) as line:
            yield line, line.wanted["transport_data"].removeprefix("v(call=").removesuffix(")")


async def asked(server: WebSocketServer, *pieces: str) -> bytes:
    """What the server answers to these bytes, up to the end of its headers or of the connection."""
    host, _, port = server.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(PATIENCE_S):
            for piece in pieces:
                if reader.at_eof() or writer.is_closing():
                    break
                writer.write(piece.encode())
                await asyncio.sleep(0.001)
            return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


async def test_the_connection_that_names_the_call_is_its_line(server: WebSocketServer) -> None:
    async with expecting(server) as (line, call):
        assert (await asked(server, REQUEST.format(call="x" * 32, protocol="media"))).startswith(b"HTTP/1.1 404")
        strange = REQUEST.replace("/callcenter", "//[").format(call="", protocol="media")
        assert (await asked(server, strange)).startswith(b"HTTP/1.1 404")
        answer = await asked(server, REQUEST.format(call=call, protocol="media"))
        assert answer.startswith(b"HTTP/1.1 101")
        assert b"Sec-WebSocket-Protocol: media" in answer
        assert (await asked(server, REQUEST.format(call=call, protocol="media"))).startswith(b"HTTP/1.1 404"), "twice"
        async with asyncio.timeout(PATIENCE_S):
            await line.broken()
    report = server.report()
    assert (report["taken"], report["unknown"], report["expected"], report["waiting"]) == (1, 3, 0, 0)


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST.format(call="", protocol="chat"),
        REQUEST.replace("Upgrade: websocket\r\n", "").format(call="", protocol="media"),
        "GET / HTTP/1.1\r\nHost: daemon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: daemon\r\nContent-Length: 5\r\n\r\nhello",
        "hello\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        "GET / HTTP/1.1\r\n" + "A: b\r\n" * 1000,
        "A" * 20_000,
    ],
    ids=["another protocol", "no upgrade", "GET", "POST", "words", "TLS", "headers", "no end"],
)
async def test_what_is_no_websocket_for_media_is_refused(server: WebSocketServer, request_: str) -> None:
    with capture_logs() as logs:
        answer = await asked(server, request_)
        await until(lambda: not server.report()["waiting"])
    assert b" 101 " not in answer
    assert server.report()["not_websocket"] == 1
    assert [entry["event"] for entry in logs] == ["x WebSocket connection"]


async def test_who_says_nothing_or_one_byte_at_a_time_is_closed() -> None:
    async with WebSocketServer("127.0.0.1", 0, Limits(name_s=0.5)) as server:
        answers = await asyncio.gather(asked(server, ""), asked(server, *"A" * 1000))
        assert set(answers) <= {b"", b"reset"}
        assert server.report()["late"] == 2


async def test_one_byte_at_a_time_is_a_call_all_the_same_when_it_is_in_time() -> None:
    async with WebSocketServer("127.0.0.1", 0) as server, expecting(server) as (_, call):
        text = REQUEST.format(call=call, protocol="media")
        answer = await asked(server, *(text[start : start + 2] for start in range(0, len(text), 2)))
        assert answer.startswith(b"HTTP/1.1 101")


async def test_too_many_who_name_no_call_make_way_and_a_call_gets_through() -> None:
    async with WebSocketServer("127.0.0.1", 0, Limits(per_address=10)) as server, AsyncExitStack() as strangers:
        host, _, port = server.address.rpartition(":")
        for _ in range(30):
            _, writer = await asyncio.open_connection(host, int(port))
            strangers.callback(writer.close)
        async with expecting(server) as (_, call):
            answer = await asked(server, REQUEST.format(call=call, protocol="media"))
        assert answer.startswith(b"HTTP/1.1 101")
        report = server.report()
        assert (report["waiting"], report["crowded"]) == (9, 21)


async def test_a_line_that_is_closed_is_expected_no_more(server: WebSocketServer) -> None:
    async with expecting(server) as (line, call):
        line.close()
        assert (await asked(server, REQUEST.format(call=call, protocol="media"))).startswith(b"HTTP/1.1 404")
    assert server.report()["expected"] == 0


async def test_its_end_ends_the_lines() -> None:
    channel = Channel()
    server = WebSocketServer("127.0.0.1", 0)
    async with expecting(server) as (line, call):
        async with server:
            url = f"ws://{server.address}/x?call={call}"
            asterisk = asyncio.ensure_future(websocket_asterisk.dialling(channel, url))
            await line.connect({})
        async with asyncio.timeout(PATIENCE_S):
            assert await line.broken() == "the daemon stops"
            await asterisk


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


async def test_over_tls_both_ways(certificate: Path) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate))
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certificate)
    ours, theirs = Channel(), Channel()
    async with (
        WebSocketServer("127.0.0.1", 0, certificate=certificate) as server,
        expecting(server) as (answered, call),
        websocket_asterisk.listening(theirs, own) as base,
        ticking() as clock,
    ):
        dialled = WebSocketLine.dialling(base, {}, clock, rate=8000, context=trusted)
        url = f"wss://{server.address}/x?call={call}"
        with closing(dialled):
            async with running(websocket_asterisk.dialling(ours, url, trusted)):
                await dialled.connect({"MEDIA_WEBSOCKET_CONNECTION_ID": "1"})
                await answered.connect({})
                for line in (answered, dialled):
                    line.playout.say(tone(0.2))
                await asyncio.gather(answered.played(), dialled.played())
                await until(lambda: all(len(channel.played) > 10 for channel in (ours, theirs)))
    for channel in (ours, theirs):
        assert b"".join(frame for frame in channel.played if any(frame)) == tone(0.2).pcm


async def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match=path.name):
            WebSocketServer("127.0.0.1", 0, certificate=path)


async def test_without_tls_where_tls_is_wanted(certificate: Path) -> None:
    async with WebSocketServer("127.0.0.1", 0, certificate=certificate) as server:
        answer = await asked(server, REQUEST.format(call="x", protocol="media"))
        assert b"HTTP" not in answer
        await until(lambda: not server.report()["waiting"])
        assert server.report()["not_websocket"] == 1


async def test_who_leaves_within_the_handshake_of_tls_waits_no_more(certificate: Path) -> None:
    async with WebSocketServer("127.0.0.1", 0, certificate=certificate) as server:
        host, _, port = server.address.rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x16\x03\x01")
        await until(lambda: server.report()["waiting"])
        writer.close()
        await until(lambda: server.report()["left"])
        assert server.report()["waiting"] == 0


def test_tls_is_the_same_on_uvloop(certificate: Path) -> None:
    async def run() -> None:
        await test_over_tls_both_ways(certificate)
        await test_without_tls_where_tls_is_wanted(certificate)
        await test_who_leaves_within_the_handshake_of_tls_waits_no_more(certificate)

    uvloop.run(run(), debug=True)


async def test_who_never_ends_the_handshake_of_tls_is_limited_too(certificate: Path) -> None:
    async with WebSocketServer("127.0.0.1", 0, Limits(name_s=0.3), certificate=certificate) as server:
        assert await asked(server, *"\x16\x03\x01") in (b"", b"reset")
        assert server.report()["late"] == 1
