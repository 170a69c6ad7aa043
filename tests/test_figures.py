"""How amounts look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter import figures
from callcenter.usage import Charge


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (0.0, "0"),
        (1, "1"),
        (0.5, "0.5"),
        (12.30, "12.3"),
        (0.0123456, "0.01235"),
        (12.3456, "12.35"),
        (99.996, "100"),
        (0.99996, "1"),
        (1234.56, "1,235"),
        (9999.6, "10,000"),
        (123456, "123,500"),
        (100, "100"),
        (1234567, "1,235,000"),
        (0.00000123456, "0.000001235"),
        (-0.5, "-0.5"),
    ],
)
def test_amounts(value: float | None, text: str) -> None:
    assert figures.amount(value) == text


@given(st.floats(1e-9, 1e12))
def test_an_amount_is_near_its_value_with_four_digits_at_most(value: float) -> None:
    text = figures.amount(value).replace(",", "")
    assert float(text) == pytest.approx(value, rel=0.00051)
    assert len(text.replace(".", "").strip("0")) <= figures.SIGNIFICANT


@pytest.mark.parametrize(
    ("charge", "text"),
    [
        (Charge(seconds_heard=3.2, cost=0.0003), "x 3.2 s (0.0003)"),
        (Charge(characters_spoken=46), "x 46 characters"),
        (Charge(tokens_in=812, tokens_out=40, cost=0.0), "x 812 tokens in, 40 out (0)"),
    ],
)
def test_what_was_used(charge: Charge, text: str) -> None:
    assert figures.used({"x": charge}) == text


def test_what_was_used_of_several() -> None:
    assert figures.used({"b": Charge(tokens_out=1), "a": Charge(seconds_heard=61.5)}) == "a 61.5 s; b 1 out"
    assert figures.used({}) == ""
