"""The RTP stream of a phone: frames of sound, and keys as RFC 4733 events between them."""

import struct
from collections import deque
from dataclasses import dataclass

from callcenter.media.g711 import ULAW
from callcenter.media.pcm import FRAME_MS, NARROWBAND
from callcenter.media.rtp_packet import Packet

TELEPHONE_EVENT = 101
"""The payload type that this phone offers for events."""

FRAME = NARROWBAND * FRAME_MS // 1000
KEYS = "0123456789*#ABCD"
"""In the order of their event codes (RFC 4733, section 3.2)."""
PRESSED_FRAMES = 5
RELEASED_FRAMES = 5
END_PACKETS = 3
"""The last packet of an event is sent three times (RFC 4733, section 2.5.1.4)."""
VOLUME = 10
"""dBm0 below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Press:
    """A key, held down since the RTP timestamp `began`."""

    event: int
    began: int
    frames: int


class Stream:
    """Makes the packets of each 20 ms: one of sound, or those of the key that is held down."""

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int) -> None:
        self._ssrc = ssrc
        self._sequence = sequence
        self._timestamp = timestamp
        self._marker = True
        self._keys: deque[str] = deque()
        self._press: _Press | None = None
        self._released = RELEASED_FRAMES

    @property
    def pressing(self) -> bool:
        """Whether keys are held down or waiting to be."""
        return bool(self._keys or self._press)

    def press(self, keys: str) -> None:
        """Press `keys` one after the other, 100 ms each and 100 ms apart."""
        self._keys.extend(keys)

    def datagrams(self, pcm: bytes) -> list[bytes]:
        """What to send for the next 20 ms; `pcm` is left out while a key is held down."""
        if not self._press and self._keys and self._released >= RELEASED_FRAMES:
            self._press = _Press(event=KEYS.index(self._keys.popleft()), began=self._timestamp, frames=0)
        packets = self._held(self._press) if self._press else [self._sound(pcm)]
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        return packets

    def skip(self, frames: int) -> None:
        """Leave out 20 ms frames: the timestamp moves on."""
        self._timestamp = (self._timestamp + frames * FRAME) & 0xFFFFFFFF
        self._marker = True

    def _sound(self, pcm: bytes) -> bytes:
        self._released += 1
        marker, self._marker = self._marker, False
        return self._packet(ULAW.payload_type, self._timestamp, ULAW.encode(pcm), marker)

    def _held(self, press: _Press) -> list[bytes]:
        frames = press.frames + 1
        ends = frames == PRESSED_FRAMES
        payload = struct.pack("!BBH", press.event, (0x80 if ends else 0) | VOLUME, frames * FRAME)
        self._press = None if ends else _Press(event=press.event, began=press.began, frames=frames)
        self._released = 0
        return [
            self._packet(TELEPHONE_EVENT, press.began, payload, marker=frames == 1)
            for _ in range(END_PACKETS if ends else 1)
        ]

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        packet = Packet(
            payload_type=payload_type,
            sequence=self._sequence,
            timestamp=timestamp,
            ssrc=self._ssrc,
            payload=payload,
            marker=marker,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return packet.build()
