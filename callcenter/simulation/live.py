"""Simulated calls on a terminal: the transcript as it happens, the lead filling in, each answer's latency by stage.

Where there is no terminal, the same as plain lines.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from callcenter.figures import shown
from callcenter.simulation.happenings import (
    AgentSays,
    Answered,
    Audience,
    CallerSays,
    Dialled,
    Happening,
    Heard,
    LeadIs,
    Over,
    Timed,
)
from callcenter.simulation.report import CallResult
from callcenter.stages import STAGES

PANELS = 2
"""With more calls than this, each is a line of a table."""
TALLEST_PANEL = 26
SHORTEST_PANEL = 10
FRAME_LINES = 4
"""A panel's border and the space within it."""
LABEL = 8
"""Characters of who speaks."""
TURNS = 6
"""Whose latency is shown."""
REFRESHES_PER_SECOND = 8
BAR_MS = 60
"""One character of a bar."""

STATUS_STYLES = {"qualified": "bold green", "callback": "green", "refused": "yellow", "partial": "yellow"}


@contextmanager
def audience(console: Console, calls: int) -> Iterator[Audience]:
    """Shows `calls` calls on `console` while the block runs."""
    if not console.is_terminal:
        yield Lines(console)
        return
    stage = Stage(calls)
    with Live(stage, console=console, refresh_per_second=REFRESHES_PER_SECOND):
        yield stage


