"""What a run says of itself."""

import json

import pytest
from rich.console import Console

from callcenter.bench.levels import Ladder
from callcenter.bench.media_report import MediaReport
from tests.bench.samples import level

OURS = Ladder(levels=(level(20, cpu=0.1), level(200, cpu=0.6), level(400, cpu=1.0, late=9)))
THEIRS = Ladder(levels=(level(20, cpu=0.6, memory=10_000_000), level(40, cpu=0.99, late=3)))


def report(
    ours: Ladder = OURS, theirs: Ladder | None = THEIRS, *, searched: bool = True, core: int | None = 1
) -> MediaReport:
    return MediaReport(ours=ours, theirs=theirs, seconds=5.0, cores=(core, None), searched=searched)


def test_ratios() -> None:
    found = json.loads(json.dumps(report().as_json()))
    assert found["ok"] is True
    assert found["held"] == 200
    assert found["held_ratio"] == 10.0
    assert found["comparison"] == {
        "calls": 20,
        "cpu_per_call": {"callcenter": 0.005, "pipecat": 0.03},
        "memory_per_call": {"callcenter": 100_000, "pipecat": 10_000_000},
        "cpu_ratio": 6.0,
        "memory_ratio": 100.0,
    }
    assert found["callcenter"]["levels"][2]["faults"] == ["9 late frames", "CPU at 100%"]


def test_without_another() -> None:
    found = report(theirs=None).as_json()
    assert (found["pipecat"], found["held_ratio"], found["comparison"], found["against"]) == (None, None, None, None)


def test_one_given_level_is_compared_but_not_called_the_most() -> None:
    theirs = Ladder(levels=(level(20, late=1),))
    found = report(Ladder(levels=(level(20),)), theirs, searched=False)
    assert found.held_ratio is None
    assert found.comparison is not None
    assert found.ok


def test_nothing_held() -> None:
    assert not report(Ladder(levels=(level(25, late=1),)), None).ok


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        pytest.param(report(), "callcenter held at most 200 calls", id="held"),
        pytest.param(report(), "10.0 times as many calls", id="ratio"),
        pytest.param(report(), "100 times", id="memory"),
        pytest.param(report(Ladder(levels=(level(25, late=1),)), None), "held none", id="none"),
        pytest.param(
            report(Ladder(levels=(level(25), level(50, late=1, load_ms=50))), None), "the load was late", id="load"
        ),
        pytest.param(report(core=None), "one core only", id="one-core"),
    ],
)
def test_what_is_shown(shown: MediaReport, sentence: str) -> None:
    console = Console(width=220, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(shown.drawn())
    assert sentence in captured.get()
