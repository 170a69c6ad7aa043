"""From a call as it went to what came of it."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from callcenter.media.pcm import to_pcm
from callcenter.simulation.interruption import Closed
from callcenter.simulation.measure import Span
from callcenter.simulation.persona import Line, Noise, Persona
from callcenter.simulation.recording import Recording
from callcenter.simulation.report import CallResult, Report, failed, judge
from callcenter.simulation.transcript import Placed, Turn

TODAY = date(2026, 11, 21)
NUMBER = "+15550100001"
PERSONA = Persona.model_validate(
    {
        "name": "terse",
        "expect": {"outcome": "qualified", "slots": {"amount": 50, "callback": "tomorrow 10:00", "risk": "moderate"}},
    }
)


def recording(*agent: tuple[float, float]) -> Recording:
    """With a tone of the agent in each stretch."""
    made = Recording(100.0)
    for tick in range(500):
        at = tick * 0.02
        sounds = any(start <= at < end for start, end in agent)
        samples = 0.3 * np.sin(2 * np.pi * 400 * np.arange(160) / 8000) * sounds
        made.agent.add(100.0 + at, to_pcm(samples.astype(np.float32)))
    return made


def placed(**changes: Any) -> Placed:
    turns = (
        Turn(
            agent="How much?",
            caller="Fifty dollars.",
            heard="50 dollars",
            speech=Span(start=3.0, end=4.0),
            compared=True,
        ),
        Turn(
            agent="And how",
            caller="Medium.",
            heard="median",
            speech=Span(start=5.5, end=6.0),
            interrupted=True,
            compared=True,
            timings={"total": 800.0},
        ),
        Turn(agent="Goodbye."),
    )
    lead = {"status": "qualified", "slots": {"amount": 50, "callback": "2026-11-22T10:00", "risk": "aggressive"}}
    whole: dict[str, Any] = {
        "turns": turns,
        "recording": recording((1.25, 2.0), (5.0, 5.7), (7.0, 8.0)),
        "answered": 1.0,
        "ended": 9.0,
        "ended_by": "agent",
        "lead": lead,
        "outcome": "qualified",
    }
    return Placed(**(whole | changes))


def test_judged() -> None:
    result = judge(placed(), PERSONA, NUMBER, TODAY)
    assert result.ok
    assert (result.slots_right, result.slots_total, result.wrong) == (2, 3, ("risk",))
    assert result.greeting_ms == pytest.approx(250, abs=21)
    assert result.latencies == [pytest.approx(1000, abs=21), pytest.approx(1000, abs=21)]
    assert [turn.stop_ms for turn in result.turns] == [None, pytest.approx(200, abs=21), None]
    assert (result.words.errors, result.words.words) == (1, 3)
    assert result.longest_silence_s == pytest.approx(1.0, abs=0.05)
    assert (result.seconds, result.ended_by, result.recording) == (8.0, "agent", None)


def test_judged_with_what_the_daemon_told_of_the_agents_turns() -> None:
    """The second turn was cut at 5.7 s by the words at 5.5 s, which under noise count from their first sample."""
    closed = [
        Closed(at=2.1, said="How much?", heard_by_caller="How much?"),
        Closed(at=6.5, said="And how long?", heard_by_caller="And how"),
    ]
    noisy = PERSONA.model_copy(update={"noise": Noise(snr_db=10)})
    result = judge(placed(), noisy, NUMBER, TODAY, closed)
    assert [(turn.said, turn.complete, turn.talked_over) for turn in result.spoken] == [
        ("How much?", True, False),
        ("And how long?", False, True),
    ]
    (interruption,) = result.interruptions
    assert interruption.outcome == "stopped"
    assert interruption.stop_ms == pytest.approx(200, abs=21)
    assert result.as_json()["interruptions"][0]["after_s"] == pytest.approx(0.5, abs=0.03)


def test_a_cough_is_not_answered() -> None:
    line = {"on": "how", "cough": True}
    persona = PERSONA.model_copy(update={"lines": (Line.model_validate(line),)})
    turns = (Turn(agent="", caller="[cough]", speech=Span(start=3.0, end=3.3), interrupted=True),)
    (turn,) = judge(placed(turns=turns), persona, NUMBER, TODAY).turns
    assert (turn.latency_ms, turn.stop_ms, turn.cut_off) == (None, None, False)


@pytest.mark.parametrize(
    ("outcome", "ok", "error"),
    [("qualified", True, None), ("refused", False, None), (None, False, "the daemon did not tell how the call ended")],
)
def test_outcome_decides(outcome: str | None, ok: bool, error: str | None) -> None:
    result = judge(placed(outcome=outcome), PERSONA, NUMBER, TODAY)
    assert (result.ok, result.error) == (ok, error)


def test_json() -> None:
    content = Report(calls=(judge(placed(), PERSONA, NUMBER, TODAY),), left={"channels": 0, "bridges": 0}).as_json()
    (call,) = content["calls"]
    assert content["left"] == {"channels": 0, "bridges": 0}
    assert content["ok"] is False
    assert call["lead"]["status"] == "qualified"
    assert call["expected"] == {"outcome": "qualified", "slots": PERSONA.expect.slots}
    assert (call["slots_right"], call["slots_total"]) == (2, 3)
    assert call["wer"] == 0.333
    assert [{"agent", "caller", "heard", "latency_ms"} <= set(turn) for turn in call["turns"]] == [True] * 3
    assert call["turns"][0]["heard"] == "50 dollars"


def result(*, ok: bool = True, right: int = 10, total: int = 10, error: str | None = None) -> CallResult:
    slots = {str(index): index for index in range(total)}
    return CallResult(
        name="n",
        caller=NUMBER,
        expected_outcome="qualified",
        expected_slots=slots,
        outcome="qualified" if ok else "partial",
        wrong=tuple(slots)[right:],
        error=error,
    )


@pytest.mark.parametrize(
    ("calls", "left", "ok"),
    [
        ([result()], {}, True),
        ([result()], {"channels": 0, "tasks": 0}, True),
        ([result()], {"channels": 1}, False),
        ([result(), result(right=8)], {}, True),
        ([result(right=8)], {}, False),
        ([result(), result(ok=False)], {}, False),
        ([result(), result(error="busy")], {}, False),
        ([result(right=0, total=0)], {}, True),
        ([], {}, False),
    ],
)
def test_ok(calls: list[CallResult], left: dict[str, int], ok: bool) -> None:
    assert Report(calls=tuple(calls), left=left).ok is ok


def test_a_call_that_failed_has_no_slot_right() -> None:
    broken = failed(PERSONA, NUMBER, "404 Not Found")
    assert (broken.ok, broken.slots_right, broken.slots_total, broken.error) == (False, 0, 3, "404 Not Found")
    assert broken.as_json()["turns"] == []
