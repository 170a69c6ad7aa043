"""What came of simulated calls, in the end: call by call, flow by flow, language by language."""

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.figures import shown
from callcenter.latency import percentiles
from callcenter.simulation import tally
from callcenter.simulation.report import CallResult, Report
from callcenter.simulation.tally import Tally


def summary(report: Report) -> RenderableType:
    """What came of all calls, for a terminal or a file."""
    table = Table(box=None)
    table.add_column("caller")
    table.add_column("outcome", no_wrap=True)
    for heading in ("slots", "greeting", "p50", "p95", "words wrong"):
        table.add_column(heading, justify="right", no_wrap=True)
    for call in report.calls:
        table.add_row(Text(call.name), _outcome(call), *_figures(call))
    faults = (_fault(call) for call in report.calls if not call.ok or call.stuck or call.wrong)
    return Group(table, Text(), *faults, *_tallies(report), _conclusion(report))


def _tallies(report: Report) -> list[RenderableType]:
    """Nothing where all calls were about the same: then the conclusion says it."""
    by_flow, by_language = tally.by_flow(report.calls), tally.by_language(report.calls)
    if len(by_flow) < 2:
        return []
    tables = [_tally("flow", by_flow)] + ([_tally("language", by_language)] if len(by_language) > 1 else [])
    return [Columns(tables, padding=(0, 6)), Text()]


def _tally(heading: str, rows: Sequence[Tally]) -> Table:
    table = Table(heading, box=None, pad_edge=False)
    for name in ("outcomes right", "stuck", "slots right"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        stuck = Text(str(row.stuck), style="bold red" if row.stuck else "")
        outcomes, slots = f"{row.right} of {row.calls}", f"{row.slots_right} of {row.slots_total}"
        table.add_row(row.of or "the usual one", outcomes, stuck, slots)
    return table


def _outcome(call: CallResult) -> Text:
    if call.error:
        return Text("failed", style="bold red")
    return Text(call.outcome or "?", style="green" if call.ok else "bold red")


def _figures(call: CallResult) -> list[str]:
    latency = percentiles(call.latencies)
    wer = call.words.rate
    return [
        f"{call.slots_right} of {call.slots_total}",
        _ms(call.greeting_ms),
        _ms(latency["p50"]),
        _ms(latency["p95"]),
        "" if wer is None else f"{wer:.0%}",
    ]


def _fault(call: CallResult) -> Text:
    if call.error:
        return Text.assemble((f"{call.name}: ", "bold"), call.error)
    found = call.lead["slots"]
    wrong = [f"{slot} is {shown(found.get(slot))}, not {shown(call.expected_slots[slot])}" for slot in call.wrong]
    ending = [] if call.ok else [f"ended as {call.outcome}, not {call.expected_outcome}"]
    ending += [f"stuck: ended by {call.ended_by}"] if call.stuck else []
    return Text.assemble((f"{call.name}: ", "bold"), "; ".join(ending + wrong))


def _conclusion(report: Report) -> RenderableType:
    latency = percentiles(report.latencies)
    left = ", ".join(f"{count} {name}" for name, count in report.left.items()) or "not looked for"
    good = Text("all as expected", style="bold green") if report.ok else Text("not as expected", style="bold red")
    figures = (
        f"{report.slots_right} of {report.slots_total} slots right",
        f"answers after {_ms(latency['p50'])} (p50), {_ms(latency['p95'])} (p95)",
        f"left behind: {left}",
    )
    return Columns([good, *figures], padding=(0, 3))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
