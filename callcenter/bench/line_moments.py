"""What the moments of one caller tell: how long each tone took there and back, and how soon it was silent. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LOST_S = 0.45
"""A tone that is not back after this never comes."""
STOPPED_S = 0.35
"""An agent that is heard for longer has not paused."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A tone there and back, in milliseconds."""

    whole: float
    """From the caller's first packet of it to the first sample that they hear of it."""
    to_us: float | None = None
    """From that packet until we have it; None where no line of ours carried it, as in the rest."""
    ours: float | None = None
    """From there to our sending it."""
    back: float | None = None
    """From there to the caller."""


def trips(sent: Sequence[float], heard: Sequence[Span], echoed: Mapping[str, Sequence[float]]) -> list[Trip | None]:
    """What became of the tones of one caller; None for each that did not come back.

    `sent` and `heard` are the caller's, `echoed` holds when the agent `heard` sound set in and `said` it; all in
    seconds of the monotonic clock, in rising order. Tones are further apart than LOST_S.
    """
    return [_trip(at, [first for first, _ in heard], echoed) for at in sent]


def stops(paused: Sequence[float], heard: Sequence[Span]) -> list[float | None]:
    """After how many milliseconds one caller, who `heard` frames with sound, heard none once the playout was paused.

    None for each pause through which the agent was heard on. All in seconds of the monotonic clock, in rising order.
    """
    return [_stop(at, heard) for at in paused]


def _trip(sent: float, heard: Sequence[float], echoed: Mapping[str, Sequence[float]]) -> Trip | None:
    back = _next(heard, sent)
    if back is None:
        return None
    came = _next(echoed.get("heard", ()), sent - 0.001)  # an event loop's time is cut to milliseconds
    said = None if came is None else _next(echoed["said"], came)
    moments = (sent, came, said, back)
    parts = [None if a is None or b is None else (b - a) * 1000 for a, b in pairwise(moments)]
    return Trip(whole=(back - sent) * 1000, to_us=parts[0], ours=parts[1], back=parts[2])


def _stop(paused: float, heard: Sequence[Span]) -> float | None:
    ends = [end for first, end in heard if paused - STOPPED_S < first < paused + STOPPED_S]
    if not ends or ends[-1] >= paused + STOPPED_S:
        return None
    return max(0.0, ends[-1] - paused) * 1000


def _next(moments: Sequence[float], after: float) -> float | None:
    """The first that is not before `after`, if it is soon enough."""
    place = bisect_left(moments, after)
    return moments[place] if place < len(moments) and moments[place] < after + LOST_S else None
