"""The phone's RTP stream, sound and keys."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.rtp_packet import Packet
from callcenter.simulation.keypad import END_PACKETS, KEYS, PRESSED_FRAMES, TELEPHONE_EVENT, Stream

FRAME = bytes(320)


def packets(stream: Stream, frames: int) -> list[Packet]:
    found = [Packet.parse(datagram) for _ in range(frames) for datagram in stream.datagrams(FRAME)]
    assert all(found)
    return [packet for packet in found if packet]


def stream(sequence: int = 0, timestamp: int = 0) -> Stream:
    return Stream(ssrc=7, sequence=sequence, timestamp=timestamp)


def test_sound() -> None:
    sent = packets(stream(), 3)
    assert [(p.payload_type, p.sequence, p.timestamp, p.marker) for p in sent] == [
        (0, 0, 0, True),
        (0, 1, 160, False),
        (0, 2, 320, False),
    ]
    assert all(len(p.payload) == 160 and p.ssrc == 7 for p in sent)


def test_a_key_as_rfc_4733_has_it() -> None:
    tested = stream()
    packets(tested, 6)
    tested.press("5")
    sent = packets(tested, PRESSED_FRAMES)
    events = [struct.unpack("!BBH", p.payload) for p in sent]
    assert {p.payload_type for p in sent} == {TELEPHONE_EVENT}
    assert {p.timestamp for p in sent} == {960}
    assert [p.marker for p in sent] == [True] + [False] * (PRESSED_FRAMES + END_PACKETS - 2)
    assert [p.sequence for p in sent] == list(range(6, 6 + PRESSED_FRAMES + END_PACKETS - 1))
    assert [(event, flags & 0x80, duration) for event, flags, duration in events] == [
        (5, 0, 160),
        (5, 0, 320),
        (5, 0, 480),
        (5, 0, 640),
        *[(5, 0x80, 800)] * END_PACKETS,
    ]
    assert not tested.pressing
    assert packets(tested, 1)[0].timestamp == 960 + PRESSED_FRAMES * 160


@pytest.mark.parametrize(("key", "event"), [("0", 0), ("9", 9), ("*", 10), ("#", 11), ("A", 12), ("D", 15)])
def test_event_codes(key: str, event: int) -> None:
    tested = stream()
    tested.press(key)
    assert packets(tested, 1)[0].payload[0] == event


@given(st.text(KEYS, min_size=1, max_size=20), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_keys_are_told_apart_and_in_order(keys: str, sequence: int, timestamp: int) -> None:
    tested = stream(sequence, timestamp)
    tested.press(keys)
    sent = []
    while tested.pressing:
        sent += packets(tested, 1)
    assert [p.sequence for p in sent] == [(sequence + offset) & 0xFFFF for offset in range(len(sent))]
    pressed = dict.fromkeys((p.timestamp, p.payload[0]) for p in sent if p.payload_type == TELEPHONE_EVENT)
    assert [KEYS[event] for _, event in pressed] == list(keys)


def test_a_stall_moves_the_timestamp_on() -> None:
    tested = stream(timestamp=0xFFFFFFFF - 159)
    packets(tested, 1)
    tested.skip(3)
    late = packets(tested, 1)[0]
    assert (late.timestamp, late.sequence, late.marker) == (480, 1, True)
