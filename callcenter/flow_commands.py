"""`callcenter flow …`: check a flow, talk to it, draw it, and play personas against it."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import shtab

from callcenter import display
from callcenter.config import Settings
from callcenter.dialogue import check
from callcenter.dialogue.flow import flow_path, load_flow, schema
from callcenter.enquiry import Enquiries
from callcenter.errors import ConfigurationError
from callcenter.simulation import persona
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.workshop import chat, compare, drawing, graph, rehearsal
from callcenter.workshop.chat import Turn

PICTURES = {".svg": graph.svg, ".mmd": graph.mermaid}


def add_to(flow: argparse.ArgumentParser, add_to_group: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter flow` its subcommands; `add_to_group` makes one of a group, a name, a command and its help."""
    add = partial(add_to_group, flow.add_subparsers(required=True, metavar="ACTION"))
    _file(add("check", _check, "find mistakes in a flow: what is not reached, never asked, or never ends"), nargs="+")
    talk = _file(add("chat", _chat, "talk to a flow as text, and see state, slots, intent and confidence"))
    talk.add_argument("--nobody", action="store_true", help="nobody answers when you are to be connected to a person")
    picture = _file(add("graph", _graph, "draw the states and the ways between them", as_json=False))
    out = picture.add_argument("--out", type=Path, metavar="FILE.svg", help="SVG, or Mermaid (.mmd; default: printed)")
    out.complete = shtab.FILE  # type: ignore[attr-defined]
    trial = _file(add("test", _test, "play personas against a flow as text, hundreds a second"))
    personas = trial.add_argument("personas", nargs="+", type=Path, metavar="PERSONA.yaml", help="who calls")
    personas.complete = shtab.FILE  # type: ignore[attr-defined]
    trial.add_argument("--whole", action="store_true", help="show all conversations, not only those that went wrong")
    versus = _file(add("compare", _compare, "compare what came of the calls in each variant of a flow's wording"))
    versus.add_argument("--days", type=float, metavar="N", help="only calls of the last N days (default: all)")
    add("schema", _schema, "print the JSON Schema of flow files, for editors", as_json=False)


def _file(sub: argparse.ArgumentParser, nargs: str | None = None) -> argparse.ArgumentParser:
    named = sub.add_argument("flow", nargs=nargs, metavar="FLOW", help="a shipped flow's name, or a YAML file")
    named.complete = shtab.FILE  # type: ignore[attr-defined]
    return sub


async def _check(options: argparse.Namespace, settings: Settings) -> int:
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
    typing = sys.stdin.isatty() and not options.json
    if typing:
        display.console.print(chat.HELP, style="dim")
    lines = chat.typed_lines("you    " if typing else "")

    def show(turn: Turn) -> None:
        if options.json:
            print(turn.as_json(), flush=True)
        else:
            display.console.print(drawing.turn(turn))

    async with Enquiries.open() as enquiries:
        await chat.chat(
            load_flow(options.flow),
            lambda: next(lines, None),
            show,
            somebody_there=not options.nobody,
            enquiries=enquiries,
        )
    return 0


async def _graph(options: argparse.Namespace, settings: Settings) -> int:
    flow = load_flow(options.flow)
    if options.out is None:
        print(graph.mermaid(flow), end="")
        return 0
    if options.out.suffix not in PICTURES:
        raise ConfigurationError(f"--out {options.out}: only {' and '.join(PICTURES)} can be written")
    try:
        options.out.write_text(PICTURES[options.out.suffix](flow), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {options.out}: {error.strerror or error}") from error
    return 0


async def _test(options: argparse.Namespace, settings: Settings) -> int:
    flow = load_flow(options.flow)
    personas = [persona.load(path) for path in options.personas]
    for path, caller in zip(options.personas, personas, strict=True):
        rehearsal.check(flow, caller, path)
    report = rehearsal.rehearse(flow, personas, datetime.now())  # noqa: DTZ005 - the caller's time, here
    if options.json:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        display.console.print(drawing.rehearsal(report, whole=options.whole))
    return 0 if report.ok else 1


async def _compare(options: argparse.Namespace, settings: Settings) -> int:
    since = datetime.now(UTC) - timedelta(days=options.days) if options.days else None
    name = load_flow(options.flow).name
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = compare.compare(name, await queries.outcomes_by_variant(session, name, since=since))
    if options.json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        display.console.print(drawing.comparison(found))
    return 0


async def _schema(options: argparse.Namespace, settings: Settings) -> int:
    print(json.dumps(schema(), indent=2))
    return 0
