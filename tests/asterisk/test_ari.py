"""Requests, and what becomes of refusals."""

import pytest

from callcenter.asterisk import ari as ari_module
from callcenter.asterisk.ari import Ari, Bridge
from callcenter.config import Asterisk
from callcenter.errors import AriError, AsteriskError
from tests.asterisk.conftest import Client
from tests.peers.ari_server import AriServer, Fault


async def test_what_is_there(server: AriServer, client: Client) -> None:
    server.call("a")
    await client.ari.create_bridge("b")
    await client.ari.add_to_bridge("b", "a")

    (channel,) = await client.ari.channels()
    assert (channel.id, channel.did, channel.application) == ("a", "9000", "ai-call-center")
    assert await client.ari.bridges() == [Bridge(id="b", channels=("a",))]
    assert await client.ari.version() == "22.0.0"
    assert await client.ari.exists("a")
    assert not await client.ari.exists("x")


async def test_what_is_gone_can_be_removed(client: Client) -> None:
    await client.ari.hang_up("x")
    await client.ari.destroy_bridge("x")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "check asterisk.username and asterisk.password"),
        (403, "read_only"),
        (404, "404 to POST channels/a/answer: Channel not found"),
        (409, "409 to POST channels/a/answer: Channel not in Stasis application"),
        (500, "500"),
    ],
)
async def test_refused(server: AriServer, client: Client, status: int, sentence: str) -> None:
    server.faults["answer"] = status
    with pytest.raises(AriError, match=sentence) as refusal:
        await client.ari.answer("a")
    assert refusal.value.status == status


async def test_removal_refused(server: AriServer, client: Client) -> None:
    server.faults["hangup"] = 500
    with pytest.raises(AriError):
        await client.ari.hang_up("a")


@pytest.mark.parametrize("step", ["channels", "bridges", "info"])
async def test_garbage(server: AriServer, client: Client, step: str) -> None:
    server.faults[step] = Fault.GARBAGE
    requests = {"channels": client.ari.channels, "bridges": client.ari.bridges, "info": client.ari.version}
    with pytest.raises(AsteriskError, match="not understood"):
        await requests[step]()


async def test_cut(server: AriServer, client: Client) -> None:
    server.faults["answer"] = Fault.CUT
    with pytest.raises(AsteriskError, match="cannot be reached"):
        await client.ari.answer("a")
    assert server.requests.count("answer") == 1


async def test_stalled(server: AriServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ari_module, "TIMEOUT_S", 0.1)
    server.faults["channels"] = Fault.STALL
    async with Ari(server.settings) as ari:
        with pytest.raises(AsteriskError, match=r"did not answer GET channels within 0\.1 s"):
            await ari.channels()


async def test_nobody_listens() -> None:
    async with Ari(Asterisk(url="http://127.0.0.1:1/ari")) as ari:
        with pytest.raises(AsteriskError, match=r"reached \(Connect.*is Asterisk running"):
            await ari.version()


async def test_modules_that_run(client: Client) -> None:
    assert await client.ari.modules() == {"chan_rtp.so"}
