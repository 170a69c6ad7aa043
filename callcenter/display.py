"""What a terminal shows of the daemon's state and of the records."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from callcenter.doctor import Finding
from callcenter.simulation import live
from callcenter.store.queries import StoredCall, StoredLead, StoredTurn, Transcript

console = Console() if sys.stdout.isatty() else Console(width=200)


def status(report: Mapping[str, Any]) -> None:
    """Print the answer to `callcenter status`."""
    console.print(_status(report))


async def watch(ask: Callable[[], Awaitable[Mapping[str, Any]]], every_s: float = 1.0) -> None:
    """Show the status until interrupted."""
    with Live(_status(await ask()), console=console, screen=True) as live:
        while True:
            await asyncio.sleep(every_s)
            live.update(_status(await ask()))


def calls(found: Sequence[StoredCall]) -> None:
    """Print past calls, a line each."""
    table = _table("call", "when", "caller", "DID", "flow", "length", "turns", "outcome", "ended by")
    for call in found:
        length = _duration((call.ended - call.started).total_seconds()) if call.ended else "still on"
        table.add_row(
            str(call.id)[:8],
            _when(call.started),
            call.caller,
            call.did,
            call.flow,
            length,
            str(call.turns),
            call.outcome or "",
            call.reason or "",
        )
    console.print(table if found else "no calls yet")


def leads(found: Sequence[StoredLead]) -> None:
    """Print leads, a line each."""
    table = _table("call", "changed", "caller", "status", "slots")
    for lead in found:
        slots = {name: slot.value for name, slot in lead.slots.items()}
        table.add_row(str(lead.call)[:8], _when(lead.updated), lead.caller, lead.status, _slots(slots))
    console.print(table if found else "no leads yet")


def transcript(found: Transcript) -> None:
    """Print one call: who, what was said, how long each answer took and why, and the lead."""
    calls([found.call])
    for turn in found.turns:
        console.print()
        if turn.heard:
            console.print(Text.assemble(("caller  ", "cyan"), turn.heard))
        console.print(Text.assemble(("agent   ", "green"), _said(turn)))
        stages = ", ".join(f"{stage} {turn.timings[stage]:.0f}" for stage in live.STAGES if stage in turn.timings)
        console.print(Text.assemble("        ", live.bar(turn.timings), (f"   {stages}", "dim")))
    if found.lead:
        console.print()
        leads([found.lead])


def models(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models and whether they are there."""
    table = _table("model", "state", "size", "licence", "what it is")
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


def _status(report: Mapping[str, Any]) -> RenderableType:
    process, present = report["process"], report["calls"]
    head = Text.assemble(
        ("callcenter ", "bold"),
        f"{process['version']}  up {_duration(process['seconds'])}  Asterisk ",
        (report["asterisk"], "green" if report["asterisk"] == "connected" else "bold red"),
        ("  draining", "yellow") if report["draining"] else "",
    )
    table = _table("call", "caller", "DID", "state", "length", "lead", "slots", "last turn")
    for call in present:
        table.add_row(
            call["id"][:8],
            call["caller"],
            call["did"],
            call["state"],
            _duration(call["seconds"]),
            call["lead"],
            _slots(call["slots"]),
            _ms(call["latency_ms"]),
        )
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(report["outcomes"].items())) or "none yet"
    media, store = report["media"], report["store"]
    foot = Text(
        f"calls ended: {outcomes}\n"
        f"loop lag p50 {_ms(media['p50_ms'])}, p99 {_ms(media['p99_ms'])}, worst {_ms(media['max_ms'])}, "
        f"late frames {media['late']}, "
        f"orphans removed {report['orphans_removed']}\n"
        f"database {'away, records go to the disk' if store['away'] else 'there'}: {store['written']} records stored, "
        f"{store['waiting']} waiting\n"
        f"memory {process['memory_mb']:.0f} MB, {process['files']} files, {process['tasks']} tasks",
        style="dim",
    )
    return Group(head, Text(), table if present else Text("no call at the moment"), Text(), foot)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column in {"length", "last turn", "turns"} else "left"
        table.add_column(column, justify=justify, no_wrap=column not in {"slots", "what it is"})
    return table


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _slots(slots: Mapping[str, Any]) -> str:
    return "  ".join(f"{name}: {live.shown(value)}" for name, value in slots.items())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} ms"
