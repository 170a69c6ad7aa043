"""What a terminal shows of the benchmarks that simulated callers make."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.bench.endurance import Endurance, Sample
from callcenter.bench.loads import MOST_P95_MS, MOST_TIMES_ONE, Load, breaks_at
from callcenter.bench.politeness import MOST_STOP_MS, MOST_STOPS, BargeIns, FalseStops, at_most
from callcenter.simulation.report import CallResult

NOTHING = "-"
LABELS = {"memory_mb": "memory", "files": "files", "tasks": "tasks", "lag_p99_ms": "loop lag p99"}


def turns(
    loads: Sequence[Load], false_stops: Sequence[FalseStops], barge_ins: BargeIns | None, parts: str
) -> RenderableType:
    """Levels, false stops and interruptions, as far as they were measured."""
    drawn: list[RenderableType] = [Text(parts, style="dim")]
    if loads:
        drawn += [Text(), _levels(loads), _stages(loads), Text(), _breaking(loads)]
    if false_stops:
        drawn += [Text(), _false_stops(false_stops)]
    if barge_ins:
        drawn += [Text(), _barge_ins(barge_ins)]
    errors = [f"{call.name}: {call.error}" for load in loads for call in load.calls if call.error]
    return Group(*drawn, *(Text(error, style="red") for error in errors))


def table(title: str, *columns: str) -> Table:
    """Its first column is text, the others are figures."""
    made = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index else "left", no_wrap=True)
    return made


def ms(value: float | None) -> str:
    """Milliseconds, or a dash."""
    return NOTHING if value is None else f"{value:,.0f} ms"


def verdict(ok: bool | None, text: str) -> Text:
    """Green or red, or neither."""
    return Text(text, style={True: "green", False: "bold red", None: "dim"}[ok])


def _levels(loads: Sequence[Load]) -> Table:
    made = table(
        "so many calls at once",
        "at\nonce",
        "\nturns",
        "answer\np50",
        "\np95",
        "greeting\np95",
        "stop\np50",
        "\np95",
        "\nmissed",
        "calls\nright",
        "slots\nright",
        "words\nwrong",
        "cut\noff",
        "\nfillers",
        "\nCPU",
    )
    for load in loads:
        right, expected = load.slots
        wer, stop = load.words.rate, load.barge_ins
        made.add_row(
            str(load.at_once),
            str(len(load.latencies)),
            ms(load.p50),
            verdict(load.p95 is not None and load.p95 <= MOST_P95_MS, ms(load.p95)),
            ms(load.greeting_p95),
            ms(stop.p50),
            ms(stop.p95),
            str(stop.missed),
            f"{load.right} of {len(load.calls)}",
            f"{right} of {expected}",
            NOTHING if wer is None else f"{wer:.0%}",
            str(load.cut_off),
            str(load.fillers),
            NOTHING if load.ringing.cpu is None else f"{load.ringing.cpu:.0%}",
        )
    return made


def _stages(loads: Sequence[Load]) -> RenderableType:
    """Medians, as the daemon measured them."""
    names = list(dict.fromkeys(stage for load in loads for stage in load.stages))
    if not names:
        return Text()
    made = table("median of each stage, by the daemon's clock", "at once", *names)
    for load in loads:
        made.add_row(str(load.at_once), *(ms(load.stages.get(name)) for name in names))
    return Group(Text(), made)


def _breaking(loads: Sequence[Load]) -> Text:
    broken = breaks_at(loads)
    if broken is None:
        return verdict(True, f"p95 holds up to {loads[-1].at_once} calls at once, the most that was tried")
    limit = f"over {MOST_P95_MS:,.0f} ms, or over {MOST_TIMES_ONE:g} times that of {loads[0].at_once}"
    return verdict(broken is not loads[0], f"p95 breaks at {broken.at_once} calls at once ({limit})")


def _false_stops(found: Sequence[FalseStops]) -> Table:
    made = table(
        f"stopped for nothing (at most {MOST_STOPS:.0%})",
        "heard",
        "agent's turns",
        "paused",
        "stopped",
        "95 % sure",
        "",
    )
    for stops in found:
        share = at_most(stops.stopped, stops.turns)
        made.add_row(
            stops.name,
            str(stops.turns),
            str(stops.paused),
            verdict(stops.ok, str(stops.stopped)),
            NOTHING if share is None else f"under {share:.1%}",
            f"{stops.failed} of {stops.calls} calls failed" if stops.failed else "",
        )
    return made


def _barge_ins(found: BargeIns) -> Table:
    made = table(f"interrupted (p95 at most {MOST_STOP_MS:.0f} ms)", "", "count", "stop p50", "p95", "worst", "missed")
    made.add_row(
        "words over the agent's",
        str(len(found.stop_ms) + found.missed),
        ms(found.p50),
        verdict(found.ok, ms(found.p95)),
        ms(max(found.stop_ms, default=None)),
        str(found.missed),
    )
    return made


def soak(
    samples: Sequence[Sample], results: Sequence[CallResult], found: Endurance, seconds: float, asked_s: float
) -> RenderableType:
    """How long it ran, what the daemon was at the start and at the end, and whether it grew."""
    faults = sum(not call.ok for call in results)
    early = f" of {asked_s / 60:g}" if seconds < asked_s else ""
    ran = f"ran for {seconds / 60:.1f}{early} minutes, {len(results)} calls, {faults} not as expected"
    made = table("the daemon", "", "at the start", "at the end", "highest")
    for name, unit in (("memory_mb", " MB"), ("files", ""), ("tasks", ""), ("lag_p99_ms", " ms")):
        values = [float(getattr(sample, name)) for sample in samples]
        if values:
            made.add_row(LABELS[name], *(f"{value:,.0f}{unit}" for value in (values[0], values[-1], max(values))))
    return Group(Text(ran), Text(), made, Text(), _growth(found))


def _growth(found: Endurance) -> RenderableType:
    if found.flat is None:
        after = f"{found.samples} samples after {found.warm_up_s:.0f} s of warm-up"
        return Text(f"too short to tell whether it grows: {after}", style="yellow")
    per_call = "" if found.mb_per_100_calls is None else f", {found.mb_per_100_calls:+.2f} MB per 100 calls"
    line = (
        f"memory {found.memory_first_mb:.1f} → {found.memory_last_mb:.1f} MB (medians of the first and the last third "
        f"after {found.warm_up_s:.0f} s of warm-up; {found.allowed_mb:.1f} MB more are allowed), "
        f"files {found.files_grew:+.0f}"
    )
    slope = f"a straight line through it: {found.mb_per_hour:+.1f} MB per hour{per_call}"
    return Group(verdict(found.flat, "flat" if found.flat else "it grows"), Text(line), Text(slope))
