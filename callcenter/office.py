"""What the calls of a flow share, and where a call gets what is its own; and which flow a call is about.

There is an office per flow, with that flow's brain, ears, voice and manners; all the rest is the same in each.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs
from callcenter.attention import Manners
from callcenter.config import Limits
from callcenter.dialogue.brain import Brain, Fetch, Fetched
from callcenter.latency import Latencies
from callcenter.media.line import Line
from callcenter.media.tape import Tape
from callcenter.speech.ear import Ear
from callcenter.speech.voice import Voice
from callcenter.store.records import Record
from callcenter.usage import Meter

log = structlog.get_logger()


async def _unanswered(fetch: Fetch) -> Fetched:
    """For flows that look nothing up."""
    return Fetched(result="failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts that the daemon has put together, as a call about one flow sees them."""

    instance: str
    """Tells this daemon's calls from another's."""
    flow: str
    """The name of the flow that its calls are about."""
    legs: Callable[[Channel, str], Legs]
    tape: Callable[[UUID, float, int], Tape | None]
    """A recording of the call with that id, from that loop time on, at that rate, if calls are recorded."""
    line: Callable[[Channel], Line]
    """Of the kind that is chosen for that caller."""
    ear: Callable[[Line], Ear]
    brain: Callable[[Mapping[str, str]], Brain]
    """One that knows this of the other side beforehand, by slot."""
    voice: Voice
    store: Callable[[Record], None]
    tell: Callable[[dict[str, Any]], None]
    """Whoever looks on."""
    latencies: Latencies
    fillers: Sequence[str]
    """What is said, in turns, when an answer is long in coming."""
    manners: Manners
    limits: Limits
    meter: Callable[[], Meter] = Meter
    """Of a call: what it uses of others' services, at the prices of the day."""
    apology: str = ""
    """To a caller who cannot come in; without one they hear nothing."""
    enquire: Callable[[Fetch], Awaitable[Fetched]] = _unanswered
    """Asks a service what a flow wants to look up."""
    asks: Sequence[str] = ()
    """The `http://host:port` of those services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """Those of all flows, among which the dialplan chooses."""

    by_flow: Mapping[str, Office]
    default: str
    """The flow of the calls for which it names none."""

    @property
    def instance(self) -> str:
        """Tells this daemon's calls from another's."""
        return self.by_flow[self.default].instance

    def asked_for(self, arguments: Sequence[str]) -> Office:
        """The office of a call that came with these arguments of Stasis(); the default one where the flow is not known.

        A caller is served by the wrong flow rather than by none, and whoever reads the log can correct the dialplan.
        """
        flow = named(arguments).get("flow") or self.default
        if flow not in self.by_flow:
            log.error("! flow", asked=flow, loaded=list(self.by_flow), answers=self.default)
        return self.by_flow.get(flow, self.by_flow[self.default])


def named(arguments: Sequence[str]) -> dict[str, str]:
    """The arguments of `Stasis(ai-call-center,flow=energy)` after the application's name, by their names."""
    pairs = (argument.partition("=") for argument in arguments)
    return {name.strip(): value.strip() for name, _, value in pairs}
