"""TLS to a small Asterisk: who is trusted, and what is said of one who is not."""

from contextlib import aclosing
from pathlib import Path

import pytest

from callcenter.asterisk import tls
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.config import Asterisk
from callcenter.errors import AsteriskError, ConfigurationError
from tests.peers.ari_server import AriServer
from tests.peers.certificate import Certified, of_own_authority, self_signed


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return of_own_authority(tmp_path_factory.mktemp("tls"))


def trusting(server: AriServer, certificate: Path) -> Asterisk:
    return server.settings.model_copy(update={"ca_certificate": certificate})


@pytest.mark.parametrize("whom", ["authority", "server"])
async def test_by_the_authority_or_by_its_own_certificate(certified: Certified, whom: str) -> None:
    async with AriServer(certified.server) as server:
        settings = trusting(server, getattr(certified, whom))
        async with Ari(settings) as ari:
            assert await ari.version() == "22.0.0"
        async with aclosing(EventStream(settings).__aiter__()) as stream:
            assert await anext(stream) == Connected(first=True)


async def test_nobody_knows_who_signed_it(certified: Certified) -> None:
    async with AriServer(certified.server) as server, Ari(server.settings) as ari:
        said = r"is not trusted \(unable to get local issuer certificate\): name .* in asterisk\.ca_certificate"
        with pytest.raises(AsteriskError, match=said):
            await ari.version()


async def test_it_is_another_ones(certified: Certified, tmp_path: Path) -> None:
    async with AriServer(self_signed(tmp_path)) as server, Ari(trusting(server, certified.authority)) as ari:
        with pytest.raises(AsteriskError, match=r"is not trusted \(self-signed certificate\)"):
            await ari.version()


async def test_it_is_of_another_name(tmp_path: Path) -> None:
    certified = of_own_authority(tmp_path, "DNS:pbx.example")
    async with AriServer(certified.server) as server:
        settings = trusting(server, certified.authority)
        async with Ari(settings) as ari:
            with pytest.raises(AsteriskError, match=r"not valid for '127\.0\.0\.1'\): let asterisk\.url name the host"):
                await ari.version()
        async with aclosing(EventStream(settings).__aiter__()) as stream:
            event = await anext(stream)
    assert isinstance(event, Disconnected)
    assert "let asterisk.url name the host" in event.reason


async def test_it_speaks_no_tls(server: AriServer) -> None:
    settings = Asterisk(url=server.settings.url.replace("http:", "https:"))
    async with Ari(settings) as ari:
        with pytest.raises(AsteriskError, match=r"no TLS with it \(.*\): is tlsenable = yes"):
            await ari.version()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.pem", None, "No such file or directory"),
        ("empty.pem", "", "no certificate in it"),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate in it"),
        ("", None, "Is a directory"),
    ],
    ids=["missing", "empty", "a key", "a folder"],
)
def test_a_file_without_a_certificate(tmp_path: Path, name: str, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    settings = Asterisk(url="https://127.0.0.1:8089/ari", ca_certificate=tmp_path / name)
    with pytest.raises(ConfigurationError, match=rf"^asterisk\.ca_certificate .* \({reason}\): name a PEM file"):
        Ari(settings)


def test_it_is_read_once_for_all_that_connects(certified: Certified) -> None:
    one, other = (Asterisk(url=f"https://a/{name}", ca_certificate=certified.authority) for name in ("ari", "b/ari"))
    assert tls.context(one) is tls.context(other)
    assert tls.context(one) is not tls.context(Asterisk(url="https://a/ari"))
    assert tls.context(Asterisk(url="http://a/ari", ca_certificate=certified.authority)) is None
