"""Figures of a level, and where it breaks."""

import pytest

from callcenter.bench.calling import Ringing
from callcenter.bench.loads import Load, breaks_at
from tests.bench.made_calls import call, interruption, load, turn


def test_a_level() -> None:
    calls = (
        call(
            turns=(
                turn(700.0, total=700.0, endpoint=600.0, think=10.0),
                turn(900.0, total=880.0, endpoint=800.0, think=20.0, filler=500.0),
                turn(None, cut_off=True, endpoint=5000.0),
            ),
            interruptions=(interruption(130.0),),
        ),
        call(outcome="partial", wrong=("amount",), greeting_ms=80.0),
        call(outcome=None, error="busy", greeting_ms=None, wrong=("amount",)),
    )
    content = Load(at_once=4, ringing=Ringing(calls=calls, seconds=61.26, cpu=1.234)).as_json()
    assert content == {
        "at_once": 4,
        "calls": 3,
        "turns": 2,
        "latency_p50_ms": 700.0,
        "latency_p95_ms": 900.0,
        "greeting_p95_ms": 80.0,
        "barge_in": {
            "interruptions": 1,
            "p50_ms": 130.0,
            "p95_ms": 130.0,
            "worst_ms": 130.0,
            "missed": 0,
            "over": 0,
            "ok": True,
            "stops_ms": [130.0],
        },
        "outcomes_right": 1,
        "slots_right": 1,
        "slots_expected": 3,
        "words_wrong": 0.1,
        "cut_off": 1,
        "fillers": 1,
        "cpu_cores": 1.23,
        "seconds": 61.3,
        "stages_ms": {"endpoint": 700.0, "think": 15.0},
        "latencies_ms": [700.0, 900.0],
        "errors": ["n: busy"],
    }


@pytest.mark.parametrize(
    ("loads", "at_once"),
    [
        ([load(1, 700.0), load(2, 800.0), load(4, 1300.0)], None),
        ([load(1, 700.0), load(2, 800.0), load(4, 1501.0), load(8, 4000.0)], 4),
        ([load(1, 500.0), load(2, 1001.0)], 2),
        ([load(1, 1400.0), load(2, 1499.0)], None),
        ([load(1, 1600.0), load(2, 1499.0)], 1),
        ([load(1, 700.0), load(2)], 2),
        ([load(1), load(2, 700.0)], 1),
        ([load(1), load(2)], 1),
        ([], None),
    ],
    ids=[
        "holds",
        "over-the-budget",
        "twice-that-of-one",
        "just-under",
        "one-is-too-many",
        "nobody-answered",
        "none-of-the-first",
        "nothing-measured",
        "nothing",
    ],
)
def test_where_it_breaks(loads: list[Load], at_once: int | None) -> None:
    broken = breaks_at(loads)
    assert (broken.at_once if broken else None) == at_once
