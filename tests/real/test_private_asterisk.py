"""A private Asterisk, started for real and called by a phone."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiosipua import SipDigestAuth, SipRequest, SipResponse, SipUAC, UdpSipTransport, build_sdp
from aiosipua.registration import Registration, RegistrationState

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import load
from callcenter.errors import AsteriskError
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.real

NewAsterisk = Callable[[], Awaitable[PrivateAsterisk]]
LOOPBACK = "127.0.0.1"
CALLER = "+15552347890"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def sip() -> AsyncIterator[tuple[SipUAC, asyncio.Queue[SipRequest]]]:
    """A SIP phone, and the requests that come in for it."""
    transport = UdpSipTransport()
    transport.local_addr = (LOOPBACK, free_port())
    await transport.start()
    phone = SipUAC(transport)
    requests: asyncio.Queue[SipRequest] = asyncio.Queue(maxsize=10)

    def receive(message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        if isinstance(message, SipResponse):
            phone.handle_response(message, addr)
        else:
            requests.put_nowait(message)

    transport.on_message = receive
    try:
        yield phone, requests
    finally:
        phone.close()
        await transport.stop()


async def dial(phone: SipUAC, asterisk: PrivateAsterisk, number: str, password: str) -> None:
    """Call `number` as CALLER, and return once answered; RuntimeError says that the call was refused."""
    here = (asterisk.sip_host, asterisk.sip_port)
    call = phone.send_invite(
        f"sip:{CALLER}@{LOOPBACK}",
        f"sip:{number}@{LOOPBACK}:{asterisk.sip_port}",
        here,
        build_sdp(local_ip=LOOPBACK, rtp_port=free_port(), payload_type=0, codec_name="PCMU"),
        auth=SipDigestAuth(asterisk.phone_user, password),
    )
    await call.wait_answered(timeout=10)


async def ari(asterisk: PrivateAsterisk, method: str, path: str) -> int:
    async with (
        aiohttp.ClientSession(headers=login(asterisk, asterisk.ari_password)) as session,
        session.request(method, asterisk.ari_url + path) as response,
    ):
        return response.status


def login(asterisk: PrivateAsterisk, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, password)}


@asynccontextmanager
async def stasis(asterisk: PrivateAsterisk) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """The events of the application, while it runs."""
    async with (
        aiohttp.ClientSession(headers=login(asterisk, asterisk.ari_password)) as session,
        session.ws_connect(f"{asterisk.ari_url}/events?app=ai-call-center") as events,
    ):
        yield events


async def test_ari_lets_in_only_who_knows_the_password(private_asterisk: PrivateAsterisk) -> None:
    ping = private_asterisk.ari_url + "/asterisk/ping"
    async with aiohttp.ClientSession() as session:
        async with session.get(ping, headers=login(private_asterisk, private_asterisk.ari_password)) as response:
            assert response.status == 200
        async with session.get(ping, headers=login(private_asterisk, "a guess")) as response:
            assert response.status == 401


@pytest.mark.parametrize(
    "module",
    ["chan_rtp", "chan_pjsip", "chan_audiosocket", "res_stasis_snoop", "res_ari_channels", "app_stasis", "codec_ulaw"],
)
async def test_what_a_call_needs_is_loaded(private_asterisk: PrivateAsterisk, module: str) -> None:
    assert "Running" in await private_asterisk.command(f"module show like {module}.so")


async def test_only_this_machine_can_reach_it(private_asterisk: PrivateAsterisk) -> None:
    """Its UDP sockets on a port of the system's choosing ask for names, they serve nobody."""
    assert sockets("tcp", private_asterisk) == {private_asterisk.ari_url.removeprefix("http://").removesuffix("/ari")}
    assert f"{LOOPBACK}:{private_asterisk.sip_port}" in sockets("udp", private_asterisk)


def sockets(kind: str, asterisk: PrivateAsterisk) -> set[str]:
    """The addresses that it is bound to and no peer of its own choosing has."""
    found = psutil.Process(asterisk.pid).net_connections(kind)
    return {f"{socket.laddr.ip}:{socket.laddr.port}" for socket in found if not socket.raddr}


async def test_a_call_reaches_the_application_with_the_number_that_the_caller_shows(
    private_asterisk: PrivateAsterisk,
) -> None:
    async with stasis(private_asterisk) as events, sip() as (phone, _), asyncio.TaskGroup() as tasks:
        calling = tasks.create_task(dial(phone, private_asterisk, "9000", private_asterisk.phone_password))
        start = json.loads(await events.receive_str(timeout=10))
        channel = start["channel"]
        assert start["type"] == "StasisStart"
        assert channel["caller"]["number"] == CALLER
        assert channel["dialplan"]["exten"] == "9000"
        assert await ari(private_asterisk, "POST", f"/channels/{channel['id']}/answer") == 204
        await calling
        assert await ari(private_asterisk, "DELETE", f"/channels/{channel['id']}") == 204


