"""The far end of all calls of a level: sends and receives their RTP, and measures both. Run as a process of its own.

It is one loop without asyncio. A period of 20 ms has 20 slots; in each the packets of its calls are sent, then what has
come to one socket is collected. The kernel stamps what arrives (SO_TIMESTAMPNS), so reading it late changes no figure.
"""

import gc
import json
import socket
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcenter.bench import cores
from callcenter.bench.arrivals import FRAME, PERIOD, Stream, timekeeping
from callcenter.bench.bulk import ARRIVAL, HEADER, Inbox, Outbox
from callcenter.bench.levels import Load
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import to_pcm, to_samples

SLOTS = 20
SLOT_S = PERIOD / SLOTS
TAIL_S = 0.2
"""The calls go on for so long after what is measured, so that its end is like its middle."""
SOCKETS = 8
"""Calls share these: fewer to look at, and enough buffer between two looks."""
BUFFER = 1 << 22
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
"""Linux's numbers, which Python does not name."""
SSRC = 0x0CA11000
GOLDEN = 0.618034
"""Spreads any number of calls evenly over the sound that they loop."""
NOISE = 0.001
"""Of full scale: what is heard in a caller's silence, at -60 dBFS."""


def first_due(start: float, call: int) -> float:
    """When the first packet of the call with number `call` is due, if the far end begins at `start`."""
    return start + call % SLOTS * SLOT_S


def caller_frames(speech: bytes) -> list[bytes]:
    """What callers loop, as µ-law payloads of 20 ms: `speech` (16-bit, 8 kHz), then as long of a line's faint noise."""
    padded = speech + bytes(-len(speech) % (2 * FRAME))
    noise = np.random.default_rng(0).normal(0, NOISE, to_samples(padded).size).astype(np.float32)
    codes = ULAW.encode(padded + to_pcm(noise))
    return [codes[start : start + FRAME] for start in range(0, len(codes), FRAME)]


class FarEnd:
    """The callers of one level."""

    def __init__(self, host: str, ports: Sequence[int], frames: list[bytes]) -> None:
        self.late: array[float] = array("d")
        """By how much each slot was over late, in seconds."""
        self.unsent = 0
        self._ports = ports
        self._frames = np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)
        self._sockets = [_bound(host) for _ in range(SOCKETS)]
        calls = np.arange(len(ports))
        self._offsets = (calls * GOLDEN % 1 * len(frames)).astype(np.int64)
        self._slots = [calls[slot::SLOTS] for slot in range(SLOTS)]
        self._outboxes = [Outbox(host, [ports[call] for call in slot], _headers(slot)) for slot in self._slots]
        self._inbox = Inbox()
        self._arrivals: list[NDArray[Any]] = []

    def run(self, start: float, end: float) -> None:
        """Be all callers from `start` to `end`, in the monotonic clock's seconds."""
        for count in range(round((end - start) / SLOT_S)):
            due = start + count * SLOT_S
            time.sleep(max(0.0, due - time.monotonic()))
            self._send(*divmod(count, SLOTS))
            self.late.append(time.monotonic() - due)
            self._collect(self._sockets[count % SOCKETS])

    def close(self) -> None:
        """Take what has come last, and give the sockets back."""
        for sock in self._sockets:
            self._collect(sock)
            sock.close()

    def streams(self, begin: float, end: float) -> Iterator[Stream]:
        """What each call received between `begin` and `end`, by the monotonic clock."""
        arrivals = np.concatenate([*self._arrivals, np.zeros(0, ARRIVAL)])
        at = arrivals["seconds"] + arrivals["nanoseconds"] * 1e-9 - _wall_clock_offset()
        inside = (at >= begin) & (at < end)
        for port in self._ports:
            mine = inside & (arrivals["port"] == port)
            headers = arrivals["header"][mine]
            yield Stream(
                at=at[mine],
                sequence=headers["sequence"].astype(np.int64),
                timestamp=headers["timestamp"].astype(np.int64),
                begin=begin,
                end=end,
            )

    def lateness_ms(self, start: float, begin: float, end: float) -> NDArray[np.float64]:
        """Of its own sending between `begin` and `end`, a value for each slot."""
        first, last = (round((moment - start) / SLOT_S) for moment in (begin, end))
        return np.maximum(0.0, np.frombuffer(self.late, np.float64)[first:last]) * 1000

    def _send(self, period: int, slot: int) -> None:
        outbox = self._outboxes[slot]
        outbox.headers["sequence"] = period & 0xFFFF
        outbox.headers["timestamp"] = period * FRAME & 0xFFFFFFFF
        which = (self._offsets[self._slots[slot]] + period) % len(self._frames)
        self.unsent += len(which) - outbox.send(self._sockets[slot % SOCKETS], self._frames, which)

    def _collect(self, sock: socket.socket) -> None:
        self._arrivals.append(self._inbox.taken(sock))


def _headers(calls: NDArray[np.int64]) -> NDArray[Any]:
    headers = np.zeros(len(calls), HEADER)
    headers["start"], headers["type"], headers["ssrc"] = 0x80, ULAW.payload_type, SSRC + calls
    return headers


def _bound(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    with suppress(PermissionError):  # beyond the host's limit, for those who may
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    sock.bind((host, 0))
    return sock


def _wall_clock_offset() -> float:
    """What the kernel's stamps are ahead of the monotonic clock, which all processes share."""
    return time.clock_gettime(time.CLOCK_REALTIME) - time.monotonic()


def measure(order: dict[str, Any], frames: list[bytes]) -> dict[str, Any]:
    """Serve one order: `host`, `ports`, and when to `start`, to `begin` measuring and to `end` it."""
    far_end = FarEnd(order["host"], order["ports"], frames)
    start, begin, end = order["start"], order["begin"], order["end"]
    gc.disable()
    cpu, at = time.process_time(), time.monotonic()
    far_end.run(start, end + TAIL_S)
    busy = (time.process_time() - cpu) / (time.monotonic() - at)
    far_end.close()
    late = far_end.lateness_ms(start, begin, end)
    load = Load(
        cpu=round(busy, 3),
        p99_ms=round(float(np.percentile(late, 99)), 3),
        max_ms=round(float(late.max()), 3),
        unsent=far_end.unsent,
    )
    return {"load": asdict(load), "sent": asdict(timekeeping(list(far_end.streams(begin, end))))}


def main() -> None:
    """Take the specification (`core`, `said`), then one order from stdin; the answers go to stdout."""
    specification = json.loads(sys.argv[1])
    cores.settle(specification["core"])
    frames = caller_frames(Path(specification["said"]).read_bytes())
    print(json.dumps({"ready": True}), flush=True)
    if line := sys.stdin.readline():
        print(json.dumps(measure(json.loads(line), frames)), flush=True)


if __name__ == "__main__":
    main()
