import socket
from collections.abc import Iterator
from contextlib import closing

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
    received = [udp.received(receiver) for _ in range(3)]
    assert received == [(b"one", sender.getsockname()), (b"", sender.getsockname()), None]


def test_an_ipv6_source_is_an_address_and_a_port() -> None:
    with udp.bind("::1") as receiver, udp.bind("::1") as sender:
        sender.sendto(b"six", receiver.getsockname())
        assert udp.received(receiver) == (b"six", ("::1", sender.getsockname()[1]))


class Reader:
    """Reads a socket of its own when it is told to."""

    def __init__(self, arrivals: udp.Arrivals) -> None:
        self.socket = udp.bind("127.0.0.1")
        self.read: list[tuple[float, bytes]] = []
        self._arrivals = arrivals
        arrivals.watch(self.socket, self.take)

    def take(self, now: float) -> None:
        received = udp.received(self.socket)
        assert received is not None, "it is called only when there is something"
        self.read.append((now, received[0]))

    def close(self) -> None:
        self._arrivals.forget(self.socket)
        self.socket.close()


@pytest.fixture
def arrivals() -> udp.Arrivals:
    return udp.Arrivals()


def test_everything_that_has_come_is_read(arrivals: udp.Arrivals) -> None:
    arrivals.read(0.5)
    with closing(Reader(arrivals)) as one, closing(Reader(arrivals)) as two, udp.bind("127.0.0.1") as sender:
        for payload, reader in ((b"a", one), (b"b", one), (b"c", two)):
            sender.sendto(payload, reader.socket.getsockname())
        arrivals.read(1.0)
        arrivals.read(2.0)
        assert (one.read, two.read) == ([(1.0, b"a"), (1.0, b"b")], [(1.0, b"c")])


def test_a_flood_is_read_in_parts_and_starves_nobody(arrivals: udp.Arrivals) -> None:
    with closing(Reader(arrivals)) as flooded, closing(Reader(arrivals)) as other, udp.bind("127.0.0.1") as sender:
        for _ in range(udp.BURST + 3):
            sender.sendto(b"x", flooded.socket.getsockname())
        sender.sendto(b"y", other.socket.getsockname())
        arrivals.read(1.0)
        assert (len(flooded.read), len(other.read)) == (udp.BURST, 1)
        arrivals.read(2.0)
        assert len(flooded.read) == udp.BURST + 3


def test_who_is_closed_by_another_is_not_read(arrivals: udp.Arrivals) -> None:
    class Closer(Reader):
        """Ends all others as soon as it reads."""

        def take(self, now: float) -> None:
            super().take(now)
            for other in others:
                other.close()

    with udp.bind("127.0.0.1") as sender, closing(Closer(arrivals)) as closer:
        others = [Reader(arrivals) for _ in range(3)]
        for reader in (closer, *others):
            sender.sendto(b"x", reader.socket.getsockname())
        arrivals.read(1.0)
        arrivals.read(2.0)
        assert [len(reader.read) for reader in (closer, *others)] == [1, 0, 0, 0]


@pytest.mark.parametrize("host", ["192.0.2.1", "not an address"])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(LegError, match=f"no RTP port on {host}: "):
        udp.bind(host)