class Lines:
    """One line for each happening."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def see(self, call: int, happening: Happening) -> None:
        """Print it."""
        line = described(happening)
        self._console.print(Text(f"{call + 1:>3}  {line}"), soft_wrap=True, highlight=False)


def described(happening: Happening) -> str:
    """In words."""
    match happening:
        case Dialled(name=name, caller=number):
            return f"{name} calls from {number}"
        case Answered():
            return "answered"
        case AgentSays(text=text):
            return f"agent   {text}"
        case CallerSays(text=text, interrupting=interrupting):
            return f"caller  {text}{' (interrupts)' if interrupting else ''}"
        case Heard(text=text):
            return f"heard   {text}"
        case LeadIs(status=status, slots=slots):
            return f"lead    {status}: {', '.join(f'{name} {shown(value)}' for name, value in slots.items())}"
        case Timed(timings=timings):
            stages = [stage for stage in (*STAGES, "total") if stage in timings]
            return f"took    {', '.join(f'{stage} {timings[stage]:.0f} ms' for stage in stages)}"
        case Over(result=result):
            return f"over    {verdict(result)}"


def verdict(result: CallResult) -> str:
    """How a call ended, in a few words."""
    if result.error:
        return result.error
    slots = f", {result.slots_right} of {result.slots_total} slots right" if result.slots_total else ""
    expected = "" if result.ok else f", not {result.expected_outcome}"
    return f"{result.outcome}{expected}{slots}"


@dataclass(slots=True)
class Scene:
    """One call, as far as it has come."""

    name: str = ""
    number: str = ""
    state: str = "waiting"
    transcript: list[Text] = field(default_factory=list)
    status: str = "new"
    wants: tuple[str, ...] = ()
    slots: dict[str, Any] = field(default_factory=dict)
    timings: list[dict[str, float]] = field(default_factory=list)
    result: CallResult | None = None

    def see(self, happening: Happening) -> None:
        """Add it."""
        match happening:
            case Dialled(name=name, caller=number, wants=wants):
                self.name, self.number, self.wants, self.state = name, number, wants, "ringing"
            case Answered():
                self.state = "talking"
            case AgentSays(text=text):
                self.transcript.append(Text.assemble(("agent   ", "bold cyan"), text))
            case CallerSays(text=text, interrupting=interrupting):
                mark = (" interrupts", "italic yellow") if interrupting else ""
                self.transcript.append(Text.assemble(("caller  ", "bold green"), text, mark))
            case Heard(text=text):
                self.transcript.append(Text.assemble(("  heard ", "dim"), (text, "dim italic")))
            case LeadIs(status=status, slots=slots):
                self.status, self.slots = status, slots
            case Timed(timings=timings):
                if any(timings.get(stage) for stage in STAGES):
                    self.timings.append(timings)
            case Over(result=result):
                self.state, self.result = "over", result

    @property
    def style(self) -> str:
        """Of its frame."""
        if self.result:
            return "green" if self.result.ok else "red"
        return "cyan" if self.state == "talking" else "dim"


class Stage:
    """All calls; a rich renderable that is drawn anew several times a second."""

    def __init__(self, calls: int) -> None:
        self._scenes = [Scene() for _ in range(calls)]

    def see(self, call: int, happening: Happening) -> None:
        """Show it at the next refresh."""
        self._scenes[call].see(happening)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What is on the screen."""
        if len(self._scenes) > PANELS:
            yield _table(self._scenes)
            return
        height = max(SHORTEST_PANEL, min(TALLEST_PANEL, (console.height - 1) // len(self._scenes)))
        for scene in self._scenes:
            yield _panel(scene, console, options.max_width, height)


def _panel(scene: Scene, console: Console, width: int, height: int) -> Panel:
    talk_width = max(20, width * 3 // 5 - 6)
    talk = scene.transcript or [Text(scene.state, style="dim")]
    lines = [line for text in talk for line in _hanging(text, console, talk_width)][-(height - FRAME_LINES) :]
    body = Table.grid(padding=(0, 2))
    body.add_column(width=talk_width)
    body.add_column()
    body.add_row(Text("\n").join(lines), Group(_lead(scene), Text(), _bars(scene.timings[-TURNS:])))
    subtitle = Text(verdict(scene.result), style=scene.style) if scene.result else Text(scene.state)
    title = Text.assemble((scene.name or "a caller", "bold"), f"  {scene.number}")
    return Panel(body, title=title, subtitle=subtitle, border_style=scene.style, padding=(1, 2), height=height)


def _hanging(text: Text, console: Console, width: int) -> list[Text]:
    """`text` as lines, those after the first indented as far as its words are."""
    first, *rest = text[LABEL:].wrap(console, width - LABEL) or [Text()]
    return [text[:LABEL] + first, *(Text(" " * LABEL) + line for line in rest)]


def _lead(scene: Scene) -> RenderableType:
    """The slots that are wanted, and what is known of them."""
    rows = Table.grid(padding=(0, 2))
    rows.add_row(Text("lead", style="bold"), Text(scene.status, style=STATUS_STYLES.get(scene.status, "dim")))
    for name in dict.fromkeys((*scene.wants, *scene.slots)):
        rows.add_row(Text(name, style="dim"), _slot(scene, name))
    return rows


def _slot(scene: Scene, name: str) -> Text:
    if name not in scene.slots:
        return Text("·", style="dim")
    if scene.result and name in scene.wants:
        return Text(shown(scene.slots[name]), style="red" if name in scene.result.wrong else "green")
    return Text(shown(scene.slots[name]))


def _bars(timings: Sequence[dict[str, float]]) -> RenderableType:
    if not timings:
        return Text("latency of each answer, by stage", style="dim")
    rows = [bar(turn) for turn in timings]
    legend = Text("  ").join(Text(stage, style=colour) for stage, colour in STAGES.items())
    return Group(*rows, legend)


def bar(timings: dict[str, float]) -> Text:
    """An answer's stages one after the other, a character for each 60 ms, and their sum."""
    text = Text(no_wrap=True, overflow="ellipsis")
    total = timings.get("total") or sum(timings.get(stage, 0.0) for stage in STAGES)
    reached, drawn = 0.0, 0
    for stage, colour in STAGES.items():
        reached += timings.get(stage, 0.0)
        length = round(reached / BAR_MS) - drawn
        text.append("█" * length, style=colour)
        drawn += length
    return text.append(f" {total:.0f} ms", style="bold")


def _table(scenes: Sequence[Scene]) -> Table:
    table = Table(box=None, expand=True)
    for heading in ("caller", "state", "lead", "last said", "answer"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for scene in scenes:
        table.add_row(
            Text(scene.name, style=scene.style),
            verdict(scene.result) if scene.result else scene.state,
            f"{scene.status} {len(scene.slots)}" if scene.slots else scene.status,
            scene.transcript[-1] if scene.transcript else "",
            bar(scene.timings[-1]) if scene.timings else "",
        )
    return table
