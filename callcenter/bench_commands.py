"""`callcenter bench …`: measures something, shows what came of it, and fails if that is not what it should be.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import shtab

from callcenter.bench import line_ways
from callcenter.config import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

AddCommand = Callable[..., argparse.ArgumentParser]


class Report(Protocol):
    """What came of a benchmark."""

    @property
    def ok(self) -> bool:
        """Whether it is what it should be."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""

    def drawn(self) -> "RenderableType":
        """What a terminal shows."""


def add_to(bench: argparse.ArgumentParser, add_to_group: AddCommand) -> None:
    """Give `callcenter bench` its subcommands; `add_to_group` makes one of a group, a name, a command and its help."""
    add = partial(add_to_group, bench.add_subparsers(required=True, metavar="BENCH"))
    _add_media(add)
    _add_lines(add)
    _add_interruptions(add)
    _add_turns(add)
    _add_first_clause(add)
    _add_soak(add)


def _add_media(add: AddCommand) -> None:
    plane = add("media", _media, "find how many calls' sound one core holds, in real time")
    plane.add_argument("--calls", type=_positive, metavar="N", help="so many alone (default: search)")
    plane.add_argument("--seconds", type=float, default=5.0, metavar="S", help="measure each level so long (default 5)")
    plane.add_argument("--vs", choices=["pipecat"], help="the same work through pipecat, in an environment of its own")


async def _media(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import media

    plan = media.Plan(cache=settings.paths.cache, calls=options.calls, seconds=options.seconds, vs=options.vs)
    return _shown(await media.measure(plan, _progress), options)


def _add_lines(add: AddCommand) -> None:
    ways = add("lines", _lines, "measure each way of a call's sound: round trip, silence after a pause, and CPU")
    _ways(ways)
    ways.add_argument("--calls", type=_positive, default=10, metavar="N", help="calls at once (default 10)")
    ways.add_argument("--seconds", type=float, default=4.0, metavar="S", help="measure CPU for so long (default 4)")


async def _lines(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import lines

    plan = lines.Plan(
        cache=settings.paths.cache,
        ways=tuple(options.ways or line_ways.WAYS),
        calls=options.calls,
        seconds=options.seconds,
    )
    return _shown(await lines.measure(plan, _progress), options)


def _add_interruptions(add: AddCommand) -> None:
    rude = add("interruptions", _interruptions, "measure how soon the agent gives way, on each way of the sound")
    _ways(rude)
    rude.add_argument(
        "--rounds", type=_positive, default=3, metavar="N", help="callers on each, of 7 interruptions (default 3)"
    )
    rude.add_argument("--at-once", type=_positive, default=2, metavar="N", help="calls at once (default 2)")


async def _interruptions(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import interruptions

    plan = interruptions.Plan(
        settings=settings,
        ways=tuple(options.ways or line_ways.WAYS),
        rounds=options.rounds,
        at_once=options.at_once,
    )
    return _shown(await interruptions.measure(plan, _progress), options)


def _add_turns(add: AddCommand) -> None:
    speed = add("turns", _turns, "measure answers, interruptions and false stops over Asterisk, on both sides")
    _at_once(speed, (1, 2, 4, 8), "calls at once (default 1,2,4,8; '' for none)")
    speed.add_argument("--rounds", type=_positive, default=2, metavar="N", help="calls for each place (default 2)")
    speed.add_argument(
        "--manners-at-once", type=int, default=2, metavar="N", help="calls that interrupt, cough … (default 2; 0: none)"
    )
    picture = speed.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw latency against calls at once")
    picture.complete = shtab.FILE  # type: ignore[attr-defined]
    record = speed.add_argument("--record", type=Path, metavar="DIR", help="keep each call as a stereo WAV file there")
    record.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    _callers(speed)


async def _turns(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import plot, turns
    from callcenter.simulation import persona

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
    return _shown(report, options)


def _add_first_clause(add: AddCommand) -> None:
    clause = add("first-clause", _first_clause, "measure what we add to a language model's and a voice's own time")
    _at_once(clause, (1, 10, 20), "calls at once (default 1,10,20)")
    clause.add_argument(
        "--seconds", type=float, default=40.0, metavar="S", help="measure each level so long (default 40)"
    )
    clause.add_argument(
        "--voice-ms", type=float, default=150.0, metavar="MS", help="what the voice takes for a clause (default 150)"
    )


async def _first_clause(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import first_clause

    plan = first_clause.Plan(
        cache=settings.paths.cache, at_once=options.at_once, seconds=options.seconds, voice_ms=options.voice_ms
    )
    return _shown(await first_clause.measure(plan, _progress), options)


def _add_soak(add: AddCommand) -> None:
    endurance = add("soak", _soak, "let callers ring for long, and see whether memory and files stay flat")
    endurance.add_argument("--minutes", type=float, default=60.0, metavar="M", help="for so long (default 60)")
    endurance.add_argument("--at-once", type=_positive, default=2, metavar="N", help="calls at once (default 2)")
    _callers(endurance)


async def _soak(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.bench import soak
    from callcenter.simulation import persona

    plan = soak.Plan(
        settings=settings,
        running=options.running,
        callers=tuple(map(persona.load, options.personas)),
        minutes=options.minutes,
        at_once=options.at_once,
    )
    return _shown(await soak.measure(plan, _progress), options)


def _at_once(sub: argparse.ArgumentParser, usual: tuple[int, ...], text: str) -> None:
    sub.add_argument("--at-once", type=levels, default=usual, metavar="N,N…", help=text)


def _ways(sub: argparse.ArgumentParser) -> None:
    every = ", ".join(line_ways.WAYS)
    sub.add_argument("ways", type=line_ways.way, nargs="*", metavar="WAY", help=f"which (default: all of {every})")


def _callers(sub: argparse.ArgumentParser) -> None:
    callers = sub.add_argument(
        "personas", nargs="*", type=Path, metavar="PERSONA.yaml", help="who calls (default: the benchmark's own)"
    )
    callers.complete = shtab.FILE  # type: ignore[attr-defined]
    sub.add_argument("--running", action="store_true", help="ring the daemon that runs already")


def levels(text: str) -> tuple[int, ...]:
    """`1,2,4` as numbers, for an argument parser. Raises ValueError for what is not a list of positive numbers."""
    numbers = tuple(int(part) for part in text.split(",") if part.strip())
    if any(number < 1 for number in numbers):
        raise ValueError(f"{text!r} has a level below 1")
    return numbers


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _shown(report: Report, options: argparse.Namespace) -> int:
    from callcenter.display import console

    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        console.print(report.drawn())
    return 0 if report.ok else 1
