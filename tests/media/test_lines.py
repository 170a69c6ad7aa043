"""Every kind of line is opened, and its server is there."""

import asyncio
from collections.abc import Mapping
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from callcenter.asterisk.media_server import MediaServer
from callcenter.config import LineOfNumber, Media
from callcenter.errors import ConfigurationError, LegError
from callcenter.media.clock import Clock
from callcenter.media.line_choice import Kind, LineChoice
from callcenter.media.lines import opened

DIALLING = MediaServer(base="ws://127.0.0.1:8088/media", headers={})
FREE = "127.0.0.1:0"


@pytest.mark.parametrize(
    ("kind", "rate", "websocket", "wanted"),
    [
        ("rtp", 8000, "dial", {"format": "alaw"}),
        ("audiosocket", 8000, "dial", {"encapsulation": "audiosocket", "transport": "tcp", "format": "slin"}),
        ("audiosocket", 16_000, "dial", {"encapsulation": "audiosocket", "transport": "tcp", "format": "slin16"}),
        ("audiosocket-dialplan", 8000, "dial", {"format": "slin"}),
        ("websocket", 8000, "dial", {"transport": "websocket", "connection_type": "server", "format": "slin"}),
        ("websocket", 16_000, "listen", {"transport": "websocket", "connection_type": "client", "format": "slin16"}),
    ],
)
async def test_each_kind(kind: Kind, rate: int, websocket: str, wanted: Mapping[str, str]) -> None:
    media = Media.model_validate(
        {"audiosocket_listen": FREE, "websocket_listen": FREE, "websocket": websocket, "websocket_client": "us"}
    )
    clock = Clock()
    async with opened(media, clock, DIALLING) as lines:
        with closing(lines.open(LineChoice(kind=kind, rate=rate, codec="alaw"))) as line:
            assert line.rate == line.received.rate == line.playout.rate == rate
            assert wanted.items() <= line.wanted.items()
            assert line.wanted["external_host"] != ""
        assert clock.lines == 0
        assert set(lines.report()) == {"audiosocket", "websocket"} if websocket == "listen" else {"audiosocket"}


async def test_audiosocket_is_found_elsewhere() -> None:
    media = Media(audiosocket_listen="127.0.0.1:0", audiosocket_host="fd00::6")
    async with opened(media, Clock(), DIALLING) as lines:
        with closing(lines.open(LineChoice(kind="audiosocket", rate=8000, codec="ulaw"))) as line:
            assert line.wanted["external_host"].startswith("[fd00::6]:")


async def test_a_port_that_is_taken_matters_only_to_whoever_needs_it() -> None:
    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(nobody, "127.0.0.1", 0)
    listen = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        with capture_logs() as logs:
            async with opened(Media(audiosocket_listen=listen), Clock(), DIALLING) as lines:
                with closing(lines.open(LineChoice(kind="rtp", rate=8000, codec="ulaw"))) as line:
                    assert line.rate == 8000
                with pytest.raises(LegError, match=listen):
                    lines.open(LineChoice(kind="audiosocket-dialplan", rate=8000, codec="ulaw"))
        assert "x AudioSocket" in [entry["event"] for entry in logs]
        needed = Media(audiosocket_listen=listen, by_did={"9002": LineOfNumber(line="audiosocket")})
        with pytest.raises(ConfigurationError, match=listen):
            async with opened(needed, Clock(), DIALLING):
                pass
    finally:
        server.close()
        await server.wait_closed()
