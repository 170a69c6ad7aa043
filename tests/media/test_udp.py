import socket
from collections.abc import Iterator

import pytest

from callcenter.errors import LegError
from callcenter.media import udp


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with udp.bind("127.0.0.1") as receiver, udp.bind("127.0.0.1") as sender:
        yield receiver, sender


def test_datagrams_come_with_their_source(pair: tuple[socket.socket, socket.socket]) -> None:
    receiver, sender = pair
    sender.sendto(b"one", receiver.getsockname())
    sender.sendto(b"", receiver.getsockname())
    assert list(udp.arrived(receiver)) == [(b"one", sender.getsockname()), (b"", sender.getsockname())]
    assert list(udp.arrived(receiver)) == []


def test_a_flood_is_read_in_parts(pair: tuple[socket.socket, socket.socket]) -> None:
    receiver, sender = pair
    for _ in range(udp.BURST + 3):
        sender.sendto(b"x", receiver.getsockname())
    assert [len(list(udp.arrived(receiver))) for _ in range(3)] == [udp.BURST, 3, 0]


def test_an_ipv6_source_is_an_address_and_a_port() -> None:
    with udp.bind("::1") as receiver, udp.bind("::1") as sender:
        sender.sendto(b"six", receiver.getsockname())
        assert list(udp.arrived(receiver)) == [(b"six", ("::1", sender.getsockname()[1]))]


@pytest.mark.parametrize("host", ["192.0.2.1", "not an address"])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(LegError, match=f"no RTP port on {host}: "):
        udp.bind(host)
