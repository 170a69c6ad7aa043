"""RTP without I/O: datagrams to 20 ms frames of PCM, and frames to datagrams."""

from collections.abc import Sequence

from callcenter.media.concealment import reach
from callcenter.media.g711 import Codec
from callcenter.media.holes import Holes, conceal
from callcenter.media.jitter import Reorder
from callcenter.media.pcm import FRAME_MS
from callcenter.media.rtp_packet import HEADER_BYTES, Address, Counters, Packet, header

COMFORT_NOISE = 13
"""RFC 3389. Its level is ignored: a gap in the timestamps without one in the sequence is silence."""
TELEPHONE_EVENT = 101
"""RFC 4733, at the payload type that Asterisk uses. Ignored: ARI reports the keys."""
MAX_PACKET_MS = 200
"""A receiver should accept packets of 0 to 200 ms (RFC 3551, section 4.2)."""
MAX_GAP_S = 1
"""A longer gap in the timestamps is a jump and is not filled; a shorter one never fills a FrameQueue."""


class Receiver:
    """What one peer sends, as frames without gaps.

    Datagrams of any other address are dropped. The peer is the address that Asterisk names (`latch`), or until it does
    the sender of the first valid packet. Nothing else moves it: an external media channel keeps its port for life,
    so a change of address is never Asterisk's.
    """

    def __init__(self, codec: Codec, counters: Counters) -> None:
        self.peer: Address | None = None
        self._codec = codec
        self._counters = counters
        self._reorder = Reorder(counters)
        self._ssrc: int | None = None
        """Of the latest packet whose sound is out ..."""
        self._sequence = 0
        """... and its number."""
        self._timestamp = 0
        """Of the sound that should come next."""
        self._due = b""
        """The header of the packet that follows on from all before; empty while something is held back."""
        self._silence = codec.silence * _samples(codec)
        self._past = b""
        """The codes of the latest sound."""
        self._rest = b""
        self._reach = reach(codec.rate) * codec.width
        self._holes = Holes(codec)

    def latch(self, peer: Address) -> None:
        """Listen to `peer` alone from here on."""
        if peer != self.peer:
            self.peer = peer
            self._reorder = Reorder(self._counters)
            self._due = b""

    def receive(self, datagram: bytes, source: Address) -> list[bytes]:
        """The frames that are due with this datagram: usually one of 16-bit PCM, none or several around a gap."""
        if self.peer and source != self.peer:
            self._counters.spoofed += 1
            return []
        if datagram[:HEADER_BYTES] == self._due:
            codes = datagram[HEADER_BYTES:]
            if len(codes) == len(self._silence) and codes != self._silence:
                return self._follow_on(codes)
        packet = self._accepted(datagram)
        if packet is None:
            return []
        self.peer = source
        due = self._reorder.push(packet)
        for place, first in enumerate(due):
            self._append(first, due[place:])
        frames = self._frames()
        self._foresee()
        return frames

    def _follow_on(self, codes: bytes) -> list[bytes]:
        """As nearly all packets do: 20 ms that follow on. Comes to the same as the long way, in half the time."""
        self._counters.received += 1
        self._reorder.follow_on()
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + len(codes) // self._codec.width) & 0xFFFFFFFF
        self._past = (self._past + codes)[-self._reach :]
        self._foresee()
        return [self._codec.decode(codes)]

    def _foresee(self) -> None:
        if self._ssrc is None or self._rest or self._holes.holding or not self._reorder.settled:
            self._due = b""
        else:
            sequence = (self._sequence + 1) & 0xFFFF
            self._due = header(self._codec.payload_type, sequence, self._timestamp, self._ssrc)

    def _accepted(self, datagram: bytes) -> Packet | None:
        packet = Packet.parse(datagram)
        width = self._codec.width
        longest = self._codec.rate * MAX_PACKET_MS // 1000 * width
        if packet is None or len(packet.payload) > longest or len(packet.payload) % width:
            self._counters.malformed += 1
            return None
        if packet.payload_type == self._codec.payload_type:
            self._counters.received += 1
            return packet
        if packet.payload_type not in (COMFORT_NOISE, TELEPHONE_EVENT):
            self._counters.unknown += 1
        # It has its place in the sequence, so without it there would be a hole to wait at.
        return packet._replace(payload=b"") if self.peer else None

    def _append(self, packet: Packet, coming: Sequence[Packet]) -> None:
        """Add the sound of the first packet of `coming`, and what was missing before it."""
        follows = packet.sequence == (self._sequence + 1) & 0xFFFF
        self._sequence = packet.sequence
        if packet.ssrc != self._ssrc:
            self._ssrc, follows = packet.ssrc, True
            self._timestamp, self._past, self._rest = packet.timestamp, b"", b""
            self._holes.flush()
        if not packet.payload:
            self._add(self._holes.flush())
            self._past = b""
            return
        gap = (packet.timestamp - self._timestamp) & 0xFFFFFFFF
        self._timestamp = (packet.timestamp + len(packet.payload) // self._codec.width) & 0xFFFFFFFF
        if not gap:
            self._add(self._holes.push(packet.payload, self._past))
            return
        self._add(self._holes.flush())
        if gap > self._codec.rate * MAX_GAP_S:
            # Across a jump no frame is begun, so that frames and packets keep step.
            self._rest = self._past = b""
        elif not follows:
            after = b"".join(later.payload for later in coming)[: self._reach]
            self._add(conceal(self._codec, self._past, after, gap))
        else:
            self._add(self._codec.silence * gap)
        self._add(packet.payload)

    def _add(self, codes: bytes) -> None:
        self._rest += codes
        self._past = (self._past + codes)[-self._reach :]

    def _frames(self) -> list[bytes]:
        size = _samples(self._codec) * self._codec.width
        whole = len(self._rest) - len(self._rest) % size
        codes, self._rest = self._rest[:whole], self._rest[whole:]
        return [self._codec.decode(codes[start : start + size]) for start in range(0, whole, size)]


class Sender:
    """Frames of PCM as the packets of one stream."""

    def __init__(self, codec: Codec, *, ssrc: int, sequence: int, timestamp: int) -> None:
        self._codec = codec
        self._ssrc = ssrc
        self._sequence = sequence
        self._timestamp = timestamp
        self._marker = True
        self._samples = _samples(codec)
        self._silence = codec.silence * self._samples

    def packet(self, pcm: bytes | None) -> bytes:
        """The datagram of the next 20 ms; None is silence."""
        start = header(self._codec.payload_type, self._sequence, self._timestamp, self._ssrc, self._marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._marker = False
        self._advance(1)
        return start + (self._silence if pcm is None else self._codec.encode(pcm))

    def skip(self, frames: int) -> None:
        """Leave out 20 ms frames: the timestamp moves on, and the next packet is marked.

        Silence is sent like speech, so only such a gap begins a talkspurt (RFC 3551, section 4.1).
        """
        self._marker = True
        self._advance(frames)

    def _advance(self, frames: int) -> None:
        self._timestamp = (self._timestamp + frames * self._samples) & 0xFFFFFFFF


def _samples(codec: Codec) -> int:
    """In a 20 ms frame."""
    return codec.rate * FRAME_MS // 1000
