"""Who broke off for whom: the agent's turns as they were heard on the line, and the caller's words over them.

What the daemon says of a turn, when it is over, tells which sound is of which turn and whether all of it was said; when
it sounded, and when it fell silent, is taken from the recording alone. Times are seconds on its timeline.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from callcenter.simulation.measure import LONGEST_WORD_GAP_S, STOPPED_S, Activity, Span
from callcenter.simulation.transcript import Placed, Turn

SOONEST_STOP_S = 0.04
"""Two frames. An agent that falls silent sooner was about to do so anyway."""
FAIR_S = 0.25
"""An agent that talks on to its end for longer than this after the caller's first sound could have stopped."""
LATEST_STOP_S = 1.0
"""An agent that goes on for longer after the caller's first sound has not stopped for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What the daemon told at the end of one of the agent's turns."""

    at: float
    said: str
    heard_by_caller: str
    filler: bool = False
    """The caller was told to wait before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A turn of the agent as it was heard."""

    said: str
    complete: bool
    """All that was meant to be said was played."""
    sound: Span
    """From its first to its last sound."""
    gaps: tuple[float, ...]
    """Seconds of each silence within it, the longest first."""
    talked_over: bool
    """The caller said words while it sounded."""
    aside: bool
    """The caller coughed, or the like, while it sounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Words of the caller over the agent's."""

    at: float
    """The caller's first sound."""
    after_s: float
    """How long the agent had talked by then."""
    outcome: Literal["stopped", "missed", "over"]
    """`over` where the agent came to an end, or paused between words, just as the caller began: nothing to stop."""
    stop_ms: float | None = None
    """From the caller's first sound to the agent's silence, where it stopped."""


def spoken(
    placed: Placed, closed: Sequence[Closed], asides: Set[str] = frozenset(), *, fillers: bool = False
) -> tuple[Spoken, ...]:
    """The agent's turns in a call. Those without a sound, or cut by the call's end, are left out.

    `asides` are what the caller did that asks for no answer, as the transcript tells it. Turns with a filler before
    them, whose silences mean nothing, are only there with `fillers`.
    """
    stretches = Activity.of(placed.recording.agent.samples()).stretches()
    words = [turn.speech for turn in placed.turns if turn.speech and turn.caller not in asides]
    others = [turn.speech for turn in placed.turns if turn.speech and turn.caller in asides]
    found = []
    before = 0.0
    for turn in closed:
        own = [stretch for stretch in stretches if before < stretch.start <= turn.at]
        before = turn.at
        complete = turn.said == turn.heard_by_caller
        if not own or not turn.said or (turn.filler and not fillers) or (turn.at >= placed.ended and not complete):
            continue
        found.append(
            Spoken(
                said=turn.said,
                complete=complete,
                sound=Span(start=own[0].start, end=own[-1].end),
                gaps=tuple(sorted((after.start - last.end for last, after in pairwise(own)), reverse=True)),
                talked_over=any(_over(own, speech.start) for speech in words),
                aside=any(own[0].start < other.start < own[-1].end for other in others),
            )
        )
    return tuple(found)


def interruptions(
    placed: Placed, turns: Sequence[Spoken], caller: Activity | None, asides: Set[str] = frozenset()
) -> tuple[Interruption, ...]:
    """The caller's words over the agent's `turns`, those with fillers too; `caller` is as for `first_sound`."""
    agent = Activity.of(placed.recording.agent.samples())
    found = []
    for turn in placed.turns:
        if turn.speech and turn.interrupted and turn.caller not in asides:
            at = first_sound(turn.speech, caller)
            begun = next((said for said in reversed(turns) if said.sound.start < at), None)
            if begun:
                found.append(_interruption(agent, begun, at))
    return tuple(found)


def first_sound(speech: Span, caller: Activity | None) -> float:
    """When what the caller says is first heard on their own side of the recording.

    None stands for a side on which noise or an echo sounds too: there it counts from the first sample sent.
    """
    heard = caller.onset(speech) if caller else None
    return speech.start if heard is None else heard


def timed(turn: Turn, latency_ms: float | None) -> float | None:
    """From the end of the caller's speech to the first sound of the answer, `latency_ms` after it being a sound.

    Where the caller was told to wait, that was the sound, and the answer came later by as much as the daemon says.
    """
    waited = turn.timings.get("total", 0.0) - turn.timings.get("filler", 0.0)
    return latency_ms if latency_ms is None or "filler" not in turn.timings else round(latency_ms + waited, 1)


def _over(own: Sequence[Span], at: float) -> bool:
    """Whether somebody who begins at `at` talks over one of these stretches, or over a pause between words."""
    return any(stretch.start < at < stretch.end + LONGEST_WORD_GAP_S for stretch in own)


def _interruption(agent: Activity, begun: Spoken, at: float) -> Interruption:
    silent = agent.silent_from(at, STOPPED_S)
    after_s = round(at - begun.sound.start, 2)
    if silent is None or silent > at + LATEST_STOP_S:
        return Interruption(at=at, after_s=after_s, outcome="missed")
    to_its_end = begun.complete and silent >= begun.sound.end
    if to_its_end or silent < at + SOONEST_STOP_S:
        late = silent > at + FAIR_S
        return Interruption(at=at, after_s=after_s, outcome="missed" if late else "over")
    return Interruption(at=at, after_s=after_s, outcome="stopped", stop_ms=round((silent - at) * 1000, 1))
