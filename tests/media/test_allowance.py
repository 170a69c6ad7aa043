"""A budget that fills with time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.allowance import Allowance


@pytest.mark.parametrize(
    ("spent", "granted"),
    [
        ([(0, 100)], [True]),
        ([(0, 101)], [False]),
        ([(0, 60), (0, 60), (0, 40)], [True, False, True]),
        ([(0, 100), (1, 10), (1, 1)], [True, True, False]),
        ([(0, 100), (1000, 100), (1000, 1)], [True, True, False]),
        ([(5, 100), (4, 1), (5, 1)], [True, False, True]),
    ],
    ids=["all", "too much", "a refusal costs nothing", "it fills", "up to its limit", "a clock that goes back"],
)
def test_what_is_granted(spent: list[tuple[float, float]], granted: list[bool]) -> None:
    allowance = Allowance(per_second=10, most=100)
    assert [allowance.take(amount, at) for at, amount in spent] == granted


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 200)), max_size=50))
def test_never_more_than_the_limit_and_what_time_brings(steps: list[tuple[float, float]]) -> None:
    allowance = Allowance(per_second=10, most=100)
    now = granted = 0.0
    for since, amount in steps:
        now += since
        granted += amount if allowance.take(amount, now) else 0
        assert granted <= 100 + 10 * now + 1e-6