async def test_without_the_application_the_dialplan_apologises(private_asterisk: PrivateAsterisk) -> None:
    async with sip() as (phone, requests):
        await dial(phone, private_asterisk, "9000", private_asterisk.phone_password)
        async with asyncio.timeout(PATIENCE_S):
            while "im-sorry" not in await private_asterisk.command("core show channels"):  # noqa: ASYNC110 - asked
                await asyncio.sleep(0.05)
        async with asyncio.timeout(15):
            while (await requests.get()).method != "BYE":
                pass  # sound that another call sends to a port that it had before


async def test_a_wrong_password_reaches_nobody(private_asterisk: PrivateAsterisk) -> None:
    async with sip() as (phone, _):
        with pytest.raises(RuntimeError, match="401"):
            await dial(phone, private_asterisk, "9000", "a guess")


async def test_a_transfer_rings_the_person_who_has_registered(private_asterisk: PrivateAsterisk) -> None:
    async with sip() as (phone, requests):
        registration = Registration(
            phone,
            f"sip:{private_asterisk.person_user}@{LOOPBACK}",
            (private_asterisk.sip_host, private_asterisk.sip_port),
            auth=SipDigestAuth(private_asterisk.person_user, private_asterisk.person_password),
        )
        registered = asyncio.Event()
        registration.on_registered = lambda _: registered.set()
        registration.register()
        await asyncio.wait_for(registered.wait(), 5)
        assert registration.state is RegistrationState.REGISTERED
        query = "endpoint=Local/9100@people&extension=9999&context=phones&channelId=transfer-test"
        assert await ari(private_asterisk, "POST", f"/channels?{query}") == 200
        invite = await asyncio.wait_for(requests.get(), 5)
        assert invite.method == "INVITE"
        assert await ari(private_asterisk, "DELETE", "/channels/transfer-test") == 204


async def test_two_run_beside_each_other_and_one_comes_back_from_a_crash(new_asterisk: NewAsterisk) -> None:
    one, other = await new_asterisk(), await new_asterisk()
    assert abs(one.sip_port - other.sip_port) >= 1000
    url, password, first_pid = one.ari_url, one.ari_password, one.pid
    await one.kill()
    assert one.pid is None
    with pytest.raises(aiohttp.ClientConnectorError):
        await ari(one, "GET", "/asterisk/ping")
    await one.start()
    assert (one.ari_url, one.ari_password) == (url, password)
    assert one.pid != first_pid
    assert await ari(one, "GET", "/asterisk/ping") == 200
    await other.stop()
    assert await ari(one, "GET", "/asterisk/ping") == 200


async def test_nothing_is_left_of_it(new_asterisk: NewAsterisk) -> None:
    asterisk = await new_asterisk()
    pid = asterisk.pid
    assert pid
    assert asterisk.run_dir.stat().st_mode & 0o777 == 0o700
    await asterisk.close()
    assert not asterisk.run_dir.exists()
    assert not running(pid)


PARENT = """
import asyncio, sys
from pathlib import Path
from callcenter.asterisk.private import PrivateAsterisk
async def main():
    async with PrivateAsterisk(Path(sys.argv[1]), Path(sys.argv[2])) as asterisk:
        print(asterisk.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(load().paths.cache), str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.communicate()
    async with asyncio.timeout(5):
        while running(pid):  # noqa: ASYNC110 - there is no event for the end of a process that is not a child
            await asyncio.sleep(0.02)


def running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_one_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "asterisk"
    broken.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Asterisk 20.6.0" && exit\necho "no room at the inn"; exit 3\n')
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(AsteriskError, match=r"ended with status 3[^$]*no room at the inn"):
        async with PrivateAsterisk(tmp_path):
            raise AssertionError("it started")


SHELL = (sys.executable, "-m", "callcenter.asterisk", "--run-dir")


async def shell(run_dir: Path, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *SHELL, str(run_dir), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_from_a_shell_it_runs_until_it_is_stopped_and_comes_back_the_same(tmp_path: Path) -> None:
    assert await shell(tmp_path, "status") == (1, "not running\n")
    assert (await shell(tmp_path, "config"))[1].startswith("asterisk: none was started in")
    try:
        status, said = await shell(tmp_path, "start")
        assert (status, "dials 9000" in said) == (0, True), said
        assert await shell(tmp_path, "start") == (0, "it runs already\n")
        status, said = await shell(tmp_path, "status")
        assert (status, "0 active channels" in said) == (0, True), said
        assert "System uptime" in (await shell(tmp_path, "cli", "core", "show", "uptime"))[1]
        variables = (await shell(tmp_path, "config"))[1]
        exported = dict(re.findall(r"export (\w+)=(\S+)", variables))
        assert set(exported) == {f"CALLCENTER_ASTERISK__{name}" for name in ("URL", "USERNAME", "PASSWORD")}
    finally:
        assert (await shell(tmp_path, "stop"))[0] == 0
    assert await shell(tmp_path, "stop") == (0, "it does not run\n")
    async with PrivateAsterisk(load().paths.cache, tmp_path) as again:
        assert again.ari_url == exported["CALLCENTER_ASTERISK__URL"]
        assert again.ari_password == exported["CALLCENTER_ASTERISK__PASSWORD"]
    assert (tmp_path / "asterisk.json").exists(), "a directory of one's own is kept"
