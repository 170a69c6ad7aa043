"""What a terminal shows of the daemon's state and of the records."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from callcenter import figures, status_view
from callcenter.doctor import Finding
from callcenter.latency import percentiles
from callcenter.stages import STAGES
from callcenter.store.costs import Costs, PhraseCosts
from callcenter.store.queries import StoredCall, StoredLead, StoredTurn, Transcript

console = Console() if sys.stdout.isatty() else Console(width=200)

SPEAKER = 8
"""Characters of who speaks; what else belongs to a turn is indented as far."""
STAGE = 11
FIGURE = 10
"""Characters of a stage's name and of its milliseconds."""
WIDEST_BAR = 60
NARROWEST_BAR = 4


def status(report: Mapping[str, Any], out: Console = console) -> None:
    """Print the answer to `callcenter status`."""
    out.print(status_view.drawn(report))


async def watch(ask: Callable[[], Awaitable[Mapping[str, Any]]], every_s: float = 1.0) -> None:
    """Show the status until interrupted."""
    with Live(status_view.drawn(await ask()), console=console, screen=True) as live:
        while True:
            await asyncio.sleep(every_s)
            live.update(status_view.drawn(await ask()))


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


def transcript(found: Transcript, out: Console = console) -> None:
    """Print one call: who, what was said, how long each answer took and why, and the lead."""
    calls([found.call], out)
    for figure in _figures(found):
        out.print(figure, soft_wrap=True, highlight=False)
    span = max((_span(turn.timings) for turn in found.turns), default=0.0)
    for turn in found.turns:
        out.print()
        if turn.heard:
            mood = f"  {turn.sentiment}" if turn.sentiment not in {"", "neutral"} else ""
            out.print(Text.assemble(("caller  ", "cyan"), turn.heard, (mood, "dim")))
        out.print(Text.assemble(("agent   ", "green"), _said(turn), (f"  {turn.state}" if turn.state else "", "dim")))
        for row in waterfall(turn.timings, span, out):
            out.print(row, no_wrap=True, overflow="crop")
        if turn.usage:
            out.print(Text(f"{'':{SPEAKER}}{figures.used(turn.usage)}", style="dim"), soft_wrap=True)
    if found.lead:
        out.print()
        leads([found.lead], out)


def _figures(found: Transcript) -> Iterator[Text]:
    """What is true of the whole call: how long its answers took, what it used, and where it can be listened to."""
    answers = [turn.timings["total"] for turn in found.turns if {"endpoint", "total"} <= turn.timings.keys()]
    if answers:
        typical = percentiles(answers)
        shares = f"  {len(answers)}: p50 {figures.ms(typical['p50'])}, p95 {figures.ms(typical['p95'])}"
        yield Text.assemble(("answers", "bold"), shares)
    if found.call.usage:
        yield Text.assemble(("used", "bold"), f"     {figures.used(found.call.usage)}")
    if found.call.cost is not None:
        yield Text.assemble(("cost", "bold"), f"     {figures.amount(found.call.cost)}")
    if found.call.recording:
        yield Text.assemble(("recording", "bold"), f"  {found.call.recording}")


def waterfall(timings: Mapping[str, float], span: float, out: Console) -> Iterator[Text]:
    """An answer's stages, a row each, from where the one before ended; then their sum, and what is beside them.

    `span` milliseconds are as wide as the bars can be.
    """
    wide = max(NARROWEST_BAR, min(WIDEST_BAR, out.width - SPEAKER - STAGE - FIGURE))
    full, thin, line, mark = "#|-*" if out.options.ascii_only else "█▏─◆"

    def column(ms: float) -> int:
        return round(ms / span * wide)

    def row(name: str, bar: str, ms: float, style: str) -> Text:
        return Text.assemble(f"{'':{SPEAKER}}{name:{STAGE}}", (bar.ljust(wide), style), f"{figures.ms(ms):>{FIGURE}}")

    reached = 0.0
    for stage, colour in STAGES.items():
        start, reached = reached, reached + timings.get(stage, 0.0)
        if _shows(reached - start):
            bar = full * (column(reached) - column(start)) or thin
            yield row(stage, " " * min(column(start), wide - 1) + bar, reached - start, colour)
    if _shows(ms := timings.get("total", 0.0)):
        yield row("total", line * column(ms) or thin, ms, "bold")
    if _shows(ms := timings.get("filler", 0.0)):
        yield row("filler", " " * min(column(ms), wide - 1) + mark, ms, "yellow")


def _shows(ms: float) -> bool:
    """Whether it is any time at all, as milliseconds are shown."""
    return ms >= 0.5


def _span(timings: Mapping[str, float]) -> float:
    """How much an answer's rows have to have room for."""
    stages = sum(timings.get(stage, 0.0) for stage in STAGES)
    return max(stages, timings.get("total", 0.0), timings.get("filler", 0.0))


def models(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models and whether they are there."""
    table = figures.table("model", "state", "size", "licence", "what it is")
    for row in rows:
        style = "green" if row["condition"] == "ready" else "yellow"
        size = f"{row['bytes'] / 1e6:.0f} MB"
        table.add_row(row["name"], Text(row["condition"], style=style), size, row["licence"], row["about"])
    console.print(table)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each model that is brought, told of its name, the bytes brought and the bytes to bring."""
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            task = tasks[name] if name in tasks else tasks.setdefault(name, bars.add_task(name, total=total))
            bars.update(task, completed=done)

        yield show


def _said(turn: StoredTurn) -> Text:
    """What was said; what the caller did not get to hear of it is struck out."""
    rest = turn.said.removeprefix(turn.heard_by_caller)
    return Text.assemble(turn.said[: len(turn.said) - len(rest)], (rest, "dim strike"))


def finding(found: Finding) -> None:
    """Print one of the doctor's findings."""
    mark, style = ("ok", "green") if found.ok else ("!!", "bold red")
    console.print(Text.assemble((f"{mark}  ", style), (f"{found.name:16}", "bold"), found.found), highlight=False)
    if not found.ok:
        console.print(Text(f"{'':20}what to do: {found.advice}", style="yellow"), highlight=False)
