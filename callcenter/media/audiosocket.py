"""Asterisk's AudioSocket: bytes in, messages out, and the other way round. No socket, no clock.

A message is one byte of kind, two of length (big-endian) and as many of payload. The kinds are those of
`include/asterisk/res_audiosocket.h` in Asterisk 22.10; before 20.17, 22.7 and 23.1 there is no kind for sound at other
rates than 8 kHz.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from callcenter.errors import AsteriskError

MOST_MS = 500
"""Of sound in one message. Asterisk sends what it has read from a channel, 20 ms as a rule."""


class Kind(IntEnum):
    """What a message is, sound apart."""

    HANG_UP = 0x00
    IDENTITY = 0x01
    KEY = 0x03
    FAILURE = 0xFF


RATES = {
    0x10: 8000,
    0x11: 12000,
    0x12: 16000,
    0x13: 24000,
    0x14: 32000,
    0x15: 44100,
    0x16: 48000,
    0x17: 96000,
    0x18: 192000,
}
"""Samples per second by the kind of a message of sound."""
KINDS = {rate: kind for kind, rate in RATES.items()}

_HEADER = struct.Struct("!BH")
_SIZES: dict[int, tuple[int, int]] = {
    Kind.HANG_UP: (0, 16),
    Kind.IDENTITY: (16, 16),
    Kind.KEY: (1, 1),
    Kind.FAILURE: (0, 16),
} | {kind: (0, min(0xFFFE, rate * 2 * MOST_MS // 1000)) for kind, rate in RATES.items()}
"""The least and the most bytes that each kind may hold."""


class AudioSocketError(AsteriskError):
    """What came is not AudioSocket, or more than we take."""


class Audio(NamedTuple):
    """A piece of sound. The last one of a source may be shorter than the others, and empty.

    A tuple, because one is made for each 20 ms of each call.
    """

    rate: int
    pcm: bytes
    """16-bit signed little-endian mono."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which call the connection is for; the first message of every connection."""

    call: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The caller pressed a key: a digit, `*`, `#`, `A` to `D`; `f` is the tone of a fax."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """The sender wants the channel to end. Asterisk reads it; it does not send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Asterisk reports an error of its own. 22.10 has no place where it is sent."""

    code: int


Message = Audio | Identity | Key | HangUp | Failure


class Decoder:
    """The messages of one connection. It keeps no more than one message that is not whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._error = ""

    def messages(self, data: bytes) -> Iterator[Message]:
        """Those that are whole with the next `data`; nothing is taken before the first is asked for.

        Raises AudioSocketError for what cannot be AudioSocket, and from then on always. An unknown kind is such: a
        stream that has lost its step shows by nothing else, and Asterisk ends a connection for it too.
        """
        if self._error:
            raise AudioSocketError(self._error)
        data = self._rest + data if self._rest else data
        self._rest = b""
        start = 0
        try:
            while len(data) - start >= _HEADER.size:
                kind, size = _HEADER.unpack_from(data, start)
                _check(kind, size)
                begin, end = start + _HEADER.size, start + _HEADER.size + size
                if end > len(data):
                    break
                start = end
                yield _message(kind, data[begin:end])
        except AudioSocketError as error:
            self._error = str(error)
            raise
        self._rest = data[start:]


def opening(data: bytes) -> tuple[UUID, bytes] | None:
    """Of all that has come on a connection so far: its call, and the bytes after that; None while there is too little.

    Raises AudioSocketError when the first message cannot be a call's identity.
    """
    expected = _HEADER.pack(Kind.IDENTITY, 16)
    if data[: len(expected)] != expected[: len(data)]:
        raise AudioSocketError("a connection begins with its UUID")
    end = len(expected) + 16
    return (UUID(bytes=data[len(expected) : end]), data[end:]) if len(data) >= end else None


def encode(message: Message) -> bytes:
    """The bytes of `message`. Raises ValueError for one that there cannot be."""
    match message:
        case Audio():
            if message.rate not in KINDS:
                raise ValueError(f"AudioSocket has no sound at {message.rate} samples per second")
            return _bytes(KINDS[message.rate], message.pcm)
        case Identity():
            return _bytes(Kind.IDENTITY, message.call.bytes)
        case Key():
            return _bytes(Kind.KEY, message.digit.encode("ascii"))
        case HangUp():
            return _bytes(Kind.HANG_UP, b"")
        case Failure():
            return _bytes(Kind.FAILURE, bytes([message.code]))


def header(rate: int, size: int) -> bytes:
    """What comes before `size` bytes of sound."""
    return _HEADER.pack(KINDS[rate], size)


def _bytes(kind: int, payload: bytes) -> bytes:
    try:
        _check(kind, len(payload))
    except AudioSocketError as error:
        raise ValueError(str(error)) from error
    return _HEADER.pack(kind, len(payload)) + payload


def _check(kind: int, size: int) -> None:
    """Raise AudioSocketError for a header that no message of ours has."""
    if kind not in _SIZES:
        raise AudioSocketError(f"a message of the unknown kind {kind:#04x}")
    least, most = _SIZES[kind]
    if not least <= size <= most:
        raise AudioSocketError(f"a message of kind {kind:#04x} with {size} bytes, where {least} to {most} can be")
    if kind in RATES and size % 2:
        raise AudioSocketError(f"half a sample at the end of {size} bytes of sound")


def _message(kind: int, payload: bytes) -> Message:
    if kind in RATES:
        return Audio(RATES[kind], payload)
    if kind == Kind.IDENTITY:
        return Identity(call=UUID(bytes=payload))
    if kind == Kind.HANG_UP:
        return HangUp()
    if kind == Kind.FAILURE:
        return Failure(code=payload[0] if payload else 0)
    if not 0x20 < payload[0] < 0x7F:
        raise AudioSocketError(f"a key that is none: {payload!r}")
    return Key(digit=payload.decode("ascii"))
