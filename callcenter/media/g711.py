"""What RTP carries: µ-law and A-law of ITU-T G.711, one byte a sample at 8 kHz, by table; and linear samples."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_Values = NDArray[np.int32]
_PCM = np.dtype("<u2")


def _ulaw_expanded(codes: _Values) -> _Values:
    """Table 2 of G.711, from 14 to 16 bits: all bits are sent inverted, and magnitudes have a bias of 33."""
    codes = codes ^ 0xFF
    segment, step = codes >> 4 & 7, codes & 15
    magnitude = ((2 * step + 33) << segment) - 33
    return np.asarray(np.where(codes & 0x80, -magnitude, magnitude) * 4, np.int32)


def _ulaw_compressed(values: _Values) -> _Values:
    sign = np.where(values < 0, 0x80, 0)
    biased = np.minimum((_magnitude(values) >> 2) + 33, 0x1FFF)
    segment = np.frexp(biased)[1] - 6
    codes: _Values = (sign | segment << 4 | biased >> segment + 1 & 15) ^ 0xFF
    return codes


def _alaw_expanded(codes: _Values) -> _Values:
    """Table 1 of G.711, from 13 to 16 bits: even bits are sent inverted, and the sign bit is 1 for positive values."""
    codes = codes ^ 0x55
    segment, step = codes >> 4 & 7, codes & 15
    magnitude = np.where(segment > 0, (2 * step + 33) << np.maximum(segment - 1, 0), 2 * step + 1)
    return np.asarray(np.where(codes & 0x80, magnitude, -magnitude) * 8, np.int32)


def _alaw_compressed(values: _Values) -> _Values:
    sign = np.where(values < 0, 0, 0x80)
    magnitude = _magnitude(values) >> 4
    segment = np.maximum(np.frexp(magnitude)[1] - 4, 0)
    codes: _Values = (sign | segment << 4 | magnitude >> np.maximum(segment - 1, 0) & 15) ^ 0x55
    return codes


def _magnitude(values: _Values) -> _Values:
    """One's complement, as in ITU-T G.191's reference code, so that -32768 has one too."""
    return values ^ (values >> 15)


class Codec(Protocol):
    """A way to write samples, to and from 16-bit PCM."""

    rate: int
    """Samples per second."""
    width: int
    """Bytes per sample."""
    name: str
    """As Asterisk spells it."""
    payload_type: int
    """Of RTP."""
    silence: bytes
    """The code of 0."""

    def encode(self, pcm: bytes) -> bytes:
        """16-bit PCM as codes."""

    def decode(self, codes: bytes) -> bytes:
        """Codes as 16-bit PCM."""


class G711:
    """One byte a sample, by table."""

    rate = 8000
    width = 1

    def __init__(
        self,
        name: str,
        payload_type: int,
        expanded: Callable[[_Values], _Values],
        compressed: Callable[[_Values], _Values],
    ) -> None:
        every_value = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
        self._decoded = expanded(np.arange(256, dtype=np.int32)).astype("<i2")
        self._encoded = compressed(every_value).astype(np.uint8)
        self.name = name
        """As Asterisk spells it."""
        self.payload_type = payload_type
        """RFC 3551, table 4."""
        self.silence = self.encode(b"\0\0")
        """The code of 0."""

    def encode(self, pcm: bytes) -> bytes:
        """16-bit PCM as codes, one byte a sample."""
        return self._encoded.take(np.frombuffer(pcm, _PCM)).tobytes()

    def decode(self, codes: bytes) -> bytes:
        """Codes as 16-bit PCM."""
        return self._decoded.take(np.frombuffer(codes, np.uint8)).tobytes()


class Linear:
    """16-bit samples as they are; with `swapped`, in network byte order, as RTP has them (RFC 3551, section 4.5.11)."""

    width = 2
    name = "slin"
    payload_type = 10
    """Which Asterisk uses for 8 kHz, though RFC 3551 has it for 44.1."""
    silence = b"\0\0"

    def __init__(self, rate: int, *, swapped: bool) -> None:
        self.rate = rate
        self._swapped = swapped

    def encode(self, pcm: bytes) -> bytes:
        """16-bit PCM as codes, two bytes a sample."""
        return np.frombuffer(pcm, "<i2").astype(">i2").tobytes() if self._swapped else pcm

    def decode(self, codes: bytes) -> bytes:
        """Codes as 16-bit PCM."""
        return np.frombuffer(codes, ">i2").astype("<i2").tobytes() if self._swapped else codes


ULAW = G711("ulaw", 0, _ulaw_expanded, _ulaw_compressed)
ALAW = G711("alaw", 8, _alaw_expanded, _alaw_compressed)
SLIN = Linear(8000, swapped=True)
CODECS: dict[str, Codec] = {codec.name: codec for codec in (ULAW, ALAW, SLIN)}
