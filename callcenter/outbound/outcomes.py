"""What a call that we place may come to before anybody talks, and after how long it is tried again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from callcenter.config import Outbound

BUSY = "busy"
NO_ANSWER = "no_answer"
REJECTED = "rejected"
"""They, or the network in their name, refused the call."""
INVALID = "invalid"
"""There is no such number."""
CONGESTION = "congestion"
"""The network has no way to them at present."""
TRUNK = "trunk"
"""The trunk itself was down."""
FAILED = "failed"
MACHINE = "machine"
MESSAGE = "message"
"""A machine has got our message."""
HUNG_UP = "hung_up"
"""They answered and hung up before the agent could talk."""
ABANDONED = "abandoned"
"""They answered and no agent was there."""
LOST = "lost"
"""We were killed during the call, and nothing tells what came of it."""
STOPPED = "stopped"
"""We stopped before they answered."""
DO_NOT_CALL = "do_not_call"
CANCELLED = "cancelled"
"""The campaign was, before they were called."""
OUT_OF_HOURS = "out_of_hours"
"""There is no moment at which they may be called."""

RETRIES: Mapping[str, tuple[float, ...]] = {
    BUSY: (5, 15, 60),
    NO_ANSWER: (60, 240, 1440),
    CONGESTION: (2, 10, 30, 60, 120, *[240] * 12),
    TRUNK: (1, 5, 15, 60, *[240] * 12),
    FAILED: (10, 60),
    ABANDONED: (10, 60),
    MACHINE: (240, 1440),
    LOST: (30, 240),
}
"""Minutes until the next call where the settings name none."""

NOT_CARRIED = frozenset({CONGESTION, TRUNK})
"""The call did not come to them at all. It is no attempt of theirs, only the number of delays limits it."""

_UNCOUNTED = NOT_CARRIED | {STOPPED}

_CAUSES = {
    **dict.fromkeys((1, 2, 3, 22, 28), INVALID),
    17: BUSY,
    **dict.fromkeys((18, 19, 20), NO_ANSWER),
    21: REJECTED,
    **dict.fromkeys((27, 34, 38, 41, 42, 44, 47, 102), CONGESTION),
}
"""ITU-T Q.850, as Asterisk maps SIP's answers to it: 404, 410, 484 to invalid, 486 to busy, 480 to no answer, 603 to
rejected, 500, 502, 503 and 504 to congestion. The others are failures."""

_LEFT_RINGING_S = 2.0
"""When the time for ringing is over Asterisk gives up, by its own clock and with a cause that says nothing."""


_WRONG_PASSWORD = {401, 407}
"""The provider wants us to say who we are, and is not content with it (RFC 3261, 21.4.2 and 21.4.8)."""


def unanswered(cause: int, sip: int, rang_s: float, limit_s: float) -> str:
    """What came of a call that nobody answered, given the cause of its end and how long it rang of `limit_s`.

    `sip` is the SIP status behind the cause, 0 if it is not known.
    """
    if sip in _WRONG_PASSWORD:
        return TRUNK
    known = _CAUSES.get(cause)
    if known is None and rang_s >= limit_s - _LEFT_RINGING_S:
        return NO_ANSWER
    return known or FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a contact is called again."""

    delays: Mapping[str, tuple[timedelta, ...]]
    """By outcome: after its first time, its second, ..."""
    tries: int
    barring: frozenset[str] = frozenset()
    """Outcomes after which the number is on the do-not-call list."""

    @classmethod
    def of(cls, settings: Outbound) -> Self:
        """As the settings say."""
        return cls(
            delays={
                outcome: tuple(timedelta(minutes=minutes) for minutes in delays)
                for outcome, delays in {**RETRIES, **settings.retries}.items()
            },
            tries=settings.tries,
            barring=frozenset(settings.do_not_call_after),
        )

    def again(self, outcomes: Sequence[str]) -> timedelta | None:
        """How long to wait after calls that ended so, the last one just now; None when it was the last one.

        A call that we stopped ourselves does not count, nor does one that the trunk or the network has not carried.
        """
        last = outcomes[-1]
        if last == STOPPED:
            return timedelta()
        counted = sum(outcome not in _UNCOUNTED for outcome in outcomes)
        delays = self.delays.get(last, ())
        times = outcomes.count(last)
        return delays[times - 1] if counted < self.tries and times <= len(delays) else None
