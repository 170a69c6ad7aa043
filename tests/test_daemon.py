"""What stops the daemon stops it before it loads a model: here there is none, which is what is said otherwise."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from callcenter import config, control, daemon
from callcenter.config import Settings
from callcenter.control import Watchers
from callcenter.errors import CallCenterError, ConfigurationError, MissingPartError, innermost
from tests.peers.ari_server import AriServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AriServer]:
    async with AriServer() as server:
        yield server


@pytest.fixture
def settings(server: AriServer, tmp_path: Path) -> Settings:
    """Those of a host without models, whose database is away."""
    return config.Settings(
        asterisk=server.settings,
        database=config.Database(url=SecretStr("postgresql://nobody@127.0.0.1:1/none")),
        media=config.Media(audiosocket_listen="127.0.0.1:0"),
        paths=config.Paths(state=tmp_path / "state", cache=tmp_path / "cache"),
    )


async def stopped_by(settings: Settings) -> CallCenterError:
    """Why no daemon starts."""
    with pytest.raises((CallCenterError, ExceptionGroup)) as caught:
        async with daemon.opened(settings):
            pass
    error = innermost(caught.value)
    assert isinstance(error, CallCenterError)
    return error


async def test_a_wrong_password(server: AriServer, settings: Settings) -> None:
    server.faults["info"] = 401
    assert "asterisk.password" in str(await stopped_by(settings))
    assert server.requests == ["info"]
    assert list(settings.paths.state.iterdir()) == []


async def test_a_port_that_is_taken(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        media = config.Media(line="audiosocket", audiosocket_listen=listen)
        assert listen in str(await stopped_by(settings.model_copy(update={"media": media})))


async def test_another_daemon(settings: Settings, server: AriServer) -> None:
    async with control.serving(settings.paths.control_socket, Watchers(), dict):
        assert "another daemon" in str(await stopped_by(settings))
        assert await control.status(settings.paths.control_socket) == {}
    assert server.requests == []


async def test_a_place_where_nobody_may_write(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    paths = settings.paths.model_copy(update={"state": tmp_path / "file" / "state"})
    error = await stopped_by(settings.model_copy(update={"paths": paths}))
    assert isinstance(error, ConfigurationError)
    assert "paths.state" in str(error)


@pytest.mark.parametrize("up", [True, False])
async def test_an_asterisk_that_is_not_up_yet_and_a_database_that_is_away_stop_nobody(
    settings: Settings, server: AriServer, up: bool
) -> None:
    if not up:
        await server.deafen()
    assert isinstance(await stopped_by(settings), MissingPartError)
