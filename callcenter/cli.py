"""The command line: parses arguments, calls what does the work, prints what comes back; nothing else.

A command imports what does its work, and what draws what came of it, when it is run: recognisers, voices, benchmarks
and the rest take more than a second, which nobody is to wait for who asks for leads or for help.
"""

import argparse
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import shtab

from callcenter import (
    __version__,
    bench_commands,
    calling_commands,
    config,
    cost_commands,
    flow_commands,
    whisper_commands,
)
from callcenter.config import Log, Settings
from callcenter.errors import CallCenterError, innermost
from callcenter.outbound import command_line as outbound
from callcenter.store import codec

QUIET = Log(level="error")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]
"""Does what a subcommand says; returns the exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (by default the process's own) name; returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        return _carried_out(options.command, options)
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    except (CallCenterError, ExceptionGroup) as error:
        failure = innermost(error)
        if not isinstance(failure, CallCenterError):
            raise
        print(f"callcenter: {failure}", file=sys.stderr)
        return 1


def _carried_out(command: Command, options: argparse.Namespace) -> int:
    import uvloop

    from callcenter import log

    settings = config.load(options.config)
    # Only the daemon logs; the other commands show their work on the terminal.
    log.configure(settings.log if command is _run else QUIET)
    return uvloop.run(command(options, settings))


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="callcenter", description="An AI call centre on Asterisk.", epilog="Settings: see README.md, or `doctor`."
    )
    root.add_argument("--version", action="version", version=f"callcenter {__version__}")
    root.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: callcenter.toml, then /etc)"
    ).complete = shtab.FILE  # type: ignore[attr-defined]
    shtab.add_argument_to(root, "--print-completion", help="print a completion script for your shell")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    add = partial(_add, commands)
    add("run", _run, "answer calls until told to stop", as_json=False)
    status = add("status", _status, "show the calls in progress and how the daemon is")
    status.add_argument("--watch", action="store_true", help="go on showing it, once a second")
    calls = add("calls", _calls, "list past calls, or show one with its transcript and timings")
    calls.add_argument("id", nargs="?", help="a call's id or the beginning of it")
    calls.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    calls.add_argument("--outcome", help="only calls that ended so")
    leads = add("leads", _leads, "list leads")
    leads.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    leads.add_argument("--status", help="only leads with this one, such as qualified")
    cost_commands.add_to(add)
    calling_commands.add_to(add)
    add("doctor", _doctor, "check configuration, Asterisk, sound, models and database, and say what to do")
    models = add("models", _models, "list, fetch or verify the models")
    models.add_argument("action", choices=["list", "fetch", "verify"])
    models.add_argument("names", nargs="*", metavar="NAME", help="which (default: those that the settings need)")
    flows = commands.add_parser("flow", help="check, draw, test flows, and talk to them", description="Work on flows.")
    flow_commands.add_to(flows, _add)
    outbound.add_commands(add)
    whisper_commands.add_to(add)
    benches = commands.add_parser("bench", help="measure speed and capacity", description="Measure.")
    bench_commands.add_to(benches, _add)
    return root


def _add(
    commands: Commands, name: str, command: Command, text: str, *, as_json: bool = True
) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    sub.set_defaults(command=command)
    if as_json:
        sub.add_argument("--json", action="store_true", help="print JSON")
    return sub


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import daemon

    await daemon.run(settings)
    return 0


async def _status(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import control, status_view

    if options.watch:
        await status_view.watch(lambda: control.status(settings.paths.control_socket))
    report = await control.status(settings.paths.control_socket)
    return _show(report, options, status_view.status)


async def _calls(options: argparse.Namespace, settings: Settings) -> int:
    return await (_transcript if options.id else _past_calls)(options, settings)


async def _transcript(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import transcript_view
    from callcenter.store import queries
    from callcenter.store.database import Database

    async with Database(settings.database, settings.paths) as database, database.session() as session:
        return _show(await queries.transcript(session, options.id), options, transcript_view.transcript)


async def _past_calls(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import record_view
    from callcenter.store import queries
    from callcenter.store.database import Database

    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await queries.calls(session, outcome=options.outcome, limit=options.limit)
        return _show(found, options, record_view.calls)


async def _leads(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import record_view
    from callcenter.store import queries
    from callcenter.store.database import Database

    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await queries.leads(session, status=options.status, limit=options.limit)
        return _show(found, options, record_view.leads)


async def _models(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import model_view
    from callcenter.speech.models import Condition, Models

    models = Models(settings.paths.cache)
    names = options.names or list(models.known.models if options.action == "list" else models.known.default)
    if options.action == "fetch":
        with model_view.progress() as progress:
            await models.fetch(names, progress)
    conditions = {
        name: await models.verify(name) if options.action == "verify" else models.condition(name) for name in names
    }
    rows = [
        {"name": name, "about": model.about, "licence": model.licence, "bytes": model.size, "condition": condition}
        for name, condition in conditions.items()
        for model in [models.known.models[name]]
    ]
    _show(rows, options, model_view.models)
    return 0 if options.action == "list" or set(conditions.values()) == {Condition.READY} else 1


async def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import doctor, finding_view

    findings = []
    async for finding in doctor.examine(settings):
        findings.append(finding)
        if not options.json:
            finding_view.finding(finding)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    return 0 if all(finding.ok for finding in findings) else 1


def _show(content: Any, options: argparse.Namespace, draw: Callable[[Any], None]) -> int:
    if options.json:
        # A frozen record becomes an object, and what is in it as the store writes it.
        print(json.dumps(content, default=_plain, indent=2, ensure_ascii=False))
    else:
        draw(content)
    return 0


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else codec.plain(value)
