"""TLS with a client that has no socket either."""

import ssl
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.media.tls import Tls
from tests.peers.certificate import self_signed


class Client:
    """The other side."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self.came, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusted.wrap_bio(self.came, self.going, server_hostname="127.0.0.1")

    def shake_hands(self, server: Tls) -> None:
        for _ in range(3):
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.came.write(through(server, self.going.read()))
            else:
                self.came.write(through(server, self.going.read()))
                return
        pytest.fail("no end of the handshake")


def through(server: Tls, data: bytes) -> bytes:
    """What the server answers to a piece of the handshake, which says nothing, and comes byte by byte."""
    answer = b""
    for place in range(len(data)):
        assert server.unsealed(data[place : place + 1]) == b""
        answer += server.sealed(b"")
    return answer


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's and the client's."""
    certificate: Path = self_signed(tmp_path_factory.mktemp("tls"))
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certificate)
    return own, ssl.create_default_context(cafile=str(certificate))


def connected(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> tuple[Tls, Client]:
    server, client = Tls(contexts[0]), Client(contexts[1])
    client.shake_hands(server)
    return server, client


@given(st.lists(st.binary(min_size=1, max_size=40_000), max_size=6), st.lists(st.integers(0, 1_000_000), max_size=20))
@settings(deadline=None, max_examples=30)
def test_what_is_said_comes_out_however_the_bytes_come(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], said: Sequence[bytes], places: Sequence[int]
) -> None:
    server, client = connected(contexts)
    for each in said:
        client.tls.write(each)
    data = client.going.read()
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    assert b"".join(server.unsealed(data[start:end]) for start, end in pairwise(edges)) == b"".join(said)


def test_what_we_say_arrives_and_so_does_the_end(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = connected(contexts)
    client.came.write(server.sealed(b"a frame") + server.sealed(b" and another"))
    assert client.tls.read() + client.tls.read() == b"a frame and another"
    server.end()
    server.end()
    client.came.write(server.sealed(b""))
    assert client.tls.read() == b""
    assert server.sealed(b"more") == b""


def test_the_end_of_the_other_side_says_nothing(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = connected(contexts)
    client.tls.write(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert server.unsealed(client.going.read()) == b"last"


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01a"], ids=["no TLS", "no hello"]
)
def test_what_is_no_tls_is_told(contexts: tuple[ssl.SSLContext, ssl.SSLContext], data: bytes) -> None:
    server = Tls(contexts[0])
    with pytest.raises(ssl.SSLError):
        server.unsealed(data)
    server.end()


def test_a_byte_that_was_changed_on_the_way_is_told_both_sides(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = connected(contexts)
    client.tls.write(b"hello")
    data = client.going.read()
    with pytest.raises(ssl.SSLError):
        server.unsealed(data[:-1] + bytes([data[-1] ^ 1]))
    client.came.write(server.sealed(b""))
    with pytest.raises(ssl.SSLError, match="ALERT"):
        client.tls.read()
