"""What is swept, and what is left alone."""

import pytest

from callcenter.asterisk.sweep import Swept, missing, stranded, sweep
from callcenter.errors import AsteriskError
from tests.asterisk.conftest import Client
from tests.peers.ari_server import AriServer


async def leftovers(server: AriServer, client: Client) -> None:
    """Two calls of ours, one of another daemon, and a caller whom nobody serves."""
    for instance, call in (("a", "c1"), ("a", "c2"), ("ab", "c1")):
        caller = f"{instance}.{call}"
        server.call(caller)
        await client.ari.snoop(caller, f"cc-{instance}-{call}-snoop")
        await client.ari.external_media(
            f"cc-{instance}-{call}-media", {"external_host": "127.0.0.1:4000", "format": "ulaw"}
        )
        await client.ari.create_bridge(f"cc-{instance}-{call}-bridge")
    server.call("lonely")


async def test_only_orphans_are_removed(server: AriServer, client: Client) -> None:
    await leftovers(server, client)

    assert await sweep(client.ari, "a", {"c2"}) == Swept(
        channels=("cc-a-c1-snoop", "cc-a-c1-media"), bridges=("cc-a-c1-bridge",)
    )

    assert sorted(server.bridges) == ["cc-a-c2-bridge", "cc-ab-c1-bridge"]
    assert await sweep(client.ari, "a", {"c2"}) == Swept(channels=(), bridges=())


async def test_stranded(server: AriServer, client: Client) -> None:
    await leftovers(server, client)
    assert [channel.id for channel in await stranded(client.ari, "ai-call-center")] == ["lonely"]
    assert await stranded(client.ari, "other-app") == []


async def test_missing(server: AriServer, client: Client) -> None:
    server.call("a")
    assert await missing(client.ari, ["a", "b"]) == {"b"}


@pytest.mark.parametrize("status", [404, 500])
async def test_refused_removal_is_left_for_the_next_sweep(server: AriServer, client: Client, status: int) -> None:
    await leftovers(server, client)
    server.faults["destroy"] = status
    await sweep(client.ari, "a", ())
    server.faults.clear()
    assert (await sweep(client.ari, "a", ())).bridges == ("cc-a-c1-bridge", "cc-a-c2-bridge")


async def test_asterisk_cannot_say(server: AriServer, client: Client) -> None:
    server.faults["bridges"] = 500
    with pytest.raises(AsteriskError):
        await sweep(client.ari, "a", ())
