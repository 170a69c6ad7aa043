"""Calls as they might have gone, for figures to be made of."""

from typing import Any

from callcenter.bench.calling import Ringing
from callcenter.bench.loads import Load
from callcenter.simulation.interruption import Interruption, Spoken
from callcenter.simulation.measure import Span
from callcenter.simulation.report import CallResult, TurnResult
from callcenter.simulation.words import WordErrors


def turn(latency_ms: float | None = None, *, cut_off: bool = False, **timings: float) -> TurnResult:
    """A turn of the caller's."""
    return TurnResult(
        agent="", caller="", heard="", latency_ms=latency_ms, stop_ms=None, timings=timings, cut_off=cut_off
    )


def spoken(said: str = "Hello.", **changes: Any) -> Spoken:
    """A turn of the agent's."""
    whole: dict[str, Any] = {"complete": True, "gaps": (0.3, 0.14), "talked_over": False, "aside": False}
    return Spoken(said=said, sound=Span(start=1.0, end=3.0), **(whole | changes))


def interruption(stop_ms: float | None = None, outcome: Any = "stopped") -> Interruption:
    """Of the agent by the caller."""
    return Interruption(at=2.0, after_s=1.0, outcome=outcome, stop_ms=stop_ms)


def call(**changes: Any) -> CallResult:
    """One of one caller's."""
    whole: dict[str, Any] = {
        "name": "n",
        "caller": "+15550100001",
        "expected_outcome": "qualified",
        "expected_slots": {"amount": 50},
        "outcome": "qualified",
        "words": WordErrors(errors=1, words=10),
        "greeting_ms": 40.0,
        "seconds": 60.0,
    }
    return CallResult(**(whole | changes))


def load(at_once: int, *latencies: float, cpu: float | None = 0.5, **changes: Any) -> Load:
    """A level of one call."""
    calls = (call(turns=tuple(map(turn, latencies)), **changes),)
    return Load(at_once=at_once, ringing=Ringing(calls=calls, seconds=60.0, cpu=cpu))
