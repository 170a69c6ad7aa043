"""What calls use of others' services, and what that costs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol, Self

MINUTE_S = 60.0
MILLION = 1_000_000.0


class Price(Protocol):
    """What a provider takes, in whatever currency; see `[prices]` in the settings."""

    @property
    def minute(self) -> float:
        """Heard."""

    @property
    def million_characters(self) -> float:
        """Spoken."""

    @property
    def million_tokens_in(self) -> float:
        """Sent to a language model."""

    @property
    def million_tokens_out(self) -> float:
        """Written by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of one provider."""

    seconds_heard: float = 0.0
    characters_spoken: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            seconds_heard=self.seconds_heard + other.seconds_heard,
            characters_spoken=self.characters_spoken + other.characters_spoken,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
        )

    def cost(self, price: Price) -> float:
        """In the price's currency."""
        return (
            self.seconds_heard / MINUTE_S * price.minute
            + self.characters_spoken / MILLION * price.million_characters
            + self.tokens_in / MILLION * price.million_tokens_in
            + self.tokens_out / MILLION * price.million_tokens_out
        )

    def as_json(self) -> dict[str, float]:
        """What is not zero."""
        return {name: value for name, value in asdict(self).items() if value}


Bill = Mapping[str, Usage]
"""By provider."""


def summed(bills: Iterable[Bill]) -> dict[str, Usage]:
    """All of them as one."""
    total: dict[str, Usage] = {}
    for bill in bills:
        for name, usage in bill.items():
            total[name] = total.get(name, Usage()) + usage
    return total


def cost(bill: Bill, prices: Mapping[str, Price]) -> float | None:
    """Of what has a price; None where nothing that was used has one."""
    costs = [usage.cost(prices[name]) for name, usage in bill.items() if name in prices]
    return sum(costs) if costs else None
