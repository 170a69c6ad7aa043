"""What is typical of the latest turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.latency import HANDFUL, Latencies, percentiles
from callcenter.stages import STAGES

ANSWER = {
    "endpoint": 600.0,
    "recognise": 0.0,
    "queue": 1.0,
    "think": 2.0,
    "voice": 70.0,
    "wire": 10.0,
    "recogniser": 340.0,
    "total": 683.0,
}


def filled(*totals: float, every_s: float = 1.0, limit: int = 500) -> Latencies:
    """With a turn of each total, the first over at 0 s."""
    latencies = Latencies(limit)
    for index, total in enumerate(totals):
        latencies.add({"endpoint": total, "total": total}, index * every_s)
    return latencies


def test_all_stages_of_one_answer() -> None:
    latencies = Latencies()
    latencies.add(ANSWER, 1.0)
    report = latencies.report()
    assert list(report) == ["turns", "total", *STAGES]
    assert report["turns"] == 1
    assert {name: report[name] for name in STAGES} == {
        name: {"p50": ANSWER[name], "p95": ANSWER[name]} for name in STAGES
    }
    assert report["total"]["p95"] == 683.0


def test_nothing_yet() -> None:
    assert Latencies().report() == {"turns": 0}
    assert Latencies().p95(0.0) is None


@pytest.mark.parametrize(
    ("totals", "p50", "p95"),
    [
        ([700], 700.0, 700.0),
        ([700, 900], 800.0, 890.0),
        (list(range(101)), 50.0, 95.0),
        (list(range(100, -1, -1)), 50.0, 95.0),
        ([0.04, 0.04], 0.0, 0.0),
    ],
)
def test_percentiles(totals: list[float], p50: float, p95: float) -> None:
    assert filled(*totals).report()["total"] == {"p50": p50, "p95": p95}


@pytest.mark.parametrize(
    "timings",
    [
        {},
        {"think": 2.0, "voice": 70.0, "wire": 10.0, "total": 82.0},
        {"endpoint": 600.0, "think": 2.0},
    ],
    ids=["nothing", "greeting", "unanswered"],
)
def test_what_is_no_answer_is_left_out(timings: dict[str, float]) -> None:
    latencies = Latencies()
    latencies.add(timings, 1.0)
    assert latencies.report() == {"turns": 0}


def test_a_stage_counts_only_where_it_was_met() -> None:
    latencies = filled(600, 600, 600)
    latencies.add(ANSWER, 3.0)
    assert latencies.report()["voice"] == {"p50": 70.0, "p95": 70.0}
    assert latencies.report()["turns"] == 4


def test_the_latest_push_out_the_oldest() -> None:
    report = filled(*[10_000] * 300, *[700] * 100, limit=100).report()
    assert (report["turns"], report["total"]["p95"]) == (100, 700.0)


@pytest.mark.parametrize(
    ("since", "p95"),
    [(0.0, 995.0), (95.0, 999.0), (96.0, None), (1000.0, None)],
)
def test_p95_of_the_last_seconds(since: float, p95: float | None) -> None:
    """Turn 95 is over at 95 s; 5 from then on are a handful."""
    totals = [*(900.0 + index for index in range(100)), 1000.0]
    found = filled(*totals[: 95 + HANDFUL]).p95(since)
    assert found == (p95 if p95 is None else pytest.approx(p95, abs=1))


def test_the_record_keeps_what_it_was_told() -> None:
    latencies, timings = Latencies(), dict(ANSWER)
    latencies.add(timings, 1.0)
    timings["total"] = 0.0
    assert latencies.report()["total"]["p50"] == 683.0


@given(st.lists(st.floats(min_value=0, max_value=1e5), min_size=HANDFUL, max_size=50))
def test_percentiles_lie_between_the_least_and_the_most(totals: list[float]) -> None:
    latencies = filled(*totals)
    found = latencies.report()["total"]
    assert min(totals) - 0.05 <= found["p50"] <= found["p95"] <= max(totals) + 0.05
    assert latencies.p95(0.0) == found["p95"]


def test_the_50th_and_the_95th() -> None:
    assert percentiles([]) == {"p50": None, "p95": None}
    assert percentiles([100.0]) == {"p50": 100.0, "p95": 100.0}
    assert percentiles([float(value) for value in range(101)]) == {"p50": 50.0, "p95": 95.0}
