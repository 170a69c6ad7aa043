"""Shares, their confidence, and what is said of the difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from callcenter.workshop import drawing
from callcenter.workshop.compare import Share, compare, difference


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # The first three as in Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718), (0, 20, 0.0, 0.1611), (0, 0, 0, 1)],
)
def test_wilson(count: int, total: int, low: float, high: float) -> None:
    assert Share(count, total).interval == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # As in Newcombe (1998), "Interval estimation for the difference between independent proportions", table II.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombe(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    assert difference(Share(*one), Share(*other)) == pytest.approx((low, high), abs=1e-4)


@given(total=st.integers(1, 5000), data=st.data())
def test_the_share_lies_in_its_interval(total: int, data: st.DataObject) -> None:
    share = Share(data.draw(st.integers(0, total)), total)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1


COUNTED = [
    ("", "qualified", 20),
    ("", "refused", 80),
    ("warm", "qualified", 50),
    ("warm", "refused", 49),
    ("warm", "busy", 1),
]


def test_variants_against_the_flows_own_words() -> None:
    found = compare("energy", COUNTED)
    own, warm = found.arms
    assert (own.variant, own.calls, warm.variant, warm.calls) == ("", 100, "warm", 100)
    assert found.outcomes == ["refused", "qualified", "busy"]
    apart = found.against_own(warm, "qualified")
    assert apart is not None
    assert 0.15 < apart[0] < 0.3 < apart[1] < 0.45
    assert found.against_own(own, "qualified") is None
    busy = found.against_own(warm, "busy")
    assert busy is not None
    assert busy[0] <= 0 <= busy[1]
    written = found.as_json()
    assert written["variants"][1]["outcomes"]["qualified"]["share"] == 0.5
    assert written["variants"][0]["outcomes"]["qualified"]["more_than_own"] is None


def test_what_is_shown() -> None:
    console = Console(width=120, record=True, force_terminal=True, color_system="standard")
    with console.capture() as shown:
        console.print(drawing.comparison(compare("energy", COUNTED)))
    text = shown.get()
    assert "its own words" in text
    assert "50% (40% to 60%)" in text
    assert "\x1b[32m50%" in text, "more qualified for sure"
    assert "\x1b[31m49%" in text, "fewer refused for sure"


def test_no_calls_yet() -> None:
    assert str(drawing.comparison(compare("energy", []))) == "no call of energy has ended yet"
