import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.config import Price
from callcenter.usage import Usage, cost, summed

counts = st.integers(0, 10_000)
usages = st.builds(Usage, seconds_heard=counts, characters_spoken=counts, tokens_in=counts, tokens_out=counts)
bills = st.dictionaries(st.sampled_from(["deepgram", "model", "openai:speech"]), usages)


@pytest.mark.parametrize(
    ("usage", "price", "expected"),
    [
        (Usage(seconds_heard=90.0), Price(minute=0.006), 0.009),
        (Usage(characters_spoken=2000), Price(million_characters=15), 0.03),
        (Usage(tokens_in=10_000, tokens_out=500), Price(million_tokens_in=0.4, million_tokens_out=1.6), 0.0048),
        (Usage(seconds_heard=90.0), Price(million_characters=15), 0.0),
    ],
)
def test_what_is_used_costs(usage: Usage, price: Price, expected: float) -> None:
    assert usage.cost(price) == pytest.approx(expected)


def test_what_has_no_price_has_no_cost() -> None:
    bill = {"deepgram": Usage(seconds_heard=60.0), "own": Usage(tokens_in=5)}
    assert cost(bill, {"deepgram": Price(minute=0.5)}) == pytest.approx(0.5)
    assert cost(bill, {}) is None


@given(st.lists(bills, max_size=5))
def test_a_sum_of_bills_costs_what_they_cost(each: list[dict[str, Usage]]) -> None:
    price = Price(minute=1, million_characters=2, million_tokens_in=3, million_tokens_out=4)
    prices = {"deepgram": price, "model": price, "openai:speech": price}
    assert (cost(summed(each), prices) or 0) == pytest.approx(sum(cost(bill, prices) or 0 for bill in each))


def test_only_what_was_used_is_told() -> None:
    assert Usage(seconds_heard=1.5).as_json() == {"seconds_heard": 1.5}
