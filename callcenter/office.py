"""What all calls share, and where a call gets what is its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs
from callcenter.attention import Manners
from callcenter.config import Limits
from callcenter.dialogue.brain import Brain
from callcenter.latency import Latencies
from callcenter.media.line import Line
from callcenter.media.tape import Tape
from callcenter.speech.ear import Ear
from callcenter.speech.voice import Voice
from callcenter.store.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts that the daemon has put together, as a call sees them."""

    instance: str
    """Tells this daemon's calls from another's."""
    flow: str
    """The name of the flow that calls are about."""
    legs: Callable[[Channel, str], Legs]
    tape: Callable[[UUID, float], Tape | None]
    """A recording of the call with that id, from that loop time on, if calls are recorded."""
    line: Callable[[], Line]
    codec: str
    """Of the line's RTP, as Asterisk names it."""
    ear: Callable[[Line], Ear]
    brain: Callable[[], Brain]
    voice: Voice
    store: Callable[[Record], None]
    tell: Callable[[dict[str, Any]], None]
    """Whoever looks on."""
    latencies: Latencies
    fillers: Sequence[str]
    """What is said, in turns, when an answer is long in coming."""
    manners: Manners
    limits: Limits
