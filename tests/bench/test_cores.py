"""Which cores, and how busy."""

import pytest

from callcenter.bench import cores
from callcenter.bench.cores import TICKS

STAT = """cpu  30 0 30 100 5 0 9 4 0 0
cpu0 10 1 12 50 5 0 9 1 0 0
cpu1 20 2 18 50 0 0 0 3 0 0
cpu10 7 0 0 0 0 0 0 0 0 0
intr 1 2 3
"""


@pytest.mark.parametrize(
    ("available", "pair"),
    [([0], (None, None)), ([0, 1], (1, 0)), ([2, 5, 7], (7, 2)), ([0, 1, 2, 3, 4, 5, 6, 7], (7, 0))],
)
def test_the_two_that_are_furthest_apart(available: list[int], pair: cores.Cores) -> None:
    assert cores.two(available) == pair


@pytest.mark.parametrize(("core", "ticks"), [(0, 24), (1, 43), (10, 7)])
def test_what_a_core_has_worked(core: int, ticks: int) -> None:
    assert cores.parse(STAT, core) == ticks / TICKS


def test_this_machine_says_it() -> None:
    assert cores.busy_seconds(None) >= 0
