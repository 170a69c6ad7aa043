"""What is shown of simulated calls."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from callcenter.simulation import live
from callcenter.simulation.happenings import (
    AgentSays,
    Answered,
    CallerSays,
    Dialled,
    Happening,
    Heard,
    LeadIs,
    Over,
    Timed,
)
from callcenter.simulation.report import CallResult, TurnResult
from callcenter.simulation.words import WordErrors

TIMINGS = {
    "endpoint": 600.0,
    "recognise": 120.0,
    "recogniser": 300.0,
    "think": 2.0,
    "voice": 180.0,
    "wire": 20.0,
    "total": 922.0,
}


def result(**changes: Any) -> CallResult:
    turn = TurnResult(agent="How much?", caller="Fifty.", heard="50", latency_ms=900.0, stop_ms=None, timings=TIMINGS)
    whole: dict[str, Any] = {
        "name": "terse [sic]",
        "caller": "+15550100001",
        "expected_outcome": "qualified",
        "expected_slots": {"amount": 50, "risk": "moderate"},
        "outcome": "qualified",
        "lead": {"status": "qualified", "slots": {"amount": 60}},
        "wrong": ("amount", "risk"),
        "turns": (turn,),
        "words": WordErrors(errors=1, words=4),
        "greeting_ms": 210.0,
    }
    return CallResult(**(whole | changes))


STORY: Sequence[Happening] = (
    Dialled(name="terse [sic]", caller="+15550100001"),
    Answered(),
    AgentSays(text="How much?"),
    CallerSays(text="Fifty.", interrupting=True),
    Heard(text="50"),
    LeadIs(status="partial", slots={"interest": ["funds", "bonds"], "amount": [20000, 30000.0], "name": "Karen"}),
    Timed(timings=TIMINGS),
    Over(result=result()),
)


def shown(calls: int, *, terminal: bool, story: Sequence[Happening] = STORY) -> str:
    output = io.StringIO()
    console = Console(file=output, width=140, height=50, force_terminal=terminal, color_system=None)
    with live.audience(console, calls) as audience:
        for call in range(calls):
            for happening in story:
                audience.see(call, happening)
    return output.getvalue()


def test_lines_without_a_terminal() -> None:
    assert shown(1, terminal=False).splitlines() == [
        "  1  terse [sic] calls from +15550100001",
        "  1  answered",
        "  1  agent   How much?",
        "  1  caller  Fifty. (interrupts)",
        "  1  heard   50",
        "  1  lead    partial: interest funds, bonds, amount 20,000 to 30,000, name Karen",
        "  1  took    endpoint 600 ms, recognise 120 ms, think 2 ms, voice 180 ms, wire 20 ms, total 922 ms",
        "  1  over    qualified, 0 of 2 slots right",
    ]


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_terminal(calls: int) -> None:
    text = shown(calls, terminal=True)
    for piece in ("terse [sic]", "partial", "922 ms", "█", "qualified, 0 of 2 slots right"):
        assert piece in text


def test_panel_has_transcript_and_lead() -> None:
    text = shown(1, terminal=True)
    for piece in (
        "agent   How much?",
        "caller  Fifty. interrupts",
        "heard 50",
        "funds, bonds",
        "20,000 to 30,000",
        "endpoint",
    ):
        assert piece in text


def test_panel_keeps_its_size_in_a_long_call() -> None:
    story = [AgentSays(text=f"Clause {index}.") for index in range(100)]
    text = shown(1, terminal=True, story=story)
    assert "Clause 99." in text
    assert "Clause 70." not in text.rpartition("Clause 99.")[0].rpartition("╭")[2]


@pytest.mark.parametrize(
    ("timings", "length", "total"),
    [
        (TIMINGS, 15, "922 ms"),
        ({"endpoint": 600.0}, 10, "600 ms"),
        ({"think": 10.0, "voice": 10.0, "wire": 10.0}, 0, "30 ms"),
        ({"recognise": 25.0, "think": 25.0}, 1, "50 ms"),
    ],
)
def test_bar(timings: dict[str, float], length: int, total: str) -> None:
    text = live.bar(timings).plain
    assert text.count("█") == length
    assert text.endswith(f" {total}")
