"""The command line: parses arguments, calls what does the work, prints what comes back; nothing else."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import shtab
import uvloop

from callcenter import (
    __version__,
    calling_commands,
    config,
    control,
    cost_commands,
    daemon,
    display,
    doctor,
    flow_commands,
    log,
    whisper_commands,
)
from callcenter.bench import first_clause, interruptions, line_report, line_ways, lines, media, plot, soak, turns
from callcenter.bench.media_report import MediaReport
from callcenter.config import Log, Settings
from callcenter.errors import CallCenterError, innermost
from callcenter.outbound import command_line as outbound
from callcenter.simulation import persona
from callcenter.speech.models import Condition, Models
from callcenter.store import codec, queries
from callcenter.store.database import Database

QUIET = Log(level="error")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]
"""Does what a subcommand says; returns the exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (by default the process's own) name; returns its exit status."""
    options = parser().parse_args(arguments)
    command: Command = options.command
    try:
        settings = config.load(options.config)
        # Only the daemon logs; the other commands show their work on the terminal.
        log.configure(settings.log if command is _run else QUIET)
        return uvloop.run(command(options, settings))
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    except (CallCenterError, ExceptionGroup) as error:
        failure = innermost(error)
        if not isinstance(failure, CallCenterError):
            raise
        print(f"callcenter: {failure}", file=sys.stderr)
        return 1


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
    _add_benches(commands.add_parser("bench", help="measure speed and capacity", description="Measure."))
    return root


def _add(
    commands: Commands, name: str, command: Command, text: str, *, as_json: bool = True
) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    sub.set_defaults(command=command)
    if as_json:
        sub.add_argument("--json", action="store_true", help="print JSON")
    return sub


def _add_benches(bench: argparse.ArgumentParser) -> None:
    add = partial(_add, bench.add_subparsers(required=True, metavar="BENCH"))
    plane = add("media", _bench_media, "find how many calls' sound one core holds, in real time")
    plane.add_argument("--calls", type=_positive, metavar="N", help="so many alone (default: search)")
    plane.add_argument("--seconds", type=float, default=5.0, metavar="S", help="measure each level so long (default 5)")
    plane.add_argument("--vs", choices=["pipecat"], help="the same work through pipecat, in an environment of its own")
    ways = add("lines", _bench_lines, "measure each way of a call's sound: round trip, silence after a pause, and CPU")
    rude = add("interruptions", _bench_interruptions, "measure how soon the agent gives way, on each way of the sound")
    for sub in (ways, rude):
        sub.add_argument(
            "ways",
            type=line_ways.way,
            nargs="*",
            metavar="WAY",
            help=f"which (default: all of {', '.join(line_ways.WAYS)})",
        )
    rude.add_argument(
        "--rounds", type=_positive, default=3, metavar="N", help="callers on each, of 7 interruptions (default 3)"
    )
    rude.add_argument("--at-once", type=_positive, default=2, metavar="N", help="calls at once (default 2)")
    ways.add_argument("--calls", type=_positive, default=10, metavar="N", help="calls at once (default 10)")
    ways.add_argument("--seconds", type=float, default=4.0, metavar="S", help="measure CPU for so long (default 4)")
    speed = add("turns", _bench_turns, "measure answers, interruptions and false stops over Asterisk, on both sides")
    speed.add_argument(
        "--at-once",
        type=turns.levels,
        default=(1, 2, 4, 8),
        metavar="N,N…",
        help="calls at once (default 1,2,4,8; '' for none)",
    )
    speed.add_argument("--rounds", type=_positive, default=2, metavar="N", help="calls for each place (default 2)")
    speed.add_argument(
        "--manners-at-once", type=int, default=2, metavar="N", help="calls that interrupt, cough … (default 2; 0: none)"
    )
    picture = speed.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw latency against calls at once")
    picture.complete = shtab.FILE  # type: ignore[attr-defined]
    record = speed.add_argument("--record", type=Path, metavar="DIR", help="keep each call as a stereo WAV file there")
    record.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    clause = add(
        "first-clause", _bench_first_clause, "measure what we add to a language model's and a voice's own time"
    )
    clause.add_argument(
        "--at-once", type=turns.levels, default=(1, 10, 20), metavar="N,N…", help="calls at once (default 1,10,20)"
    )
    clause.add_argument(
        "--seconds", type=float, default=40.0, metavar="S", help="measure each level so long (default 40)"
    )
    clause.add_argument(
        "--voice-ms", type=float, default=150.0, metavar="MS", help="what the voice takes for a clause (default 150)"
    )
    endurance = add("soak", _bench_soak, "let callers ring for long, and see whether memory and files stay flat")
    endurance.add_argument("--minutes", type=float, default=60.0, metavar="M", help="for so long (default 60)")
    endurance.add_argument("--at-once", type=_positive, default=2, metavar="N", help="calls at once (default 2)")
    for sub in (speed, endurance):
        callers = sub.add_argument(
            "personas", nargs="*", type=Path, metavar="PERSONA.yaml", help="who calls (default: the benchmark's own)"
        )
        callers.complete = shtab.FILE  # type: ignore[attr-defined]
        sub.add_argument("--running", action="store_true", help="ring the daemon that runs already")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    await daemon.run(settings)
    return 0


async def _status(options: argparse.Namespace, settings: Settings) -> int:
    if options.watch:
        await display.watch(lambda: control.status(settings.paths.control_socket))
    report = await control.status(settings.paths.control_socket)
    return _show(report, options, display.status)


async def _calls(options: argparse.Namespace, settings: Settings) -> int:
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        if options.id:
            return _show(await queries.transcript(session, options.id), options, display.transcript)
        found = await queries.calls(session, outcome=options.outcome, limit=options.limit)
        return _show(found, options, display.calls)


async def _leads(options: argparse.Namespace, settings: Settings) -> int:
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await queries.leads(session, status=options.status, limit=options.limit)
        return _show(found, options, display.leads)


async def _bench_media(options: argparse.Namespace, settings: Settings) -> int:
    plan = media.Plan(cache=settings.paths.cache, calls=options.calls, seconds=options.seconds, vs=options.vs)
    report = await media.measure(plan, _progress)
    return _measured(report, options)


async def _bench_lines(options: argparse.Namespace, settings: Settings) -> int:
    plan = lines.Plan(
        cache=settings.paths.cache,
        ways=tuple(options.ways or line_ways.WAYS),
        calls=options.calls,
        seconds=options.seconds,
    )
    return _measured(await lines.measure(plan, _progress), options)


async def _bench_interruptions(options: argparse.Namespace, settings: Settings) -> int:
    plan = interruptions.Plan(
        settings=settings,
        ways=tuple(options.ways or line_ways.WAYS),
        rounds=options.rounds,
        at_once=options.at_once,
    )
    return _measured(await interruptions.measure(plan, _progress), options)


async def _bench_turns(options: argparse.Namespace, settings: Settings) -> int:
    if options.plot:
        plot.check(options.plot)
    plan = turns.Plan(
        settings=settings,
        running=options.running,
        callers=tuple(map(persona.load, options.personas)),
        at_once=options.at_once,
        rounds=options.rounds,
        manners=options.manners_at_once > 0,
        manners_at_once=options.manners_at_once,
        record=options.record,
    )
    report = await turns.measure(plan, _progress)
    if options.plot:
        options.plot.write_text(report.picture(shlex.join(["callcenter", *sys.argv[1:]])), encoding="utf-8")
    return _measured(report, options)


async def _bench_first_clause(options: argparse.Namespace, settings: Settings) -> int:
    plan = first_clause.Plan(
        cache=settings.paths.cache, at_once=options.at_once, seconds=options.seconds, voice_ms=options.voice_ms
    )
    return _measured(await first_clause.measure(plan, _progress), options)


async def _bench_soak(options: argparse.Namespace, settings: Settings) -> int:
    plan = soak.Plan(
        settings=settings,
        running=options.running,
        callers=tuple(map(persona.load, options.personas)),
        minutes=options.minutes,
        at_once=options.at_once,
    )
    return _measured(await soak.measure(plan, _progress), options)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _measured(
    report: MediaReport | line_report.Report | interruptions.Report | turns.Report | first_clause.Report | soak.Report,
    options: argparse.Namespace,
) -> int:
    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        display.console.print(report.drawn())
    return 0 if report.ok else 1


async def _models(options: argparse.Namespace, settings: Settings) -> int:
    models = Models(settings.paths.cache)
    names = options.names or list(models.known.models if options.action == "list" else models.known.default)
    if options.action == "fetch":
        with display.progress() as progress:
            await models.fetch(names, progress)
    conditions = {
        name: await models.verify(name) if options.action == "verify" else models.condition(name) for name in names
    }
    rows = [
        {"name": name, "about": model.about, "licence": model.licence, "bytes": model.size, "condition": condition}
        for name, condition in conditions.items()
        for model in [models.known.models[name]]
    ]
    _show(rows, options, display.models)
    return 0 if options.action == "list" or set(conditions.values()) == {Condition.READY} else 1


async def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    findings = []
    async for finding in doctor.examine(settings):
        findings.append(finding)
        if not options.json:
            display.finding(finding)
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
