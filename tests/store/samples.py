"""Records to store."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter.store.records import (
    CallEnded,
    CallStarted,
    LeadChanged,
    PhrasePrepared,
    Record,
    SlotValue,
    TurnEnded,
)
from callcenter.usage import Charge

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def call(number: int) -> UUID:
    return UUID(int=number << 96)


EARS = {"deepgram": Charge(seconds_heard=1.5, cost=0.25)}
MIND = {"model": Charge(tokens_in=800, tokens_out=40, cost=0.5)}
MOUTH = {"openai:speech": Charge(characters_spoken=46)}
"""What turns use: the last of somebody who has no price."""


def started(number: int, *, instance: str = "", did: str = "9000", caller: str = "+15550100") -> CallStarted:
    at = NOON + timedelta(minutes=number)
    return CallStarted(
        call=call(number), channel=f"c-{number}", caller=caller, did=did, flow="investment", instance=instance, at=at
    )


def turn(number: int, index: int, *, heard: str = "", said: str = "Hello.") -> TurnEnded:
    at = NOON + timedelta(minutes=number, seconds=index)
    timings = {"endpoint": 200.5, "recognise": 310.0}
    return TurnEnded(
        call=call(number), index=index, heard=heard, said=said, heard_by_caller=said, timings=timings, at=at
    )


def lead(number: int, status: str = "partial", **slots: Any) -> LeadChanged:
    values = {name: SlotValue(value=value, heard=str(value)) for name, value in slots.items()}
    return LeadChanged(call=call(number), status=status, slots=values, at=NOON + timedelta(minutes=number))


def ended(number: int, outcome: str = "qualified", *, recording: str | None = None) -> CallEnded:
    at = NOON + timedelta(minutes=number, hours=1)
    return CallEnded(call=call(number), outcome=outcome, reason="caller", recording=recording, at=at)


def phrase(number: int, *, flow: str = "investment", cost: float | None = 0.125) -> PhrasePrepared:
    charge = Charge(characters_spoken=40, cost=cost)
    at = NOON + timedelta(minutes=number)
    return PhrasePrepared(phrase=UUID(int=number), flow=flow, provider="openai:speech", charge=charge, at=at)


def whole(number: int, turns: int = 3) -> list[Record]:
    """A call from beginning to end; after turn i the lead's amount is i."""
    records: list[Record] = [started(number)]
    for index in range(turns):
        records += [turn(number, index), lead(number, amount=index)]
    return [*records, ended(number)]
