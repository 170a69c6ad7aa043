"""The nearest meaning, and its lead over the next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.classify.nearest import Examples, Floats


def unit(angle: float) -> Floats:
    """A vector in the plane, by its angle in degrees."""
    return np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))], np.float32)


def examples(*groups: list[float]) -> Examples:
    return Examples.of([[unit(angle) for angle in group] for group in groups])


@pytest.mark.parametrize(
    ("angle", "meaning", "likeness", "margin"),
    [
        (0, 0, (1 + (1 + 0.5) / 2) / 2, 0.875),  # the other meaning is at a right angle
        (30, 0, 0.86603, 0.36603),
        (80, 1, 0.98481, 0.23663),
        (150, 1, 0.5, 0.71651),
    ],
)
def test_the_nearest_and_its_lead(angle: float, meaning: int, likeness: float, margin: float) -> None:
    found = examples([0, 60], [90]).nearest(unit(angle))
    assert found.meaning == meaning
    assert found.likeness == pytest.approx(likeness, abs=1e-4)
    assert found.margin == pytest.approx(margin, abs=1e-4)


def test_many_examples_that_are_near_count_more_than_one_beside_a_stray() -> None:
    found = examples([0, 180], [12, 14, 16]).nearest(unit(5))
    assert found.meaning == 1


def test_one_meaning_alone_has_no_rival() -> None:
    found = examples([0, 10]).nearest(unit(60))
    assert found.margin == pytest.approx(found.likeness)


@given(st.lists(st.lists(st.floats(0, 360), min_size=1, max_size=5), min_size=1, max_size=5), st.floats(0, 360))
def test_likeness_and_margin_stay_within_bounds(groups: list[list[float]], angle: float) -> None:
    found = examples(*groups).nearest(unit(angle))
    assert 0 <= found.meaning < len(groups)
    assert -1.001 <= found.likeness <= 1.001
    assert 0 <= found.margin <= 2.002
    likely = [max(np.cos(np.radians(angle - one)) for one in group) for group in groups]
    assert found.likeness <= max(likely) + 1e-3
