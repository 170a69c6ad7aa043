"""A flow as a picture: its states from the first to the ends, and the ways between them. Mermaid, or SVG by itself.

The SVG puts every state in the row that is its distance from the first, so that it reads downwards; a way back goes
around on the left. It is written from a template of our own: Graphviz would have to be installed for a dozen boxes.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.state import State
from callcenter.workshop.course import ANYWHERE, Way, ways

WIDTH, HEIGHT = 190, 46
"""Of a box."""
ACROSS, DOWN = 60, 74
"""Between boxes."""
MARGIN = 40
CHARACTER = 5.6
LONGEST_LABEL = 34

STYLE = """
  text { font: 12px system-ui, "Helvetica Neue", Arial, sans-serif; fill: #1f2328; text-anchor: middle; }
  .title { font-size: 16px; font-weight: 600; text-anchor: start; }
  .name { font-weight: 600; }
  .what { font-size: 10.5px; fill: #59636e; }
  .when { font-size: 10px; fill: #59636e; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  .paper { fill: #ffffff; }
  .box { fill: #f6f8fa; stroke: #59636e; }
  .first { stroke: #0969da; stroke-width: 2; }
  .end { fill: #eaf5ec; stroke: #1a7f37; }
  .anywhere { fill: #fff8e5; stroke: #9a6700; stroke-dasharray: 5 3; }
  .way { fill: none; stroke: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .what, .when { fill: #9198a1; }
    .when { stroke: #0d1117; }
    .paper { fill: #0d1117; }
    .box { fill: #161b22; stroke: #9198a1; }
    .end { fill: #12261a; stroke: #3fb950; }
    .anywhere { fill: #272115; stroke: #d29922; }
    .way { stroke: #9198a1; }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    name: str
    what: str
    kind: str
    x: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + WIDTH / 2


def mermaid(flow: Flow) -> str:
    """A Mermaid flowchart."""
    lines = ["flowchart TD"]
    for name, state in flow.states.items():
        lines.append(f'  {_id(name)}["{_quoted(name)}<br/>{_quoted(_what(state))}"]')
    found = ways(flow)
    for end in _ends(found):
        lines.append(f'  {_id(end)}(["{_quoted(_end_name(end))}"])')
    if any(way.origin == ANYWHERE for way in found):
        lines.append(f'  {ANYWHERE}{{{{"anywhere"}}}}')
    for way in found:
        label = f'|"{_quoted(way.when)}"|' if way.when else ""
        lines.append(f"  {_id(way.origin)} -->{label} {_id(_target(way))}")
    return "\n".join(lines) + "\n"


def svg(flow: Flow) -> str:
    """A document of its own."""
    found = ways(flow)
    boxes = _placed(flow, found)
    width = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    body = [*_arrows(boxes, found), *(part for box in boxes.values() for part in _drawn(box))]
    title = f"{flow.name}: {flow.language}, {len(flow.states)} states"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" role="img" aria-label="{escape(title)}">',
            f"<style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#59636e"/></marker></defs>',
            f'<rect class="paper" width="{width:g}" height="{height:g}"/>',
            f'<text class="title" x="{MARGIN}" y="28">{escape(title)}</text>',
            *body,
            "</svg>\n",
        ]
    )


def _placed(flow: Flow, found: list[Way]) -> dict[str, _Box]:
    """Each state and end in its row."""
    rows: dict[int, list[str]] = defaultdict(list)
    for name, row in _distances(flow, found).items():
        rows[row].append(name)
    widest = max(len(names) for names in rows.values())
    boxes = {}
    for number, row in enumerate(sorted(rows)):
        indent = (widest - len(rows[row])) * (WIDTH + ACROSS) / 2
        for column, name in enumerate(rows[row]):
            boxes[name] = _Box(
                name=_end_name(name) if name.startswith(_END) else name,
                what=_what(flow.states[name]) if name in flow.states else "",
                kind=_kind(name, flow),
                x=2 * MARGIN + indent + column * (WIDTH + ACROSS),
                y=MARGIN + 14 + number * (HEIGHT + DOWN),
            )
    return boxes


def _distances(flow: Flow, found: list[Way]) -> dict[str, int]:
    """How many ways each state and end is from the first, or from anywhere."""
    onward: dict[str, list[str]] = defaultdict(list)
    for way in found:
        onward[way.origin].append(_target(way))
    distances = {flow.first: 0}
    if ANYWHERE in onward:
        distances[ANYWHERE] = 0
    waiting = deque(distances)
    while waiting:
        name = waiting.popleft()
        for following in onward[name]:
            if following not in distances:
                distances[following] = distances[name] + 1
                waiting.append(following)
    last = max(distances.values())
    return distances | {name: last + 1 for name in flow.states if name not in distances}


def _arrows(boxes: dict[str, _Box], found: list[Way]) -> Iterator[str]:
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for way in found:
        if way.origin != _target(way):
            together[way.origin, _target(way)].append(way.when)
    for number, ((origin, to), labels) in enumerate(together.items()):
        yield from _arrow(boxes[origin], boxes[to], _label(labels), number)


def _arrow(origin: _Box, to: _Box, label: str, number: int) -> Iterator[str]:
    if to.y > origin.y:
        x1, y1, x2, y2 = origin.middle, origin.y + HEIGHT, to.middle, to.y
        bend = (y2 - y1) / 2
        path = f"M{x1:g},{y1:g} C{x1:g},{y1 + bend:g} {x2:g},{y2 - bend:g} {x2:g},{y2:g}"
        at = (x1 + (x2 - x1) * 0.62, y1 + (y2 - y1) * 0.62)
    else:  # back, or sideways: around on the left
        side = min(origin.x, to.x) - 14 - 5 * (number % 5)
        y1, y2 = origin.y + HEIGHT * 0.7, to.y + HEIGHT * 0.3
        path = f"M{origin.x:g},{y1:g} C{side:g},{y1:g} {side:g},{y2:g} {to.x:g},{y2:g}"
        at = (side + 14, (y1 + y2) / 2)
    yield f'<path class="way" d="{path}" marker-end="url(#tip)"/>'
    if label:
        yield f'<text class="when" x="{at[0]:g}" y="{at[1]:g}">{escape(label)}</text>'


def _label(labels: list[str]) -> str:
    text = " / ".join(label for label in labels if label)
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"


def _drawn(box: _Box) -> Iterator[str]:
    middle = HEIGHT / 2 + (4 if not box.what else -2)
    yield f'<rect class="box {box.kind}" x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
    yield f'<text class="name" x="{box.middle:g}" y="{box.y + middle:g}">{escape(box.name)}</text>'
    if box.what:
        longest = int(WIDTH / CHARACTER)
        what = box.what if len(box.what) <= longest else box.what[: longest - 1].rstrip() + "…"
        yield f'<text class="what" x="{box.middle:g}" y="{box.y + middle + 16:g}">{escape(what)}</text>'


_END = "end: "


def _target(way: Way) -> str:
    return f"{_END}{way.to}" if way.ends else way.to


def _end_name(name: str) -> str:
    return name.removeprefix(_END) or "goodbye"


def _ends(found: list[Way]) -> list[str]:
    return list(dict.fromkeys(_target(way) for way in found if way.ends))


def _kind(name: str, flow: Flow) -> str:
    if name.startswith(_END):
        return "end"
    return "anywhere" if name == ANYWHERE else "first" if name == flow.first else ""


def _what(state: State) -> str:
    """What it does, in a few words."""
    if state.ask:
        return f"asks {', '.join(state.ask)}"
    if state.question:
        return state.question
    if state.confirm:
        return "reads the details back"
    if state.do:
        return f"transfers to {state.do.transfer}" if state.do.transfer else "looks up"
    return " ".join(state.say[:1]) or ("decides" if state.on else "")


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")
