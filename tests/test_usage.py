"""What is used, what it costs, and the meter of a call."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.config import Price, RecogniserName
from callcenter.dialogue.model import mind
from callcenter.speech.cloud import deepgram_voice, openai_recogniser, openai_voice, remote_whisper
from callcenter.speech.voice import EngineName
from callcenter.usage import (
    HEARING,
    PROVIDERS,
    TALKING,
    THINKING,
    Charge,
    Meter,
    Usage,
    as_report,
    charged,
    cost_of,
    heard,
)

counts = st.integers(0, 10_000)
usages = st.builds(Usage, seconds_heard=counts, characters_spoken=counts, tokens_in=counts, tokens_out=counts)


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
    assert usage.at(price) == pytest.approx(expected)


def test_what_has_no_price_has_no_cost() -> None:
    known, unknown = Charge(seconds_heard=60.0, cost=0.5), Charge(tokens_in=5)
    assert cost_of({"deepgram": known, "own": unknown}) == 0.5
    assert cost_of({"own": unknown}) is None


def test_only_what_was_used_is_told() -> None:
    assert Usage(seconds_heard=1.5).as_json() == {"seconds_heard": 1.5}
    assert Charge(tokens_in=5, cost=0.0).as_json() == {"tokens_in": 5, "cost": 0.0}
    assert Charge(tokens_in=5).as_json() == {"tokens_in": 5}


PRICE = Price(minute=1, million_characters=2, million_tokens_in=3, million_tokens_out=4)
PRICES = {"deepgram": PRICE, "model": PRICE}
"""One of those that are used has none."""

things = st.lists(st.tuples(st.sampled_from(["deepgram", "model", "openai:speech", ""]), usages), max_size=8)


def test_providers_are_those_of_the_settings() -> None:
    assert set(HEARING) == set(get_args(RecogniserName)) - {"whisper"}
    assert set(TALKING) == {f"{engine}:speech" for engine in set(get_args(EngineName)) - {"piper", "espeak"}}
    assert {openai_voice.PAID, deepgram_voice.PAID} == set(TALKING)
    assert {openai_recogniser.NAME, remote_whisper.NAME} <= set(HEARING)
    assert mind.NAME in THINKING
    assert len(set(PROVIDERS)) == len(PROVIDERS)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, None, None),
        (0.5, None, 0.5),
        (None, 0.25, 0.25),
        (0.0, None, 0.0),
        (0.5, 0.25, 0.75),
    ],
)
def test_charges_are_added(one: float | None, other: float | None, both: float | None) -> None:
    added = Charge(seconds_heard=1.5, cost=one) + Charge(seconds_heard=2.0, tokens_in=3, cost=other)
    assert added == Charge(seconds_heard=3.5, tokens_in=3, cost=both)


def test_a_charge_keeps_the_price_of_its_time() -> None:
    usage = Usage(seconds_heard=60.0)
    dear, cheap = (charged("deepgram", usage, {"deepgram": Price(minute=price)}) for price in (2.0, 0.5))
    assert (dear + cheap).cost == 2.5
    assert charged("deepgram", usage, {"model": PRICE}) == Charge(seconds_heard=60.0)


@given(st.lists(things, max_size=4))
def test_the_turns_of_a_meter_are_its_total(turns: list[list[tuple[str, Usage]]]) -> None:
    everybody = Meter(PRICES)
    meter, other = Meter(PRICES, everybody), Meter(PRICES, everybody)
    bills = []
    for turn in turns:
        for provider, usage in turn:
            meter.add(provider, usage)
        bills.append(meter.turn())
    assert meter.turn() == {}
    used: dict[str, Usage] = {}
    for provider, usage in (each for turn in turns for each in turn):
        if provider and usage != Usage():
            used[provider] = used.get(provider, Usage()) + usage
    assert {provider: _usage(charge) for provider, charge in meter.total().items()} == used
    assert (cost_of(meter.total()) or 0) == pytest.approx(sum(cost_of(bill) or 0 for bill in bills))
    priced = [usage.at(PRICES[provider]) for provider, usage in used.items() if provider in PRICES]
    assert (cost_of(meter.total()) or 0) == pytest.approx(sum(priced))
    assert everybody.total() == meter.total()
    other.add("model", Usage(tokens_in=1))
    before = meter.total().get("model", Charge())
    assert everybody.total()["model"].tokens_in == before.tokens_in + 1


def _usage(charge: Charge) -> Usage:
    return charge.since(Usage())


@given(st.lists(counts))
def test_counters_are_followed(steps: list[int]) -> None:
    stands = 0
    meter = Meter(PRICES)
    meter.follow(lambda: heard({"deepgram": float(stands)}) if stands else {})
    meter.follow(lambda: {"model": Usage(tokens_in=stands, tokens_out=2 * stands)})
    bills = []
    for step in steps:
        stands += step
        bills.append(meter.turn())
    assert [bill.get("deepgram", Charge()).seconds_heard for bill in bills] == steps
    assert [bill.get("model", Charge()).tokens_out for bill in bills] == [2 * step for step in steps]
    stands += 7
    assert meter.total()["model"].tokens_in == stands
    assert meter.turn()["model"].tokens_in == 7


def test_two_counters_of_one_provider_are_followed_apart() -> None:
    seconds = iter([1.0, 3.0, 3.0, 2.0])
    meter = Meter()
    meter.follow(lambda: heard({"openai": next(seconds)}))
    meter.follow(lambda: heard({"openai": 5.0}))
    found = [meter.turn().get("openai", Charge()).seconds_heard for _ in range(4)]
    assert found == [6.0, 2.0, 0.0, 0.0]


def test_what_is_added_comes_back_with_its_cost() -> None:
    meter = Meter(PRICES)
    assert meter.add("deepgram", Usage(seconds_heard=30.0)) == Charge(seconds_heard=30.0, cost=0.5)
    assert meter.add("deepgram", Usage(seconds_heard=60.0)) == Charge(seconds_heard=60.0, cost=1.0)
    assert meter.add("openai:speech", Usage(characters_spoken=5)) == Charge(characters_spoken=5)
    assert meter.add("", Usage(characters_spoken=5)) == Charge()


def test_what_this_machine_does_itself_is_not_metered() -> None:
    meter = Meter({"": PRICE})
    meter.add("", Usage(characters_spoken=50))
    meter.add("model", Usage())
    assert (meter.turn(), meter.total()) == ({}, {})


def test_the_total_for_status() -> None:
    meter = Meter(PRICES)
    assert as_report(meter.total()) == {"providers": {}, "cost": None}
    meter.add("openai:speech", Usage(characters_spoken=50))
    assert as_report(meter.total())["cost"] is None
    meter.add("deepgram", Usage(seconds_heard=30.0))
    assert as_report(meter.total()) == {
        "providers": {"deepgram": {"seconds_heard": 30.0, "cost": 0.5}, "openai:speech": {"characters_spoken": 50}},
        "cost": 0.5,
    }
