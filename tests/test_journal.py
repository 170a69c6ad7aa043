"""What the store and those who look on are told of a call's usage."""

from typing import Any
from uuid import UUID

import pytest

from callcenter.journal import Journal
from callcenter.store.records import CallEnded, Record, TurnEnded
from callcenter.usage import Charge

CALL = UUID(int=7)
WORDS: dict[str, Any] = {"heard": "", "said": "Hello.", "heard_by_caller": "Hello.", "state": "", "sentiment": ""}
USAGE = {"model": Charge(tokens_in=812, cost=0.5), "openai:speech": Charge(characters_spoken=6)}


@pytest.mark.parametrize(
    ("usage", "told", "cost"),
    [
        (USAGE, {"model": {"tokens_in": 812, "cost": 0.5}, "openai:speech": {"characters_spoken": 6}}, 0.5),
        ({}, {}, None),
    ],
)
def test_usage_is_stored_and_told(usage: dict[str, Charge], told: dict[str, Any], cost: float | None) -> None:
    stored: list[Record] = []
    events: list[dict[str, Any]] = []
    journal = Journal(CALL, "+15550100", stored.append, events.append)
    journal.turn(0, timings={"total": 20.04}, usage=usage, **WORDS)
    journal.ended("qualified", "agent", usage)
    match stored:
        case [TurnEnded(usage=of_turn, timings=timings), CallEnded(usage=of_call)]:
            assert (of_turn, of_call, timings) == (usage, usage, {"total": 20.0})
        case _:
            pytest.fail(f"stored {stored}")
    assert [(event["event"], event.get("usage"), event.get("cost")) for event in events] == [
        ("turn", told, None),
        ("end", None, cost),
    ]


def test_without_usage_as_with_none() -> None:
    stored: list[Record] = []
    journal = Journal(CALL, "", stored.append, lambda event: None)
    journal.turn(0, timings={}, **WORDS)
    journal.ended("hung_up", "caller")
    assert [record.usage for record in stored if isinstance(record, TurnEnded | CallEnded)] == [{}, {}]
