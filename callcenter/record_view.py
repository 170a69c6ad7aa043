"""What a terminal shows of past calls and of leads, a line each."""

from collections.abc import Sequence

from rich.console import Console

from callcenter import figures
from callcenter.display import console
from callcenter.store.queries import StoredCall, StoredLead


def calls(found: Sequence[StoredCall], out: Console = console) -> None:
    """Print past calls, a line each; what they cost, where any did."""
    columns = ("call", "when", "caller", "DID", "flow", "length", "turns", "outcome", "ended by")
    priced = any(call.cost is not None for call in found)
    table = figures.table(*columns, *["cost"] * priced)
    for call in found:
        length = figures.duration((call.ended - call.started).total_seconds()) if call.ended else "still on"
        table.add_row(
            str(call.id)[:8],
            figures.when(call.started),
            call.caller,
            call.did,
            call.flow,
            length,
            str(call.turns),
            call.outcome or "",
            call.reason or "",
            *[figures.amount(call.cost)] * priced,
        )
    out.print(table if found else "no calls yet")


def leads(found: Sequence[StoredLead], out: Console = console) -> None:
    """Print leads, a line each."""
    table = figures.table("call", "changed", "caller", "status", "slots")
    for lead in found:
        slots = {name: slot.value for name, slot in lead.slots.items()}
        table.add_row(str(lead.call)[:8], figures.when(lead.updated), lead.caller, lead.status, figures.slots(slots))
    out.print(table if found else "no leads yet")
