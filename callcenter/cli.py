"""The command line: finds out what was typed, and has the module of that command do it.

Only that module is imported, of those in `commands`: recognisers, voices, benchmarks and the rest take more than a
second, which nobody is to wait for who asks for leads or for help.
"""

import argparse
import importlib
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import shtab
import uvloop

from callcenter import __version__, config, log
from callcenter.config import Log
from callcenter.errors import CallCenterError, innermost

QUIET = Log(level="error")
COMPLETION = "--print-completion"

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Group(NamedTuple):
    """Commands that are typed after a word of their own."""

    text: str
    description: str
    metavar: str
    commands: Mapping[str, str]


COMMANDS: Mapping[str, str | Group] = {
    "run": "answer calls until told to stop",
    "status": "show the calls in progress and how the daemon is",
    "calls": "list past calls, or show one with its transcript and timings",
    "leads": "list leads",
    "costs": "say what calls have cost, each, per qualified lead and by provider ([prices])",
    "demo": "bring everything up on this machine and watch a caller being served",
    "simulate": "call in over SIP as personas, and measure from the caller's side",
    "doctor": "check configuration, Asterisk, sound, models and database, and say what to do",
    "models": "list, fetch or verify the models",
    "flow": Group(
        "check, draw, test flows, and talk to them",
        "Work on flows.",
        "ACTION",
        {
            "check": "find mistakes in a flow: what is not reached, never asked, or never ends",
            "chat": "talk to a flow as text, and see state, slots, intent and confidence",
            "graph": "draw the states and the ways between them",
            "test": "play personas against a flow as text, hundreds a second",
            "compare": "compare what came of the calls in each variant of a flow's wording",
            "schema": "print the JSON Schema of flow files, for editors",
        },
    ),
    "call": "call a number now, let the agent talk, and say what came of it",
    "campaign": "call everybody in a CSV file, or go on with the campaigns that are not finished",
    "campaigns": "say how far campaigns are and when they will be over, or cancel some",
    "dnc": "keep the list of numbers that are never called",
    "whisper-server": "serve this machine's Whisper over HTTP, for several daemons",
    "bench": Group(
        "measure speed and capacity",
        "Measure.",
        "BENCH",
        {
            "media": "find how many calls' sound one core holds, in real time",
            "lines": "measure each way of a call's sound: round trip, silence after a pause, and CPU",
            "interruptions": "measure how soon the agent gives way, on each way of the sound",
            "turns": "measure answers, interruptions and false stops over Asterisk, on both sides",
            "first-clause": "measure what we add to a language model's and a voice's own time",
            "soak": "let callers ring for long, and see whether memory and files stay flat",
        },
    ),
}
WITHOUT_JSON = {"run", "flow graph", "flow schema"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (by default the process's own) name; returns its exit status."""
    typed = sys.argv[1:] if arguments is None else arguments
    options = parser(None if any(map(_is_for_completion, typed)) else typed).parse_args(typed)
    try:
        settings = config.load(options.config)
        log.configure(QUIET)  # a daemon logs, the other commands show their work on the terminal
        status: int = uvloop.run(options.command(options, settings))
        return status
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    except (CallCenterError, ExceptionGroup) as error:
        failure = innermost(error)
        if not isinstance(failure, CallCenterError):
            raise
        print(f"callcenter: {failure}", file=sys.stderr)
        return 1


def parser(typed: Collection[str] | None = None) -> argparse.ArgumentParser:
    """The command line, with the arguments of the commands in `typed`; by default the whole of it."""
    root = argparse.ArgumentParser(
        prog="callcenter", description="An AI call centre on Asterisk.", epilog="Settings: see README.md, or `doctor`."
    )
    root.add_argument("--version", action="version", version=f"callcenter {__version__}")
    root.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: callcenter.toml, then /etc)"
    ).complete = shtab.FILE  # type: ignore[attr-defined]
    shtab.add_argument_to(root, COMPLETION, help="print a completion script for your shell")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    for name, about in COMMANDS.items():
        if isinstance(about, str):
            _add(commands, (name,), about, typed)
            continue
        group = commands.add_parser(name, help=about.text, description=about.description)
        actions = group.add_subparsers(required=True, metavar=about.metavar)
        for action, text in about.commands.items():
            _add(actions, (name, action), text, typed)
    return root


def _add(commands: Commands, words: tuple[str, ...], text: str, typed: Collection[str] | None) -> None:
    sub = commands.add_parser(words[-1], help=text, description=text[0].upper() + text[1:] + ".")
    if typed is not None and not set(words) <= set(typed):
        return
    if " ".join(words) not in WITHOUT_JSON:
        sub.add_argument("--json", action="store_true", help="print JSON")
    command = importlib.import_module(".".join(("callcenter.commands", *words)).replace("-", "_"))
    command.add_arguments(sub)
    sub.set_defaults(command=command.run)


def _is_for_completion(argument: str) -> bool:
    """An option may be abbreviated, and have its value after a `=`."""
    return len(argument) > 2 and COMPLETION.startswith(argument.partition("=")[0])
