"""What calls use of others' services, and what that costs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

MINUTE_S = 60.0
MILLION = 1_000_000.0

HEARING = ("deepgram", "flux", "openai", "remote")
THINKING = ("model",)
TALKING = ("openai:speech", "deepgram:speech")
PROVIDERS = (*HEARING, *THINKING, *TALKING)
"""Who may have to be paid, by the names that they have in `[prices]`, in the records and on the terminal.

What this machine does itself, or takes from a cache, costs nothing and has no entry.
"""


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


Prices = Mapping[str, Price]
"""By provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of one provider."""

    seconds_heard: float = 0.0
    """Of sound that was sent, whatever came of it."""
    characters_spoken: int = 0
    """Of texts that were ordered, whether the caller heard all of them or not."""
    tokens_in: int = 0
    tokens_out: int = 0

    def __add__(self, other: Self) -> Self:
        each = {part.name: (getattr(self, part.name), getattr(other, part.name)) for part in fields(self)}
        return type(self)(**{name: _added(*values) for name, values in each.items()})

    def since(self, before: "Usage") -> "Usage":
        """What came after `before`; nothing is less than none."""
        return Usage(
            seconds_heard=max(0.0, self.seconds_heard - before.seconds_heard),
            characters_spoken=max(0, self.characters_spoken - before.characters_spoken),
            tokens_in=max(0, self.tokens_in - before.tokens_in),
            tokens_out=max(0, self.tokens_out - before.tokens_out),
        )

    def at(self, price: Price) -> float:
        """What it costs, in the price's currency."""
        return (
            self.seconds_heard / MINUTE_S * price.minute
            + self.characters_spoken / MILLION * price.million_characters
            + self.tokens_in / MILLION * price.million_tokens_in
            + self.tokens_out / MILLION * price.million_tokens_out
        )

    def as_json(self) -> dict[str, float]:
        """What is not zero; but a cost of zero is told, so that it is not taken for an unknown one."""
        return {name: value for name, value in asdict(self).items() if value or (name == "cost" and value == 0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Usage):
    """Of one provider, with what it cost at the prices of the time."""

    cost: float | None = None
    """None where the provider has no price."""


Bill = Mapping[str, Usage]
"""By provider."""

Charges = Mapping[str, Charge]
"""By provider."""

NOTHING = Usage()


class Meter:
    """Gathers what one call uses, for each turn and altogether, at the prices of the day."""

    def __init__(self, prices: Prices | None = None, into: "Meter | None" = None) -> None:
        """Whatever is added here is added to `into` as well: the meter of all calls."""
        self._prices = prices or {}
        self._into = into
        self._turn: dict[str, Charge] = {}
        self._total: dict[str, Charge] = {}
        self._counters: list[_Counter] = []

    def add(self, provider: str, usage: Usage) -> Charge:
        """`provider` was used: that, with its cost. The empty name is this machine's own, which costs nothing."""
        if not provider or usage == NOTHING:
            return Charge()
        charge = charged(provider, usage, self._prices)
        for bill in (self._turn, self._total):
            bill[provider] = bill.get(provider, Charge()) + charge
        if self._into:
            self._into.add(provider, usage)
        return charge

    def follow(self, counter: Callable[[], Bill]) -> None:
        """`counter` stands at what somebody has used altogether; how far it goes up from nothing is added."""
        self._counters.append(_Counter(read=counter))

    def turn(self) -> dict[str, Charge]:
        """What has come since this was last asked."""
        self._read()
        turn, self._turn = self._turn, {}
        return turn

    def total(self) -> dict[str, Charge]:
        """Everything so far."""
        self._read()
        return dict(self._total)

    def _read(self) -> None:
        for counter in self._counters:
            bill = dict(counter.read())
            for provider, usage in bill.items():
                self.add(provider, usage.since(counter.stood_at.get(provider, NOTHING)))
            counter.stood_at = bill


@dataclass(slots=True, kw_only=True)
class _Counter:
    read: Callable[[], Bill]
    stood_at: Bill = field(default_factory=dict)


def charged(provider: str, usage: Usage, prices: Prices) -> Charge:
    """`usage` of `provider` with what it costs."""
    price = prices.get(provider)
    return Charge(**asdict(usage), cost=usage.at(price) if price else None)


def heard(seconds: Mapping[str, float]) -> dict[str, Usage]:
    """Seconds of sound by provider, as a bill."""
    return {provider: Usage(seconds_heard=value) for provider, value in seconds.items()}


def cost_of(charges: Charges) -> float | None:
    """Of those that have a cost; None where none has."""
    costs = [charge.cost for charge in charges.values() if charge.cost is not None]
    return sum(costs) if costs else None


def as_report(charges: Charges) -> dict[str, Any]:
    """For `status`: {"providers": {name: what was used, and its cost}, "cost": their sum or None}."""
    providers = {name: charges[name].as_json() for name in sorted(charges)}
    return {"providers": providers, "cost": cost_of(charges)}


def _added(one: Any, other: Any) -> Any:
    """Of two numbers; None is none."""
    return one if other is None else other if one is None else one + other
