"""When silence is left out so that Asterisk catches up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.surplus import MOST, Surplus


def spared(came: list[int], acknowledged: list[int] | None = None) -> int:
    """How many frames of silence are left out after ticks in which so many frames came, and were acknowledged."""
    surplus = Surplus()
    for frames, acks in zip(came, acknowledged or [1] * len(came), strict=True):
        surplus.came(frames)
        surplus.sent(acks)
    count = 0
    while surplus.spare():
        count += 1
    return count


STEADY = [1] * 20


@pytest.mark.parametrize(
    ("came", "count"),
    [
        (STEADY, 0),
        ([0, 2] * 20, 0),
        ([0, 0, 3] * 20, 0),
        (STEADY + [0] * 15 + [16] + STEADY, 15),
        (STEADY + [0] * 15 + [4, 8, 4] + STEADY, 13),
        (STEADY + [0] * 5 + [6] + STEADY, 5),
        (STEADY + [0] * 60 + [61] + STEADY, MOST),
        (STEADY + [0] * 200 + STEADY, 0),
        (STEADY + [0] * 200, 0),
        ([*STEADY, 15, *STEADY], 0),
        (STEADY + [0] * 15 + [16] + STEADY + [0] * 10 + [11] + STEADY, 15),
    ],
    ids=[
        "steady",
        "by twos",
        "by threes",
        "a stall",
        "which ends in pieces",
        "a short one",
        "a long one",
        "a phone that sends nothing for a while",
        "or for good",
        "a stall of ours",
        "a second one adds nothing",
    ],
)
def test_what_comes_tells_of_a_stall(came: list[int], count: int) -> None:
    assert spared(came) == count


@pytest.mark.parametrize(
    ("acknowledged", "count"),
    [([2, 0] * 10, 0), ([3, 0, 0] * 10, 0), ([0] * 10 + [10] + [1] * 10, 9), ([0] * 40 + [40], MOST)],
    ids=["two at a time", "three at a time", "a stall", "a long one"],
)
def test_so_do_acknowledgements(acknowledged: list[int], count: int) -> None:
    assert spared([1] * len(acknowledged), acknowledged) == count


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_never_more_than_asterisk_keeps(ticks: list[tuple[int, int]]) -> None:
    assert 0 <= spared([came for came, _ in ticks], [acks for _, acks in ticks]) <= MOST
