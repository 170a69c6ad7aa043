"""What a terminal shows of how the daemon is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from callcenter import figures
from callcenter.display import console
from callcenter.stages import STAGES
from callcenter.usage import Charge

HERE = "whisper"
"""The recogniser of this machine: by itself it is not worth a table while it is well."""
PARTS = {"listening": "listens", "recognisers": "hears", "voices": "speaks", "model": "thinks"}
"""By key of the report, what those do who may fail."""
LAGS = (("p50", "p50_ms"), ("p99", "p99_ms"), ("worst", "max_ms"))


def status(report: Mapping[str, Any], out: Console = console) -> None:
    """Print the answer to `callcenter status`."""
    out.print(drawn(report))


async def watch(ask: Callable[[], Awaitable[Mapping[str, Any]]], every_s: float = 1.0) -> None:
    """Show the status until interrupted."""
    with Live(drawn(await ask()), console=console, screen=True) as live:
        while True:
            await asyncio.sleep(every_s)
            live.update(drawn(await ask()))


def drawn(report: Mapping[str, Any]) -> RenderableType:
    """The answer to `callcenter status`."""
    process, present = report["process"], report["calls"]
    head = Text.assemble(
        ("callcenter ", "bold"),
        f"{process['version']}  up {figures.duration(process['seconds'])}  Asterisk ",
        (report["asterisk"], "green" if report["asterisk"] == "connected" else "bold red"),
        ("  draining", "yellow") if report["draining"] else "",
        _pretence(report.get("clock", {})),
    )
    table = figures.table("call", "flow", "caller", "DID", "state", "length", "lead", "slots", "last turn")
    for call in present:
        table.add_row(
            call["id"][:8],
            call["flow"],
            call["caller"],
            call["did"],
            call["state"],
            figures.duration(call["seconds"]),
            call["lead"],
            figures.slots(call["slots"]),
            figures.ms(call["latency_ms"]),
        )
    now = table if present else Text("no call at the moment")
    cost = _spent(report.get("usage", {}))
    return Group(head, Text(), now, Text(), _answers(report), _providers(report), cost, _foot(report))


def _pretence(clock: Mapping[str, Any]) -> tuple[str, str]:
    """What time the flows are made to believe it is."""
    return (f"  pretends it is {clock['now'].replace('T', ' ')}", "yellow") if clock.get("pretended") else ("", "")


def _answers(report: Mapping[str, Any]) -> RenderableType:
    """How long callers have waited for the latest answers, by stage."""
    latency = report.get("latency", {})
    names = [name for name in ("total", *STAGES) if name in latency]
    if not names:
        return Group()
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(f"{latency['turns']} answers", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for share in ("p50", "p95"):
        table.add_row(share, *(figures.ms(latency[name][share]) for name in names))
    return Group(table, Text())


def _providers(report: Mapping[str, Any]) -> RenderableType:
    """Who listens along, hears, speaks and thinks, first choice first, and how they do."""
    rows = [(part, row) for part in PARTS for row in report.get(part, ()) if _matters(part, row, report)]
    if all(row["name"] == HERE and not row.get("failed") for _, row in rows):
        return Group()
    columns = ("", "who", "state", "answered", "failed")
    table = figures.table(*columns, right=frozenset({"answered", "failed"}))
    before = ""
    for part, row in rows:
        counts = [f"{row.get(key, 0):,}" for key in ("answered", "failed")]
        does = PARTS[part] if part != before else ""
        table.add_row(does, row["name"], _state(row), *counts)
        before = part
    return Group(table, *(_last_failure(row) for _, row in rows if row.get("reason")), Text())


def _last_failure(row: Mapping[str, Any]) -> Text:
    name, reason = row["name"], row["reason"]
    return Text(f"last failure  {reason if name in reason else f'{name}: {reason}'}", style="dim")


def _matters(part: str, row: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    """Who listens along is handed whole utterances only when nobody else can hear: a row of its own if it has been."""
    along = {each["name"] for each in report.get("listening", ())}
    return part != "recognisers" or row["name"] not in along or bool(row.get("answered") or row.get("failed"))


def _state(row: Mapping[str, Any]) -> Text:
    """Of the breaker, in words; and to how many calls somebody listens."""
    match row:
        case {"state": "open"}:
            return Text(f"rests {row.get('rests_s', 0):.0f} s", style="bold red")
        case {"state": "half open"}:
            return Text("may be tried again", style="yellow")
        case {"failures": int(failures)} if failures:
            return Text(f"{failures} failed in a row", style="yellow")
    calls = row.get("calls")
    return Text("well" if calls is None else f"well, in {calls} calls", style="green")


def _spent(usage: Mapping[str, Any]) -> RenderableType:
    """What all calls since the start have used of others' services, and what that cost."""
    providers = {name: Charge(**charge) for name, charge in usage.get("providers", {}).items()}
    if not providers:
        return Group()
    priced = usage["cost"] is not None
    columns = ("used since the start", *figures.USED, *["cost"] * priced)
    table = figures.table(*columns, right=frozenset(columns[1:]))
    for name, charge in providers.items():
        table.add_row(name, *figures.used_in_columns(charge), *[figures.amount(charge.cost)] * priced)
    if priced and len(providers) > 1:
        table.add_row("all", *[""] * len(figures.USED), figures.amount(usage["cost"]))
    return Group(table, Text())


def _foot(report: Mapping[str, Any]) -> Text:
    outcomes = _counted(report["outcomes"]) or "none yet"
    media, store, process = report["media"], report["store"], report["process"]
    lags = (f"{name} {figures.ms(media[key])}" for name, key in LAGS)
    return Text(
        f"calls ended: {outcomes}\n{_flows(report.get('flows', {}))}"
        f"{_admission(report.get('admission'))}{_speech(report.get('speech'))}"
        f"loop lag {', '.join(lags)}, "
        f"late ticks {media['late']}, frames left out {media['left_out']}, "
        f"orphans removed {report['orphans_removed']}\n"
        f"database {'away, records go to the disk' if store['away'] else 'there'}: {store['written']} records stored, "
        f"{store['waiting']} waiting\n"
        f"memory {process['memory_mb']:.0f} MB, {process['files']} files, {process['tasks']} tasks",
        style="dim",
    )


def _flows(found: Mapping[str, Any]) -> str:
    """How many calls each flow has now, and what came of those before; one flow has what is said of all."""
    counts = (
        f"{flow} {count['calls']} now{f', {outcomes}' if (outcomes := _counted(count['outcomes'])) else ''}"
        for flow, count in found.items()
    )
    return f"flows: {'; '.join(counts)}\n" if len(found) > 1 else ""


def _admission(found: Mapping[str, Any] | None) -> str:
    """Whether one more call would be taken, and why others were not."""
    if not found:
        return ""
    state = "open" if found["state"] == "open" else f"closed: {found['state']}"
    return f"admission {state}; refused: {_counted(found.get('refused', {})) or 'none'}\n"


def _speech(found: Mapping[str, Any] | None) -> str:
    """What the recogniser has to do."""
    return f"recogniser {', '.join(f'{found[key]} {key}' for key in found)}\n" if found else ""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
