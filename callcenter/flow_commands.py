"""`callcenter flow …`: check a flow, talk to it, draw it, and play personas against it.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from callcenter.config import Settings
from callcenter.errors import ConfigurationError

if TYPE_CHECKING:
    from callcenter.dialogue.flow import Flow
    from callcenter.workshop.chat import Turn


def add_to(flow: argparse.ArgumentParser, add_to_group: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter flow` its subcommands; `add_to_group` makes one of a group, a name, a command and its help."""
    add = partial(add_to_group, flow.add_subparsers(required=True, metavar="ACTION"))
    _file(add("check", _check, "find mistakes in a flow: what is not reached, never asked, or never ends"), nargs="+")
    talk = _file(add("chat", _chat, "talk to a flow as text, and see state, slots, intent and confidence"))
    talk.add_argument("--nobody", action="store_true", help="nobody answers when you are to be connected to a person")
    _time(talk, "now")
    picture = _file(add("graph", _graph, "draw the states and the ways between them", as_json=False))
    out = picture.add_argument("--out", type=Path, metavar="FILE.svg", help="SVG, or Mermaid (.mmd; default: printed)")
    out.complete = shtab.FILE  # type: ignore[attr-defined]
    trial = _file(add("test", _test, "play personas against a flow as text, hundreds a second"))
    personas = trial.add_argument("personas", nargs="+", type=Path, metavar="PERSONA.yaml", help="who calls")
    personas.complete = shtab.FILE  # type: ignore[attr-defined]
    trial.add_argument("--whole", action="store_true", help="show all conversations, not only those that went wrong")
    trial.add_argument("--variant", metavar="NAME", help="in this variant's wording, not the flow's own")
    _time(trial, "the next Friday, 9:30")
    versus = _file(add("compare", _compare, "compare what came of the calls in each variant of a flow's wording"))
    versus.add_argument("--days", type=float, metavar="N", help="only calls of the last N days (default: all)")
    published = add("schema", _schema, "print the JSON Schema of flow files, for editors", as_json=False)
    published.add_argument("--persona", action="store_true", help="that of personas' files instead")


def _file(sub: argparse.ArgumentParser, nargs: str | None = None) -> argparse.ArgumentParser:
    named = sub.add_argument("flow", nargs=nargs, metavar="FLOW", help="a shipped flow's name, or a YAML file")
    named.complete = shtab.FILE  # type: ignore[attr-defined]
    return sub


def _time(sub: argparse.ArgumentParser, usual: str) -> None:
    text = f"the local time of the call, such as 2026-11-20T12:30, for opening hours and days (default: {usual})"
    sub.add_argument("--at", type=_local_time, metavar="TIME", help=text)


def _local_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-20T12:30") from None
    if at.tzinfo:
        raise argparse.ArgumentTypeError(f"{text!r}: the time is local, without a zone")
    return at


def _clock(start: datetime | None) -> Callable[[], datetime]:
    """Local time; with a `start` it runs on from there."""
    ahead = start - datetime.now() if start else timedelta()  # noqa: DTZ005 - the caller's time, here
    return lambda: datetime.now() + ahead  # noqa: DTZ005


async def _check(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.dialogue import check
    from callcenter.dialogue.flow import flow_path, load_flow

    found = [(flow_path(name), load_flow(name)) for name in options.flow]
    mistakes = {path: check.mistakes(path, flow) for path, flow in found}
    if options.json:
        rows = [
            {"flow": str(path), "states": len(flow.states), "mistakes": [asdict(each) for each in mistakes[path]]}
            for path, flow in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for path, flow in found:
            for each in mistakes[path]:
                print(f"{path}:{each.line}: {each.text}")
            if not mistakes[path]:
                print(f"{path}: all right, {len(flow.states)} states and {len(flow.slots)} slots in {flow.language}")
    return 1 if any(mistakes.values()) else 0


async def _chat(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.dialogue.flow import load_flow
    from callcenter.dialogue.scripted import ScriptedBrain
    from callcenter.display import console
    from callcenter.enquiry import Enquiries
    from callcenter.workshop import chat, drawing

    typing = sys.stdin.isatty() and not options.json
    if typing:
        console.print(chat.HELP, style="dim")
    lines = chat.typed_lines("you    " if typing else "")

    def show(turn: "Turn") -> None:
        if options.json:
            print(turn.as_json(), flush=True)
        else:
            console.print(drawing.turn(turn))

    brain = ScriptedBrain(load_flow(options.flow), now=_clock(options.at))
    async with Enquiries.open() as enquiries:
        await chat.chat(
            brain,
            lambda: next(lines, None),
            show,
            somebody_there=not options.nobody,
            enquiries=enquiries,
        )
    return 0


async def _graph(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.dialogue.flow import load_flow
    from callcenter.workshop import graph

    flow = load_flow(options.flow)
    if options.out is None:
        print(graph.mermaid(flow), end="")
        return 0
    pictures = {".svg": graph.svg, ".mmd": graph.mermaid}
    if options.out.suffix not in pictures:
        raise ConfigurationError(f"--out {options.out}: only {' and '.join(pictures)} can be written")
    try:
        options.out.write_text(pictures[options.out.suffix](flow), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {options.out}: {error.strerror or error}") from error
    return 0


async def _test(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import local_time
    from callcenter.dialogue.flow import load_flow
    from callcenter.display import console
    from callcenter.simulation import persona
    from callcenter.workshop import drawing, rehearsal

    flow = _worded(load_flow(options.flow), options.variant)
    personas = [persona.load(path) for path in options.personas]
    for path, caller in zip(options.personas, personas, strict=True):
        rehearsal.check(flow, caller, path)
    at = options.at or local_time.usual_time(datetime.now())  # noqa: DTZ005 - the caller's time, here
    report = rehearsal.rehearse(flow, personas, at)
    if options.json:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        console.print(drawing.rehearsal(report, whole=options.whole))
    return 0 if report.ok else 1


def _worded(flow: "Flow", variant: str | None) -> "Flow":
    """Raises ConfigurationError with the names of the variants if there is none of that name."""
    if variant is None:
        return flow
    if variant not in flow.varied:
        known = ", ".join(flow.varied) or "none"
        raise ConfigurationError(f"--variant {variant}: {flow.name} has no such variant; it has {known}")
    return flow.varied[variant]


async def _compare(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.dialogue.flow import load_flow
    from callcenter.display import console
    from callcenter.store import queries
    from callcenter.store.database import Database
    from callcenter.workshop import compare, drawing

    since = datetime.now(UTC) - timedelta(days=options.days) if options.days else None
    name = load_flow(options.flow).name
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = compare.compare(name, await queries.outcomes_by_variant(session, name, since=since))
    if options.json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        console.print(drawing.comparison(found))
    return 0


async def _schema(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.dialogue import flow
    from callcenter.simulation.persona import Persona

    found = Persona.model_json_schema(by_alias=True) if options.persona else flow.schema()
    print(json.dumps(found, indent=2))
    return 0
