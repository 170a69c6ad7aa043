"""What came of simulated calls: the lead against the expected one, and what was measured."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from callcenter.latency import percentiles
from callcenter.simulation import expectation, interruption, measure, tally
from callcenter.simulation.interruption import Closed, Interruption, Spoken
from callcenter.simulation.measure import Activity, Span
from callcenter.simulation.persona import Persona
from callcenter.simulation.transcript import Placed, Turn
from callcenter.simulation.words import WordErrors, word_errors

LEAST_SLOTS_RIGHT = 0.9
"""Of all slots of a report's calls."""
STUCK = ("patience", "limit")
"""Ends that a caller or the simulation makes because the agent makes none."""


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
    cut_off: bool = False
    """The agent began to talk before the caller had ended."""

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "agent": self.agent,
            "caller": self.caller,
            "heard": self.heard,
            "latency_ms": self.latency_ms,
            "stop_ms": self.stop_ms,
            "timings": self.timings,
            "cut_off": self.cut_off,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """One call, judged."""

    name: str
    caller: str
    expected_outcome: str
    expected_slots: dict[str, Any]
    flow: str = ""
    """Empty for whatever answers at the usual number."""
    language: str = "en"
    outcome: str | None = None
    lead: dict[str, Any] = field(default_factory=lambda: {"status": "new", "slots": {}})
    wrong: tuple[str, ...] = ()
    """The expected slots that are not right."""
    turns: tuple[TurnResult, ...] = ()
    words: WordErrors = field(default_factory=WordErrors)
    greeting_ms: float | None = None
    longest_silence_s: float | None = None
    spoken: tuple[Spoken, ...] = ()
    """The agent's turns as they were heard."""
    interruptions: tuple[Interruption, ...] = ()
    seconds: float = 0.0
    ended_by: str | None = None
    recording: str | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended as expected; slots are judged over all calls."""
        return self.error is None and self.outcome == self.expected_outcome

    @property
    def stuck(self) -> bool:
        """Answered, it did not come to an end by itself: the agent fell silent, or went on and on, or left no end."""
        return self.ended_by is not None and (self.ended_by in STUCK or self.outcome is None)

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
            "flow": self.flow,
            "language": self.language,
            "ok": self.ok,
            "stuck": self.stuck,
            "outcome": self.outcome,
            "lead": self.lead,
            "expected": {"outcome": self.expected_outcome, "slots": self.expected_slots},
            "slots_right": self.slots_right,
            "slots_total": self.slots_total,
            "slots_wrong": list(self.wrong),
            "turns": [turn.as_json() for turn in self.turns],
            "interruptions": [asdict(interruption) for interruption in self.interruptions],
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
        """Every call ended as expected, none was stuck, 9 of 10 slots are right, and nothing is left behind."""
        enough = self.slots_right >= LEAST_SLOTS_RIGHT * self.slots_total
        good = all(call.ok and not call.stuck for call in self.calls)
        return bool(self.calls) and good and enough and not any(self.left.values())

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "calls": [call.as_json() for call in self.calls],
            "left": self.left,
            "slots_right": self.slots_right,
            "slots_total": self.slots_total,
            "by_flow": [asdict(each) for each in tally.by_flow(self.calls)],
            "by_language": [asdict(each) for each in tally.by_language(self.calls)],
            "latency_ms": percentiles(self.latencies),
            "wer": _rounded(self.words.rate, 3),
        }


def judge(placed: Placed, persona: Persona, caller: str, called: date, closed: Sequence[Closed] = ()) -> CallResult:
    """Measure and compare a call made on `called` with what its persona expects; `closed` are the agent's turns."""
    agent = Activity.of(placed.recording.agent.samples())
    clean = persona.noise is None and persona.echo is None
    own = Activity.of(placed.recording.caller.samples()) if clean else None
    asides = frozenset(line.told for line in persona.lines if not line.takes_turn)
    said = interruption.spoken(placed, closed, asides)
    all_said = interruption.spoken(placed, closed, asides, fillers=True)
    expected = persona.expect.slots
    found = placed.lead["slots"]
    speeches = [turn.speech for turn in placed.turns if turn.speech]
    return CallResult(
        name=persona.name,
        caller=caller,
        expected_outcome=persona.expect.outcome,
        expected_slots=expected,
        flow=persona.flow or "",
        language=persona.language,
        outcome=placed.outcome,
        lead=placed.lead,
        wrong=tuple(slot for slot, value in expected.items() if not expectation.right(value, found.get(slot), called)),
        turns=tuple(_measured(turn, agent, own, aside=turn.caller in asides) for turn in placed.turns),
        words=_word_errors(placed.turns, persona.language),
        greeting_ms=measure.greeting_ms(agent, placed.answered),
        longest_silence_s=measure.longest_silence_s(agent, speeches, Span(start=placed.answered, end=placed.ended)),
        spoken=said,
        interruptions=interruption.interruptions(placed, all_said, own, asides),
        seconds=placed.ended - placed.answered,
        ended_by=placed.ended_by,
        error=None if placed.outcome else "the daemon did not tell how the call ended",
    )


def failed(persona: Persona, caller: str, error: str) -> CallResult:
    """A call that nothing came of."""
    expected = persona.expect.slots
    return CallResult(
        name=persona.name,
        caller=caller,
        expected_outcome=persona.expect.outcome,
        expected_slots=expected,
        flow=persona.flow or "",
        language=persona.language,
        wrong=tuple(expected),
        error=error,
    )


def _measured(turn: Turn, agent: Activity, own: Activity | None, *, aside: bool) -> TurnResult:
    """`own` is the caller's side, where nothing but the caller sounds in it."""
    spoke = None if aside else turn.speech
    latency_ms = measure.latency_ms(agent, spoke.end) if spoke else None
    began = interruption.first_sound(spoke, own) if spoke and turn.interrupted else None
    return TurnResult(
        agent=turn.agent,
        caller=turn.caller,
        heard=turn.heard,
        latency_ms=interruption.timed(turn, latency_ms),
        stop_ms=None if began is None else measure.stop_ms(agent, began),
        timings=turn.timings,
        cut_off=bool(spoke and measure.cut_off(agent, spoke)),
    )


def _word_errors(turns: Sequence[Turn], language: str) -> WordErrors:
    compared = [word_errors(turn.caller, turn.heard, language) for turn in turns if turn.compared]
    return sum(compared, WordErrors())


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
