"""One simulated call in full, after it: turn by turn what was said and heard, and the lead beside the expected one."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.figures import shown
from callcenter.simulation.report import CallResult, TurnResult


def details(call: CallResult) -> RenderableType:
    """For a terminal or a file."""
    if call.error:
        return Text.assemble((call.name, "bold"), f"  {call.error}")
    return Group(Text(call.name, style="bold"), _turns(call), Text(), _lead(call), Text())


def _turns(call: CallResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("answer", justify="right", no_wrap=True)
    for heading in ("agent", "caller", "heard"):
        table.add_column(heading, ratio=1)
    waits = [call.greeting_ms, *(turn.latency_ms for turn in call.turns)]
    for wait, turn in zip(waits, call.turns, strict=False):
        table.add_row("" if wait is None else f"{wait:.0f} ms", turn.agent, turn.caller, _heard(turn))
    return table


def _heard(turn: TurnResult) -> Text:
    return Text(turn.heard, style="" if turn.heard.strip(" .") == turn.caller.strip(" .") else "yellow")


def _lead(call: CallResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("slot", "lead", "expected"):
        table.add_column(heading)
    found = call.lead["slots"]
    for slot in dict.fromkeys((*call.expected_slots, *found)):
        style = "red" if slot in call.wrong else "green" if slot in call.expected_slots else ""
        expected = shown(call.expected_slots[slot]) if slot in call.expected_slots else ""
        table.add_row(slot, Text(shown(found.get(slot)), style=style), expected)
    outcome = Text(call.outcome or "?", style="green" if call.ok else "red")
    table.add_row("outcome", outcome, call.expected_outcome)
    return table
