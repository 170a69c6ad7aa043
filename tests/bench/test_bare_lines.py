"""Bare lines give back what comes, and are what Asterisk is asked for for ours."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve

from callcenter.asterisk.ari import login
from callcenter.asterisk.media_server import MediaServer
from callcenter.bench import bare_lines
from callcenter.bench.line_callers import HOST
from callcenter.bench.line_ways import WAYS
from callcenter.config import Asterisk, Media
from callcenter.errors import LegError
from callcenter.media import lines
from callcenter.media.audiosocket import Audio, Identity, encode
from callcenter.media.clock import Clock
from callcenter.media.websocket_wire import MEDIA
from tests.peers.certificate import self_signed
from tests.waiting import PATIENCE_S

NOBODY = MediaServer(base="ws://127.0.0.1:9/media", headers={"Authorization": "Basic"})
OWN = {"external_host", "data", "transport_data"}
"""Of `wanted`, what is different on each line."""


@pytest.mark.parametrize("name", WAYS)
async def test_asterisk_is_asked_for_what_it_is_asked_for_ours(name: str) -> None:
    way = WAYS[name]
    listen = "listen" if way.listens else "dial"
    media = Media.model_validate(
        {"audiosocket_listen": "127.0.0.1:0", "websocket_listen": "127.0.0.1:0", "websocket": listen}
    )
    async with lines.opened(media, Clock(), NOBODY) as ours, bare_lines.opened(way, NOBODY) as bare:
        line = ours.open(way.choice)
        line.close()
        assert without(bare.wanted) == without(line.wanted)


def without(wanted: Mapping[str, str]) -> dict[str, str]:
    """What all lines of a way have in common."""
    return {name: value for name, value in wanted.items() if name not in OWN}


async def test_a_packet_goes_back() -> None:
    loop = asyncio.get_running_loop()
    async with bare_lines.opened(WAYS["rtp-alaw"], NOBODY) as line:
        host, _, port = line.wanted["external_host"].rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.setblocking(False)
            caller.connect((host, int(port)))
            caller.send(b"a packet")
            assert await asyncio.wait_for(loop.sock_recv(caller, 100), PATIENCE_S) == b"a packet"


async def test_the_sound_of_audiosocket_goes_back_and_nothing_else() -> None:
    first, second = (encode(Audio(16_000, bytes([value]) * 640)) for value in (1, 2))
    async with bare_lines.opened(WAYS["audiosocket-16"], NOBODY) as line:
        host, _, port = line.wanted["external_host"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await line.connect({})
        writer.write(encode(Identity(call=uuid4())) + first + second[:100])
        assert await asyncio.wait_for(reader.readexactly(len(first)), PATIENCE_S) == first
        writer.write(second[100:])
        assert await asyncio.wait_for(reader.readexactly(len(second)), PATIENCE_S) == second
        writer.close()


async def test_the_sound_of_a_websocket_goes_back_and_nothing_else() -> None:
    port = free_port()
    async with bare_lines.listening(port), connect(f"ws://{HOST}:{port}/", subprotocols=[MEDIA]) as asterisk:
        await asterisk.send("MEDIA_START")
        await asterisk.send(b"sound")
        assert await asyncio.wait_for(asterisk.recv(), PATIENCE_S) == b"sound"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_asterisk_is_dialled_as_ari_is(scheme: str, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path) if scheme == "https" else None
    async with asterisk_listening(certificate) as (port, came):
        asterisk = Asterisk(url=f"{scheme}://{HOST}:{port}/ari", ca_certificate=certificate)
        async with bare_lines.opened(WAYS["websocket-dial-8"], MediaServer.of(asterisk)) as line:
            await line.connect({"MEDIA_WEBSOCKET_CONNECTION_ID": "one"})
            path, given, subprotocol, back = await asyncio.wait_for(came.get(), PATIENCE_S)
    assert (path, subprotocol, back) == ("/media/one", MEDIA, b"sound")
    assert {"Authorization": given} == login(asterisk)


Came = tuple[str, str, str | None, str | bytes]


@asynccontextmanager
async def asterisk_listening(certificate: Path | None) -> AsyncIterator[tuple[int, "asyncio.Queue[Came]"]]:
    """A server that sends sound once; its port, and what it saw of each connection and what came back."""
    came: asyncio.Queue[Came] = asyncio.Queue(1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if context and certificate:
        context.load_cert_chain(certificate)

    async def sound(asterisk: Connection) -> None:
        request = asterisk.request
        assert request
        await asterisk.send("MEDIA_START")
        await asterisk.send(b"sound")
        back = await asterisk.recv()
        await came.put((request.path, request.headers["Authorization"], asterisk.subprotocol, back))
        await asterisk.wait_closed()

    async with serve(sound, HOST, 0, subprotocols=[MEDIA], ssl=context) as server:
        yield next(iter(server.sockets)).getsockname()[1], came


async def test_an_asterisk_that_is_not_there_is_told() -> None:
    async with bare_lines.opened(WAYS["websocket-dial-8"], NOBODY) as line:
        with pytest.raises(LegError, match="cannot be reached"):
            await line.connect({"MEDIA_WEBSOCKET_CONNECTION_ID": "one"})


def free_port() -> int:
    """That nobody listens on."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])
