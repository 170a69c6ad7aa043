"""What a terminal shows of one call."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.text import Text

from callcenter import figures, record_view
from callcenter.display import console
from callcenter.latency import percentiles
from callcenter.stages import STAGES
from callcenter.store.queries import StoredTurn, Transcript

SPEAKER = 8
"""Characters of who speaks; what else belongs to a turn is indented as far."""
STAGE = 11
FIGURE = 10
"""Characters of a stage's name and of its milliseconds."""
WIDEST_BAR = 60
NARROWEST_BAR = 4


def transcript(found: Transcript, out: Console = console) -> None:
    """Print one call: who, what was said, how long each answer took and why, and the lead."""
    record_view.calls([found.call], out)
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
        record_view.leads([found.lead], out)


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


def _said(turn: StoredTurn) -> Text:
    """What was said; what the caller did not get to hear of it is struck out."""
    rest = turn.said.removeprefix(turn.heard_by_caller)
    return Text.assemble(turn.said[: len(turn.said) - len(rest)], (rest, "dim strike"))
