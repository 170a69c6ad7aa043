import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.rtp_packet import Packet

PACKET = Packet(payload_type=8, sequence=0x1234, timestamp=0x89ABCDEF, ssrc=0xDEADBEEF, payload=b"sound", marker=True)
HEADER = struct.pack("!HII", 0x1234, 0x89ABCDEF, 0xDEADBEEF)


def test_build() -> None:
    assert PACKET.build() == b"\x80\x88" + HEADER + b"sound"


@pytest.mark.parametrize(
    "datagram",
    [
        b"\x80\x88" + HEADER + b"sound",
        b"\x82\x88" + HEADER + b"src1src2" + b"sound",
        b"\x90\x88" + HEADER + b"\xbe\xde\x00\x01extn" + b"sound",
        b"\x90\x88" + HEADER + b"\xbe\xde\x00\x00" + b"sound",
        b"\xa0\x88" + HEADER + b"sound" + b"\0\0\3",
        b"\xb1\x88" + HEADER + b"src1" + b"\xbe\xde\x00\x02extnextn" + b"sound" + b"\1",
    ],
    ids=["plain", "sources", "extension", "empty extension", "padding", "all"],
)
def test_parse(datagram: bytes) -> None:
    assert Packet.parse(datagram) == PACKET


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80",
        b"\x80\x88" + HEADER[:-1],
        b"\x00\x88" + HEADER,
        b"\x40\x88" + HEADER,
        b"\xc0\x88" + HEADER,
        b"\x81\x88" + HEADER,
        b"\x8f\x88" + HEADER + bytes(59),
        b"\x90\x88" + HEADER,
        b"\x90\x88" + HEADER + b"\xbe\xde\x00",
        b"\x90\x88" + HEADER + b"\xbe\xde\xff\xff" + bytes(100),
        b"\xa0\x88" + HEADER + b"sound\0",
        b"\xa0\x88" + HEADER + b"sound\7",
        b"\xa0\x88" + HEADER[:-1] + b"\xff",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_a_whole_packet_is_none(datagram: bytes) -> None:
    assert Packet.parse(datagram) is None


def test_a_packet_may_be_empty() -> None:
    packet = Packet.parse(b"\xa0\x88" + HEADER + b"\0\2")
    assert packet
    assert packet.payload == b""


@given(datagram=st.binary(max_size=2000))
def test_no_bytes_raise(datagram: bytes) -> None:
    Packet.parse(datagram)


@given(start=st.integers(0x80, 0xBF), rest=st.binary(min_size=11, max_size=200))
def test_no_bytes_that_begin_like_a_packet_raise(start: int, rest: bytes) -> None:
    packet = Packet.parse(bytes([start]) + rest)
    assert packet is None or len(packet.payload) <= len(rest) - 11


@given(
    packet=st.builds(
        Packet,
        payload_type=st.integers(0, 127),
        sequence=st.integers(0, 0xFFFF),
        timestamp=st.integers(0, 0xFFFFFFFF),
        ssrc=st.integers(0, 0xFFFFFFFF),
        payload=st.binary(max_size=500),
        marker=st.booleans(),
    )
)
def test_what_is_built_is_parsed(packet: Packet) -> None:
    assert Packet.parse(packet.build()) == packet
