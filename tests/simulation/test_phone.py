"""The phone without its library, and its words for refusals; what it does with one is in tests/real."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

from callcenter.errors import SimulationError
from callcenter.media.rtp_packet import Address
from callcenter.simulation.handset import Handset
from callcenter.simulation.phone import Phone, SipTarget
from tests.waiting import until

WITHOUT = """
import sys
sys.modules["aiosipua"] = None
import asyncio
from callcenter.errors import MissingPartError
from callcenter.simulation.phone import Phone, SipTarget

async def dial():
    async with Phone.open(SipTarget(password="x")):
        pass

try:
    asyncio.run(dial())
except MissingPartError as error:
    print(error)
"""


def test_without_aiosipua() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "aiosipua is not installed: pip install 'callcenter[simulate]'\n"


class Refuser(asyncio.DatagramProtocol):
    """Answers each INVITE with `prelude` and `copies` of one status, and keeps the methods that it is sent."""

    def __init__(self, status: str, copies: int, prelude: Sequence[bytes]) -> None:
        self.methods: list[str] = []
        self._status = status
        self._copies = copies
        self._prelude = prelude

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: Address) -> None:
        start, *headers = data.decode().split("\r\n")
        method = start.split()[0]
        self.methods.append(method)
        if method != "INVITE":
            return
        copied = [line for line in headers if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        to = next(line for line in headers if line.startswith("To:"))
        lines = [f"SIP/2.0 {self._status}", *copied, f"{to};tag=refuser", "Content-Length: 0", "", ""]
        for datagram in (*self._prelude, *["\r\n".join(lines).encode()] * self._copies):
            self._transport.sendto(datagram, source)


@asynccontextmanager
async def refuser(
    status: str, copies: int = 1, prelude: Sequence[bytes] = ()
) -> AsyncIterator[tuple[Refuser, SipTarget]]:
    made = Refuser(status, copies, prelude)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    try:
        yield made, SipTarget(host=host, port=port, password="x")
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("486 Busy Here", "calling 9000: 486 Busy Here, the line is busy"),
        ("503 Service Unavailable", "calling 9000: 503 Service Unavailable, the service is not available"),
        ("418 Teapot", "calling 9000: 418 Teapot"),
        ("407 Proxy Authentication Required", "calling 9000: 407 Proxy Authentication Required, the phone's name"),
    ],
)
@pytest.mark.parametrize("copies", [1, 3])
async def test_refusals_are_acknowledged_and_explained(status: str, says: str, copies: int) -> None:
    async with (
        refuser(status, copies) as (other, target),
        Phone.open(target) as phone,
        Handset.open(phone.host) as set_,
    ):
        with pytest.raises(SimulationError, match=says):
            async with phone.dial("+15550100001", set_):
                pytest.fail("nobody should answer")
        await until(lambda: len(other.methods) > copies)
    assert other.methods == ["INVITE"] + ["ACK"] * copies


async def test_garbage_is_dropped() -> None:
    garbage = (
        b"",
        b"\0\xff" * 50,
        b"SIP/2.0 two OK\r\n\r\n",
        b"INVITE\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 486 Busy\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\n\r\n",
    )
    async with (
        refuser("486 Busy Here", prelude=garbage) as (other, target),
        Phone.open(target) as phone,
        Handset.open(phone.host) as set_,
    ):
        with pytest.raises(SimulationError, match="the line is busy"):
            async with phone.dial("+15550100001", set_):
                pytest.fail("nobody should answer")
        await until(lambda: len(other.methods) > 1)
    assert other.methods == ["INVITE", "ACK"]
