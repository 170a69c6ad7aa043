"""What calls have used of others' services and what that cost, by flow and by provider.

Phrases that were rendered beforehand are paid once, however many calls hear them: they are told apart from the calls.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record as Row

from callcenter.store.records import QUALIFIED
from callcenter.store.statements import Session
from callcenter.usage import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCosts:
    """Of all calls about one flow, those that used nothing too."""

    flow: str
    calls: int
    leads: int
    """Those that were asked for."""
    usage: Charge
    cost_per_call: float | None
    """None, as `usage.cost`, where nothing that was used had a price."""
    cost_per_lead: float | None
    """None also where there are no such leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCosts:
    """Of all calls that used one provider."""

    provider: str
    calls: int
    usage: Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseCosts:
    """Of the phrases that one provider has rendered for calls to come, each for the flow that needed it first."""

    flow: str
    provider: str
    phrases: int
    usage: Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """In the order of their names."""

    flows: list[FlowCosts]
    """Of calls."""
    providers: list[ProviderCosts]
    """Of the same calls."""
    phrases: list[PhraseCosts]
    """What no call has paid."""


_SUMS = """
    coalesce(sum(seconds_heard), 0)::float8 AS seconds_heard,
    coalesce(sum(characters_spoken), 0)::bigint AS characters_spoken,
    coalesce(sum(tokens_in), 0)::bigint AS tokens_in,
    coalesce(sum(tokens_out), 0)::bigint AS tokens_out,
    sum(charges.cost)::float8 AS cost
"""

_FLOWS = f"""
WITH counts AS (
    SELECT flow, count(*) AS calls, count(leads.call) AS leads
    FROM calls LEFT JOIN leads ON leads.call = calls.id AND leads.status = $2
    WHERE $1::timestamptz IS NULL OR started >= $1 GROUP BY flow
), sums AS (
    SELECT flow, {_SUMS} FROM charges WHERE $1::timestamptz IS NULL OR started >= $1 GROUP BY flow
)
SELECT * FROM counts LEFT JOIN sums USING (flow) ORDER BY flow
"""

_PROVIDERS = f"""
SELECT provider, count(DISTINCT call) AS calls, {_SUMS} FROM charges
WHERE $1::timestamptz IS NULL OR started >= $1 GROUP BY provider ORDER BY provider
"""

_PHRASES = """
SELECT flow, provider, count(*) AS phrases, sum(characters)::bigint AS characters_spoken, sum(cost)::float8 AS cost
FROM phrases WHERE $1::timestamptz IS NULL OR prepared >= $1 GROUP BY flow, provider ORDER BY flow, provider
"""


async def costs(session: Session, *, since: datetime | None = None, status: str = QUALIFIED) -> Costs:
    """Of calls begun and phrases prepared `since`, or ever; `status` is that of the leads that are counted."""
    flows = [_of_flow(row) for row in await session.fetch(_FLOWS, since, status)]
    providers = [_of_provider(row) for row in await session.fetch(_PROVIDERS, since)]
    phrases = [_of_phrases(row) for row in await session.fetch(_PHRASES, since)]
    return Costs(flows=flows, providers=providers, phrases=phrases)


def _of_flow(row: Row) -> FlowCosts:
    columns: dict[str, Any] = dict(row)
    flow, calls, leads = (columns.pop(name) for name in ("flow", "calls", "leads"))
    usage = Charge(**{name: value for name, value in columns.items() if value is not None})
    return FlowCosts(
        flow=flow,
        calls=calls,
        leads=leads,
        usage=usage,
        cost_per_call=_share(usage.cost, calls),
        cost_per_lead=_share(usage.cost, leads),
    )


def _of_provider(row: Row) -> ProviderCosts:
    columns: dict[str, Any] = dict(row)
    provider, calls = columns.pop("provider"), columns.pop("calls")
    return ProviderCosts(provider=provider, calls=calls, usage=Charge(**columns))


def _of_phrases(row: Row) -> PhraseCosts:
    columns: dict[str, Any] = dict(row)
    flow, provider, phrases = (columns.pop(name) for name in ("flow", "provider", "phrases"))
    return PhraseCosts(flow=flow, provider=provider, phrases=phrases, usage=Charge(**columns))


def _share(cost: float | None, count: int) -> float | None:
    return cost / count if cost is not None and count else None
