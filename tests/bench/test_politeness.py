"""Breaks told from natural pauses, and stops counted."""

from typing import Any

import pytest

from callcenter.bench.politeness import BargeIns, at_most, false_stops, percentile, undisturbed
from callcenter.simulation.interruption import Spoken
from tests.bench.made_calls import call, interruption, spoken

NATURAL = {"Hello.": (0.3, 0.14)}


def test_how_a_turn_sounds_undisturbed_is_its_rendition_with_the_least_silence() -> None:
    calls = [
        call(spoken=(spoken(gaps=(0.5, 0.3)), spoken("Once.", gaps=(0.1,)), spoken("Cut.", gaps=(), complete=False))),
        call(spoken=(spoken(gaps=(0.3, 0.14)), spoken("Cut."), spoken("Over.", talked_over=True), spoken("Over."))),
    ]
    assert undisturbed(calls) == {"Hello.": (0.3, 0.14)}


@pytest.mark.parametrize(
    ("turn", "paused", "stopped"),
    [
        (spoken(), 0, 0),
        (spoken(gaps=(0.32, 0.17, 0.02)), 0, 0),
        (spoken(gaps=(0.37, 0.2, 0.08, 0.05)), 0, 0),
        (spoken(gaps=(0.3, 0.14, 0.12)), 1, 0),
        (spoken(gaps=(0.3, 0.28, 0.14)), 1, 0),
        (spoken(gaps=(0.4, 0.3)), 1, 0),
        (spoken(gaps=(1.2, 0.3, 0.14)), 1, 0),
        (spoken(gaps=(), complete=False), 1, 1),
        (spoken("Unheard of.", gaps=(0.3,)), 0, 0),
        (spoken("Unheard of.", gaps=(0.6,)), 1, 0),
        (spoken("Unheard of.", gaps=()), 0, 0),
    ],
    ids=[
        "whole",
        "jitter",
        "choppy",
        "a-short-break",
        "a-break",
        "a-pause-made-longer",
        "a-long-break",
        "cut",
        "said-once",
        "said-once-with-a-break",
        "said-once-in-one-breath",
    ],
)
def test_false_stops(turn: Spoken, paused: int, stopped: int) -> None:
    found = false_stops("noise", [call(spoken=(turn,))], NATURAL, coughs=False)
    assert (found.turns, found.paused, found.stopped) == (1, paused, stopped)


@pytest.mark.parametrize(("coughs", "turns"), [(False, 2), (True, 1)])
def test_turns_that_count(coughs: bool, turns: int) -> None:
    """A turn that the caller talked over says nothing; for coughs only those that were coughed at do."""
    calls = [call(spoken=(spoken(), spoken(aside=True), spoken(talked_over=True, complete=False, aside=True)))]
    assert false_stops("x", calls, NATURAL, coughs=coughs).turns == turns


@pytest.mark.parametrize(("stopped", "turns", "ok"), [(0, 10, True), (2, 100, True), (3, 100, False), (0, 0, None)])
def test_the_budget_of_false_stops(stopped: int, turns: int, ok: bool | None) -> None:
    turns_made = [spoken(complete=False)] * stopped + [spoken()] * (turns - stopped)
    found = false_stops("x", [call(spoken=tuple(turns_made)), call(error="busy")], NATURAL, coughs=False)
    assert found.ok is ok
    assert found.as_json()["failed"] == 1


def test_barge_ins() -> None:
    found = BargeIns.of(
        [
            call(interruptions=(interruption(120.0), interruption(None, "missed"), interruption(None, "over"))),
            call(interruptions=(interruption(140.0),)),
        ]
    )
    assert (found.stop_ms, found.missed, found.over) == ((120.0, 140.0), 1, 1)
    assert found.as_json() == {
        "interruptions": 3,
        "p50_ms": 120.0,
        "p95_ms": 140.0,
        "worst_ms": 140.0,
        "missed": 1,
        "over": 1,
        "ok": False,
        "stops_ms": [120.0, 140.0],
    }


@pytest.mark.parametrize(
    ("stops", "missed", "ok"),
    [
        ([140.0] * 100, 0, True),
        ([140.0] * 95 + [400.0] * 5, 0, True),
        ([140.0] * 94 + [400.0] * 6, 0, False),
        ([140.0] * 96, 4, True),
        ([140.0] * 90, 10, False),
        ([], 0, None),
        ([], 1, False),
    ],
)
def test_the_budget_of_a_stop_counts_those_missed(stops: list[float], missed: int, ok: bool | None) -> None:
    assert BargeIns(stop_ms=tuple(stops), missed=missed, over=0).ok is ok


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 50, None), ([3.0], 95, 3.0), ([1.0, 2.0, 3.0, 4.0], 50, 2.0), ([float(n) for n in range(1, 101)], 95, 95.0)],
)
def test_percentile(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(
    ("found", "of", "expected"), [(0, 0, None), (0, 100, 0.037), (3, 100, 0.0845), (10, 10, 1.0), (0, 400, 0.0095)]
)
def test_at_most(found: int, of: int, expected: Any) -> None:
    """Against tables of Wilson's interval."""
    assert at_most(found, of) == (expected if expected is None else pytest.approx(expected, abs=0.0003))
