"""How well a sent RTP stream keeps time, from when its packets arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import FRAME_MS, NARROWBAND

PERIOD = FRAME_MS / 1000
FRAME = NARROWBAND * FRAME_MS // 1000
"""Samples in 20 ms."""
LATE_S = 0.020
"""A frame later than this against its stream's own schedule is late: the one after it is due already."""
JITTER_GAIN = 16
"""RFC 3550, section 6.4.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The packets of one stream in a stretch of time, in the order of their arrival."""

    at: NDArray[np.float64]
    """When each arrived, in seconds."""
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    """As sent: 16 and 32 bits, wrapping."""
    begin: float
    end: float
    """The stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeping:
    """How well streams keep time. Milliseconds."""

    packets: int
    late: int
    """More than 20 ms after their time; a stream's own earliest packet tells its schedule."""
    left_out: int
    """Frames that the sender never made: its timestamps go on further than its sequence numbers."""
    missing: int
    """Frames that were due and did not come, by the sequence numbers and at both ends of the stretch."""
    worst_ms: float
    """The latest packet against its schedule."""
    jitter_ms: float
    """The interarrival jitter of RFC 3550, section 6.4.1, at the end of the stretch: the median stream's ..."""
    jitter_max_ms: float
    """... and the worst one's."""
    gap_p99_ms: float
    """99 of 100 packets came this much too soon or too late after the one before them, or less."""

    @property
    def kept(self) -> bool:
        """Every frame came, and none late."""
        return not (self.late or self.left_out or self.missing)


def timekeeping(streams: Sequence[Stream]) -> Timekeeping:
    """Judge all streams of a level."""
    lateness = [_lateness(stream) for stream in streams if stream.at.size]
    gaps = [_gaps(stream) for stream in streams]
    jitters = [jitter(each) for each in gaps if each.size] or [0.0]
    every_gap = np.concatenate([*gaps, np.zeros(1)])
    return Timekeeping(
        packets=sum(stream.at.size for stream in streams),
        late=sum(int(np.count_nonzero(each > LATE_S)) for each in lateness),
        left_out=sum(_left_out(stream) for stream in streams),
        missing=sum(_missing(stream) for stream in streams),
        worst_ms=_ms(max((float(each.max()) for each in lateness), default=0.0)),
        jitter_ms=_ms(float(np.median(jitters))),
        jitter_max_ms=_ms(max(jitters)),
        gap_p99_ms=_ms(float(np.percentile(np.abs(every_gap), 99))),
    )


def jitter(gaps: NDArray[np.float64]) -> float:
    """The estimate of RFC 3550, section 6.4.1, after `gaps`: its D, the differences in relative transit time."""
    estimate = 0.0
    for difference in np.abs(gaps).tolist():
        estimate += (difference - estimate) / JITTER_GAIN
    return estimate


def _lateness(stream: Stream) -> NDArray[np.float64]:
    transit = _transit(stream)
    return np.asarray(transit - transit.min())


def _gaps(stream: Stream) -> NDArray[np.float64]:
    return np.diff(_transit(stream))


def _transit(stream: Stream) -> NDArray[np.float64]:
    """Arrival against the packet's own timestamp, in seconds from an arbitrary zero."""
    return stream.at - _unwrapped(stream.timestamp, 32) / NARROWBAND


def _left_out(stream: Stream) -> int:
    if not stream.at.size:
        return 0
    frames = int(np.ptp(_unwrapped(stream.timestamp, 32))) // FRAME
    return max(0, frames - int(np.ptp(_unwrapped(stream.sequence, 16))))


def _missing(stream: Stream) -> int:
    if not stream.at.size:
        return int((stream.end - stream.begin) / PERIOD)
    sequence = _unwrapped(stream.sequence, 16)
    holes = int(np.ptp(sequence)) + 1 - np.unique(sequence).size
    return holes + _due_in(stream.at[0] - stream.begin) + _due_in(stream.end - stream.at[-1])


def _due_in(gap: float) -> int:
    """Frames that should have come in `gap` seconds of which only one end is known; one may be under way."""
    return max(0, int(gap / PERIOD) - 1)


def _unwrapped(counters: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Counters that wrap at `bits`, from 0 on and going on."""
    half = 1 << (bits - 1)
    steps = (np.diff(counters) + half) % (1 << bits) - half
    return np.concatenate([np.zeros(min(1, counters.size), np.int64), np.cumsum(steps)])


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
