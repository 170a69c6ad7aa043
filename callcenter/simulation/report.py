"""What came of simulated calls: the lead against the expected one, and what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from callcenter.simulation import expectation, measure
from callcenter.simulation.measure import Activity, Span
from callcenter.simulation.persona import Persona
from callcenter.simulation.transcript import Placed, Turn
from callcenter.simulation.words import WordErrors, word_errors

LEAST_SLOTS_RIGHT = 0.9
"""Of all slots of a report's calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """What the agent said, what the caller answered, what was heard of it, and how soon the next answer came."""

    agent: str
    caller: str
    heard: str
    latency_ms: float | None
    """From the end of the caller's speech to the first sound of the answer; None when there was none to wait for."""
    stop_ms: float | None
    """From the caller's interruption to the agent's silence."""
    timings: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "agent": self.agent,
            "caller": self.caller,
            "heard": self.heard,
            "latency_ms": self.latency_ms,
            "stop_ms": self.stop_ms,
            "timings": self.timings,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """One call, judged."""

    name: str
    caller: str
    expected_outcome: str
    expected_slots: dict[str, Any]
    outcome: str | None = None
    lead: dict[str, Any] = field(default_factory=lambda: {"status": "new", "slots": {}})
    wrong: tuple[str, ...] = ()
    """The expected slots that are not right."""
    turns: tuple[TurnResult, ...] = ()
    words: WordErrors = field(default_factory=WordErrors)
    greeting_ms: float | None = None
    longest_silence_s: float | None = None
    seconds: float = 0.0
    ended_by: str | None = None
    recording: str | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended as expected; slots are judged over all calls."""
        return self.error is None and self.outcome == self.expected_outcome

    @property
    def slots_total(self) -> int:
        """How many were expected."""
        return len(self.expected_slots)

    @property
    def slots_right(self) -> int:
        """How many of them the lead has."""
        return self.slots_total - len(self.wrong)

    @property
    def latencies(self) -> list[float]:
        """Of the turns that were answered."""
        return [turn.latency_ms for turn in self.turns if turn.latency_ms is not None]

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "name": self.name,
            "caller": self.caller,
            "ok": self.ok,
            "outcome": self.outcome,
            "lead": self.lead,
            "expected": {"outcome": self.expected_outcome, "slots": self.expected_slots},
            "slots_right": self.slots_right,
            "slots_total": self.slots_total,
            "slots_wrong": list(self.wrong),
            "turns": [turn.as_json() for turn in self.turns],
            "wer": _rounded(self.words.rate, 3),
            "greeting_ms": self.greeting_ms,
            "latency_ms": percentiles(self.latencies),
            "longest_silence_s": self.longest_silence_s,
            "seconds": round(self.seconds, 1),
            "ended_by": self.ended_by,
            "recording": self.recording,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All calls, and what they left behind."""

    calls: tuple[CallResult, ...]
    left: dict[str, int]
    """`channels`, `bridges`, `tasks` and whatever else should be 0."""

    @property
    def slots_right(self) -> int:
        """Over all calls."""
        return sum(call.slots_right for call in self.calls)

    @property
    def slots_total(self) -> int:
        """Over all calls."""
        return sum(call.slots_total for call in self.calls)

    @property
    def latencies(self) -> list[float]:
        """Over all calls."""
        return [latency for call in self.calls for latency in call.latencies]

    @property
    def words(self) -> WordErrors:
        """Over all calls."""
        return sum((call.words for call in self.calls), WordErrors())

    @property
    def ok(self) -> bool:
        """Every call ended as expected, 9 of 10 slots are right, and nothing is left behind."""
        enough = self.slots_right >= LEAST_SLOTS_RIGHT * self.slots_total
        return bool(self.calls) and all(call.ok for call in self.calls) and enough and not any(self.left.values())

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "calls": [call.as_json() for call in self.calls],
            "left": self.left,
            "slots_right": self.slots_right,
            "slots_total": self.slots_total,
            "latency_ms": percentiles(self.latencies),
            "wer": _rounded(self.words.rate, 3),
        }


def judge(placed: Placed, persona: Persona, caller: str, called: date, recording: str | None = None) -> CallResult:
    """Measure and compare a call made on `called` with what its persona expects."""
    agent = Activity.of(placed.recording.agent.samples())
    expected = persona.expect.slots.expected
    found = placed.lead["slots"]
    speeches = [turn.speech for turn in placed.turns if turn.speech]
    return CallResult(
        name=persona.name,
        caller=caller,
        expected_outcome=persona.expect.outcome,
        expected_slots=expected,
        outcome=placed.outcome,
        lead=placed.lead,
        wrong=tuple(
            slot for slot, value in expected.items() if not expectation.right(slot, value, found.get(slot), called)
        ),
        turns=tuple(_measured(turn, agent) for turn in placed.turns),
        words=_word_errors(placed.turns, persona.language),
        greeting_ms=measure.greeting_ms(agent, placed.answered),
        longest_silence_s=measure.longest_silence_s(agent, speeches, Span(start=placed.answered, end=placed.ended)),
        seconds=placed.ended - placed.answered,
        ended_by=placed.ended_by,
        recording=recording,
        error=None if placed.outcome else "the daemon did not tell how the call ended",
    )


def failed(persona: Persona, caller: str, error: str) -> CallResult:
    """A call that nothing came of."""
    expected = persona.expect.slots.expected
    return CallResult(
        name=persona.name,
        caller=caller,
        expected_outcome=persona.expect.outcome,
        expected_slots=expected,
        wrong=tuple(expected),
        error=error,
    )


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """The 50th and the 95th."""
    if not values:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def _measured(turn: Turn, agent: Activity) -> TurnResult:
    return TurnResult(
        agent=turn.agent,
        caller=turn.caller,
        heard=turn.heard,
        latency_ms=measure.latency_ms(agent, turn.speech.end) if turn.speech else None,
        stop_ms=measure.stop_ms(agent, turn.speech.start) if turn.speech and turn.interrupted else None,
        timings=turn.timings,
    )


def _word_errors(turns: Sequence[Turn], language: str) -> WordErrors:
    compared = [word_errors(turn.caller, turn.heard, language) for turn in turns if turn.compared]
    return sum(compared, WordErrors())


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
