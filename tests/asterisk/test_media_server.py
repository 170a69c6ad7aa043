"""Where WebSocket channels have their sound, and who gets in."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter.asterisk.ari import login
from callcenter.asterisk.media_server import MediaServer
from callcenter.config import Asterisk
from callcenter.errors import ConfigurationError
from callcenter.media.lines import Dialling
from tests.peers.certificate import self_signed


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8088/ari", "ws://127.0.0.1:8088/media"),
        ("https://pbx.example:8089/ari/", "wss://pbx.example:8089/media"),
        ("http://[::1]:8088/pbx/ari", "ws://[::1]:8088/pbx/media"),
    ],
)
def test_it_is_where_ari_is(url: str, base: str) -> None:
    settings = Asterisk(url=url, username="us", password=SecretStr("secret"))
    dialling: Dialling = MediaServer.of(settings)
    assert dialling.base == base
    assert dialling.headers == login(settings)
    assert (dialling.context is None) == url.startswith("http:")


def test_it_is_trusted_as_ari_is(tmp_path: Path) -> None:
    own = Asterisk(url="https://127.0.0.1:8089/ari", ca_certificate=self_signed(tmp_path))
    context = MediaServer.of(own).context
    assert context
    assert len(context.get_ca_certs()) == 1
    with pytest.raises(ConfigurationError, match="ca_certificate"):
        MediaServer.of(own.model_copy(update={"ca_certificate": tmp_path / "none"}))
