"""What a terminal shows of costs."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from callcenter import figures
from callcenter.display import console
from callcenter.store.costs import Costs, PhraseCosts


def costs(found: Costs, status: str, out: Console = console) -> None:
    """Print what calls have cost, by flow and by provider, then phrases; `status` is that of the leads counted."""
    flow_columns = ("flow", "calls", "cost", "per\ncall", f"{status}\nleads", "per\nlead", *figures.USED)
    flows = figures.table(*flow_columns, right=frozenset(flow_columns[1:]))
    for row in found.flows:
        money = [figures.amount(cost) for cost in (row.usage.cost, row.cost_per_call, row.cost_per_lead)]
        counted = (str(row.calls), money[0], money[1], str(row.leads), money[2])
        flows.add_row(row.flow, *counted, *figures.used_in_columns(row.usage))
    out.print(flows if found.flows else "no calls yet")
    provider_columns = ("provider", "calls", "cost", *figures.USED)
    providers = figures.table(*provider_columns, right=frozenset(provider_columns[1:]))
    for each in found.providers:
        used = figures.used_in_columns(each.usage)
        providers.add_row(each.provider, str(each.calls), figures.amount(each.usage.cost), *used)
    if found.providers:
        out.print()
        out.print(providers)
    if found.phrases:
        out.print()
        out.print(_bought(found.phrases))


def _bought(found: Sequence[PhraseCosts]) -> Table:
    """Phrases that no call has paid."""
    columns = ("prepared for", "by", "phrases", "cost", "characters")
    phrases = figures.table(*columns, right=frozenset(columns[2:]))
    for each in found:
        counted = (f"{each.phrases:,}", figures.amount(each.usage.cost), f"{each.usage.characters_spoken:,}")
        phrases.add_row(each.flow, each.provider, *counted)
    return phrases
