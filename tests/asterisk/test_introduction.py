"""The first word with Asterisk."""

import pytest
from structlog.testing import capture_logs

from callcenter.asterisk import introduction
from callcenter.asterisk.introduction import introduced
from callcenter.errors import AriError
from tests.peers.ari_server import AriServer, Fault


async def test_the_log_says_which_asterisk_it_is(server: AriServer) -> None:
    with capture_logs() as lines:
        await introduced(server.settings)
    assert [(line["event"], line["log_level"], line["version"]) for line in lines] == [("= asterisk", "info", "22.0.0")]


@pytest.mark.parametrize(("status", "advice"), [(401, "asterisk.password against ari.conf"), (403, "read_only")])
async def test_who_is_refused_is_told_what_to_do(server: AriServer, status: int, advice: str) -> None:
    server.faults["info"] = status
    with pytest.raises(AriError, match=advice):
        await introduced(server.settings)


@pytest.mark.parametrize("fault", [404, 500, 503, Fault.STALL, Fault.GARBAGE, Fault.CUT])
async def test_what_may_pass_is_only_told(
    server: AriServer, fault: int | Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introduction, "PATIENCE_S", 0.5)
    server.faults["info"] = fault
    assert "ARI" in (await told(server))["error"]


async def test_an_asterisk_that_is_not_up_is_only_told(server: AriServer) -> None:
    await server.deafen()
    line = await told(server)
    assert "is Asterisk running" in line["error"]
    assert "asterisk.url" in line["error"]


async def told(server: AriServer) -> dict[str, str]:
    with capture_logs() as lines:
        await introduced(server.settings)
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("! asterisk", "warning")
    return dict(line)
