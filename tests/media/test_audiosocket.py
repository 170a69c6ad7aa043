"""AudioSocket's bytes, by tables, by captured bytes, and by any bytes at all."""

from itertools import groupby, pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.audiosocket import (
    KINDS,
    RATES,
    Audio,
    AudioSocketError,
    Decoder,
    Failure,
    HangUp,
    Identity,
    Key,
    Message,
    encode,
    header,
    opening,
)

CALL = UUID("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
WIRE: dict[str, tuple[bytes, Message]] = {
    "hang-up": (b"\x00\x00\x00", HangUp()),
    "identity": (b"\x01\x00\x10" + CALL.bytes, Identity(call=CALL)),
    "key": (b"\x03\x00\x01#", Key(digit="#")),
    "8 kHz": (b"\x10\x01\x40" + b"\x01\x80" * 160, Audio(8000, b"\x01\x80" * 160)),
    "short": (b"\x10\x01\x14" + bytes(276), Audio(8000, bytes(276))),
    "empty": (b"\x10\x00\x00", Audio(8000, b"")),
    "16 kHz": (b"\x12\x02\x80" + bytes(640), Audio(16000, bytes(640))),
    "192 kHz": (b"\x18\x00\x02ab", Audio(192000, b"ab")),
    "failure": (b"\xff\x00\x01\x04", Failure(code=4)),
}

audio = st.builds(
    lambda rate, samples: Audio(rate, samples),
    st.sampled_from(sorted(KINDS)),
    st.binary(max_size=400).map(lambda pcm: pcm[: len(pcm) // 2 * 2]),
)
messages = st.lists(
    st.one_of(
        audio,
        st.builds(Identity, call=st.uuids()),
        st.builds(Key, digit=st.sampled_from("0123456789*#ABCDf")),
        st.just(HangUp()),
        st.builds(Failure, code=st.integers(0, 255)),
    ),
    max_size=12,
)


CAPTURES = Path(__file__).parents[1] / "captures/audiosocket"
"""Whole messages from the beginning of connections of Asterisk 22.10.1: a tone of 938 samples, and keys."""
CAPTURED = {
    "externalmedia-8khz.bin": ["11111111-2222-4333-8444-555555555508", (8000, 320, 11), "5", (8000, 320, 7)],
    "externalmedia-16khz.bin": ["11111111-2222-4333-8444-555555555516", (16000, 640, 11), "5", (16000, 640, 6)],
    "dialplan.bin": ["11111111-2222-4333-8444-555555555577", (8000, 320, 5), (8000, 232, 1), *"12#*A"],
}
"""The call, the keys, and of sound its rate, the bytes of a message, and how many such follow one another."""


def decoded(decoder: Decoder, *pieces: bytes) -> list[Message]:
    return [message for piece in pieces for message in decoder.messages(piece)]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("name", WIRE)
def test_wire_and_message(name: str) -> None:
    data, message = WIRE[name]
    assert encode(message) == data
    assert decoded(Decoder(), data) == [message]


def test_one_byte_at_a_time() -> None:
    data = b"".join(data for data, _ in WIRE.values())
    pieces = [data[place : place + 1] for place in range(len(data))]
    assert decoded(Decoder(), *pieces) == [message for _, message in WIRE.values()]


@given(messages, st.lists(st.integers(min_value=0), max_size=8))
def test_any_chunking_gives_the_same(sent: list[Message], cuts: list[int]) -> None:
    assert decoded(Decoder(), *split(b"".join(map(encode, sent)), cuts)) == sent


def told(message: Message) -> object:
    match message:
        case Identity():
            return str(message.call)
        case Key():
            return message.digit
        case Audio():
            return message.rate, len(message.pcm)
    return message


@pytest.mark.parametrize("size", [1, 7, 100000])
@pytest.mark.parametrize("name", CAPTURED)
def test_what_asterisk_sends(name: str, size: int) -> None:
    data = (CAPTURES / name).read_bytes()
    found = decoded(Decoder(), *[data[start : start + size] for start in range(0, len(data), size)])
    runs = [(what, len(list(run))) for what, run in groupby(map(told, found))]
    assert [(*what, count) if isinstance(what, tuple) else what for what, count in runs] == CAPTURED[name]
    assert b"".join(map(encode, found)) == data, "it sends as we do"
    sound = np.frombuffer(b"".join(m.pcm for m in found if isinstance(m, Audio)), "<i2")
    assert 3900 < np.abs(sound.astype(int)).max() < 4100, "a tone, little-endian"


def test_a_frames_header() -> None:
    assert header(16000, 640) + bytes(640) == encode(Audio(16000, bytes(640)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x02\x00\x00", "unknown kind 0x02"),
        (b"\x19\x00\x02", "unknown kind 0x19"),
        (b"GET / HTTP/1.1\r\n", "unknown kind 0x47"),
        (b"\x01\x00\x0f", "15 bytes, where 16 to 16"),
        (b"\x03\x00\x00", "0 bytes, where 1 to 1"),
        (b"\x00\xff\xff", "65535 bytes, where 0 to 16"),
        (b"\x10\x1f\x42", "8002 bytes, where 0 to 8000"),
        (b"\x12\xff\xff", "65535 bytes, where 0 to 16000"),
        (b"\x10\x00\x03", "half a sample"),
        (b"\x03\x00\x01\x00", "a key that is none"),
        (b"\x03\x00\x01\xff", "a key that is none"),
    ],
    ids=lambda value: value.hex() if isinstance(value, bytes) else None,
)
def test_what_is_no_message_is_an_error_from_then_on(data: bytes, why: str) -> None:
    decoder = Decoder()
    good = encode(Key(digit="1"))
    coming = decoder.messages(good + data)
    assert next(coming) == Key(digit="1"), "what came before is taken"
    with pytest.raises(AudioSocketError, match=why):
        next(coming)
    with pytest.raises(AudioSocketError, match=why):
        decoded(decoder, good)


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_garbage_is_an_error_or_nothing_and_is_not_kept(pieces: list[bytes]) -> None:
    decoder = Decoder()
    for piece in pieces:
        try:
            decoded(decoder, piece)
        except AudioSocketError:
            assert not decoder._rest


@given(st.sampled_from(sorted(RATES)), st.integers(0, 65535), st.lists(st.binary(min_size=1, max_size=9000)))
def test_no_more_is_kept_than_one_message(kind: int, size: int, pieces: list[bytes]) -> None:
    decoder = Decoder()
    most = 3 + min(65535, RATES[kind])
    try:
        decoded(decoder, bytes([kind]) + size.to_bytes(2, "big"))
        for piece in pieces:
            decoded(decoder, piece)
            assert len(decoder._rest) < most
    except AudioSocketError:
        assert not decoder._rest


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Audio(11025, b""), "no sound at 11025"),
        (Audio(8000, bytes(8002)), "8002 bytes"),
        (Audio(8000, b"abc"), "half a sample"),
        (Key(digit="12"), "2 bytes"),
        (Key(digit=""), "0 bytes"),
    ],
    ids=str,
)
def test_what_cannot_be_sent(message: Message, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        encode(message)


@given(st.uuids(), st.binary(max_size=50))
def test_the_opening_needs_all_its_bytes(call: UUID, rest: bytes) -> None:
    data = encode(Identity(call=call))
    assert [opening(data[:size]) for size in range(len(data))] == [None] * len(data)
    assert opening(data + rest) == (call, rest)


@pytest.mark.parametrize("data", [b"\x10", b"\x01\x01", b"\x01\x00\x11", b"\x00\x00\x00", b"GET /"], ids=bytes.hex)
def test_what_opens_no_connection(data: bytes) -> None:
    with pytest.raises(AudioSocketError, match="begins with its UUID"):
        opening(data)
