"""Who comes in: never one too many, and a door that does not flap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.admission import CALM_S, CLEARLY, Guard, Load, Reason
from callcenter.config import Admission

SETTINGS = Admission(max_calls=10, lag_ms=40, waiting=6, latency_ms=4000)
CALM = Load(calls=1, lag_ms=1.0, waiting=0, latency_ms=800.0)
LATE = Load(calls=1, lag_ms=60.0, waiting=0, latency_ms=800.0)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (Load(calls=0), None),
        (Load(calls=9), None),
        (Load(calls=10), Reason.FULL),
        (Load(calls=11), Reason.FULL),
        (Load(calls=1, lag_ms=39.9), None),
        (Load(calls=1, lag_ms=40.0), Reason.LATE),
        (Load(calls=1, waiting=5), None),
        (Load(calls=1, waiting=6), Reason.BEHIND),
        (Load(calls=1, latency_ms=3999.0), None),
        (Load(calls=1, latency_ms=4000.0), Reason.SLOW),
        (Load(calls=0, lag_ms=50.0, waiting=9, latency_ms=9000.0), None),
        (Load(calls=10, lag_ms=50.0, waiting=9, latency_ms=9000.0), Reason.FULL),
        (Load(calls=1, lag_ms=50.0, waiting=9, latency_ms=9000.0), Reason.LATE),
        (Load(calls=1, waiting=9, latency_ms=9000.0), Reason.BEHIND),
    ],
)
def test_the_bounds(load: Load, reason: Reason | None) -> None:
    assert Guard(SETTINGS).ask(load, 0.0) is reason


def test_a_place_that_is_free_again_is_given_at_once() -> None:
    guard = Guard(SETTINGS)
    assert guard.ask(Load(calls=10), 0.0) is Reason.FULL
    assert guard.ask(Load(calls=9), 0.0) is None


@pytest.mark.parametrize(
    ("load", "opens"),
    [
        (CALM, True),
        (Load(calls=1, lag_ms=30.0), True),
        (Load(calls=1, lag_ms=30.1), False),
        (Load(calls=1, lag_ms=39.9), False),
        (Load(calls=1, lag_ms=40.0), False),
    ],
)
def test_it_opens_again_only_when_the_figure_is_clearly_below_its_bound(load: Load, opens: bool) -> None:
    guard = Guard(SETTINGS)
    assert guard.look(LATE, 0.0) is Reason.LATE
    states = [guard.look(load, 1.0 + second) for second in range(10)]
    assert (states[-1] is None) is opens
    assert states.index(None) == CALM_S if opens else None not in states


def test_a_moment_that_is_not_calm_begins_the_waiting_anew() -> None:
    guard = Guard(SETTINGS)
    loads = [LATE, CALM, CALM, CALM, Load(calls=1, lag_ms=35.0), CALM, CALM, CALM, CALM]
    open_at = [guard.look(load, float(second)) is None for second, load in enumerate(loads)]
    assert open_at == [False] * 8 + [True]


def test_one_who_waits_at_all_is_one_too_many_where_one_may() -> None:
    guard = Guard(Admission(waiting=1))
    assert guard.look(Load(calls=1, waiting=1), 0.0) is Reason.BEHIND
    assert [guard.look(Load(calls=1), float(second)) for second in (1, 2, 3, 4)] == [Reason.BEHIND] * 3 + [None]


def test_without_answers_nothing_says_that_they_are_slow() -> None:
    guard = Guard(SETTINGS)
    assert guard.look(Load(calls=9, latency_ms=5000.0), 0.0) is Reason.SLOW
    assert [guard.look(Load(calls=1), float(second)) for second in (60, 61, 62, 63)] == [Reason.SLOW] * 3 + [None]


def test_the_report_counts_refusals_and_not_looks() -> None:
    guard = Guard(SETTINGS)
    assert guard.report() == {"state": "open", "refused": {}}
    guard.look(Load(calls=10), 0.0)
    assert guard.report() == {"state": "full", "refused": {}}
    for load in (Load(calls=10), CALM, LATE, LATE):
        guard.ask(load, 0.0)
    assert guard.report() == {"state": "sound is late", "refused": {"full": 1, "sound is late": 2}}


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 20))
def test_there_are_never_more_calls_than_may_be_and_never_fewer_than_could_be(arrivals: list[bool], most: int) -> None:
    guard, calls = Guard(Admission(max_calls=most)), 0
    for now, arrives in enumerate(arrivals):
        if not arrives:
            calls = max(0, calls - 1)
        elif guard.ask(Load(calls=calls), now / 100) is None:
            calls += 1
        else:
            assert calls == most
        assert calls <= most


@given(st.lists(st.floats(0, 80), min_size=1, max_size=100))
def test_it_never_flaps_and_always_opens_again(lags: list[float]) -> None:
    """Looked at twice a second: closed at the bound, and once open again, calm for the whole time before."""
    guard, was = Guard(SETTINGS), None
    for number, lag in enumerate(lags):
        state = guard.look(Load(calls=1, lag_ms=lag), number / 2)
        assert lag < SETTINGS.lag_ms or state is Reason.LATE
        if was and not state:
            before = lags[number - int(CALM_S * 2) : number + 1]
            assert len(before) == CALM_S * 2 + 1
            assert max(before) <= SETTINGS.lag_ms * CLEARLY
        was = state
    later = [guard.look(CALM, (len(lags) + number) / 2) for number in range(int(CALM_S * 2) + 1)]
    assert later[-1] is None
