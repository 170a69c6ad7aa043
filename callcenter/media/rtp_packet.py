"""RTP packets (RFC 3550, section 5.1) and what a line counts of them."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

Address = tuple[str, int]
"""A numeric IP address and a UDP port."""

_HEADER = struct.Struct("!BBHII")
HEADER_BYTES = _HEADER.size
"""Without contributing sources and extension."""
_VERSION = 2 << 6
_PADDING = 0x20
_EXTENSION = 0x10
_SOURCES = 0x0F
_MARKER = 0x80


class Packet(NamedTuple):
    """One RTP packet; contributing sources, header extension and padding are left out.

    A tuple, because one is made for each packet, and a frozen dataclass takes three times as long to make.
    """

    payload_type: int
    sequence: int
    """16 bits, wraps."""
    timestamp: int
    """In samples; 32 bits, wraps."""
    ssrc: int
    payload: bytes
    marker: bool = False

    @classmethod
    def parse(cls, datagram: bytes) -> "Packet | None":
        """Read a datagram; None if it is not a whole RTP packet."""
        if len(datagram) < _HEADER.size or datagram[0] & 0xC0 != _VERSION:
            return None
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
        start, end = _HEADER.size + 4 * (first & _SOURCES), len(datagram)
        if first & _EXTENSION:
            start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
        if first & _PADDING:
            end -= datagram[-1] or end  # the padding counts itself, so 0 is a lie
        if end < start:
            return None
        return cls(
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=datagram[start:end],
            marker=second & _MARKER != 0,
        )

    def build(self) -> bytes:
        """The datagram."""
        return header(self.payload_type, self.sequence, self.timestamp, self.ssrc, self.marker) + self.payload


def header(payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool = False) -> bytes:
    """How a packet begins: the fixed part, with nothing after it but the payload."""
    return _HEADER.pack(_VERSION, payload_type | _MARKER if marker else payload_type, sequence, timestamp, ssrc)


@dataclass(slots=True, kw_only=True)
class Counters:
    """What has happened on one line, in packets."""

    received: int = 0
    """With sound, from the peer."""
    lost: int = 0
    """Given up waiting for; one that comes afterwards is late as well."""
    late: int = 0
    duplicate: int = 0
    stray: int = 0
    """Of another stream from the same peer, or far out of sequence, with no successor."""
    restarts: int = 0
    """How often the peer's stream started anew: another SSRC, or a jump in its sequence."""
    spoofed: int = 0
    """From another address than the peer's."""
    malformed: int = 0
    unknown: int = 0
    """With a payload type that is not the line's."""
    sent: int = 0
    unsent: int = 0
    """Refused by the network or its full buffer."""
    skipped: int = 0
    """Never made, because the clock was late."""
