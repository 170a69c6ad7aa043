"""Packets put back into their order, without delay when they are in order.

What follows feeds a voice activity detector, not a loudspeaker: there is no playout delay to hide, and a late frame
costs more than a lost one. So there is no jitter buffer, only a short wait at a hole.
"""

from collections import deque

from callcenter.media.rtp_packet import Counters, Packet

WINDOW = 2
"""At a hole, this many later packets are held (40 ms) before it is given up: a LAN reorders neighbours at most."""
MAX_DROPOUT = 50
"""A jump further ahead than this (1 s) is a new start, not a hole."""
MAX_MISORDER = 20
"""A packet further behind than this (400 ms) is a new start, not a late one."""


class Reorder:
    """The order of one peer's packets.

    Another SSRC, or a sequence number far from the last, is taken for a new start of the stream when a second packet
    follows on from it (RFC 3550, appendix A.1); the first is held till then and not lost. A single stray packet, or a
    second stream mixed into a live one, changes nothing.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._ssrc: int | None = None
        self._next = 0
        self._held: dict[int, Packet] = {}
        self._missing: deque[int] = deque(maxlen=MAX_MISORDER)
        self._candidate: Packet | None = None

    @property
    def settled(self) -> bool:
        """Nothing is held: the next packet can follow on from the last."""
        return self._ssrc is not None and not self._held and self._candidate is None

    def follow_on(self) -> None:
        """As `push` of the packet that follows on from the last, while `settled`."""
        self._next = (self._next + 1) & 0xFFFF

    def push(self, packet: Packet) -> list[Packet]:
        """Add a packet; those that are due are returned, in order."""
        if self._ssrc is None:
            return self._start(packet)
        ahead = (packet.sequence - self._next) & 0xFFFF
        if packet.ssrc != self._ssrc or MAX_DROPOUT < ahead < 0x10000 - MAX_MISORDER:
            return self._elsewhere(packet)
        if self._candidate:
            self._candidate = None
            self._counters.stray += 1
        if ahead == 0:
            self._next = _after(packet)
            return [packet, *self._following()]
        if ahead <= MAX_DROPOUT:
            return self._early(packet)
        self._count_behind(packet.sequence)
        return []

    def _start(self, *packets: Packet) -> list[Packet]:
        self._counters.lost += len(self._held)
        self._held.clear()
        self._missing.clear()
        self._candidate = None
        self._ssrc, self._next = packets[-1].ssrc, _after(packets[-1])
        return list(packets)

    def _elsewhere(self, packet: Packet) -> list[Packet]:
        before, self._candidate = self._candidate, packet
        if before and (packet.ssrc, packet.sequence) == (before.ssrc, _after(before)):
            self._counters.restarts += 1
            return self._start(before, packet)
        self._counters.stray += before is not None
        return []

    def _early(self, packet: Packet) -> list[Packet]:
        if packet.sequence in self._held:
            self._counters.duplicate += 1
            return []
        self._held[packet.sequence] = packet
        if len(self._held) <= WINDOW:
            return []
        while self._next not in self._held:
            self._counters.lost += 1
            self._missing.append(self._next)
            self._next = (self._next + 1) & 0xFFFF
        return self._following()

    def _following(self) -> list[Packet]:
        """The held packets that are due without a hole."""
        packets = []
        while self._held and (packet := self._held.pop(self._next, None)):
            packets.append(packet)
            self._next = _after(packet)
        return packets

    def _count_behind(self, sequence: int) -> None:
        if sequence in self._missing:
            self._missing.remove(sequence)
            self._counters.late += 1
        else:
            self._counters.duplicate += 1


def _after(packet: Packet) -> int:
    return (packet.sequence + 1) & 0xFFFF
