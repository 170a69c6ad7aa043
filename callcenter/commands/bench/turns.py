"""`callcenter bench turns`: how soon callers are answered, and how well the agent gives way."""

import argparse
import shlex
import sys
from pathlib import Path

import shtab

from callcenter.bench import plot, turns
from callcenter.commands.bench.arguments import add_callers, add_levels, positive
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings
from callcenter.simulation import persona


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    add_levels(parser, (1, 2, 4, 8), "calls at once (default 1,2,4,8; '' for none)")
    parser.add_argument("--rounds", type=positive, default=2, metavar="N", help="calls for each place (default 2)")
    parser.add_argument(
        "--manners-at-once", type=int, default=2, metavar="N", help="calls that interrupt, cough … (default 2; 0: none)"
    )
    picture = parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw latency against calls at once")
    picture.complete = shtab.FILE  # type: ignore[attr-defined]
    record = parser.add_argument("--record", type=Path, metavar="DIR", help="keep each call as a stereo WAV file there")
    record.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    add_callers(parser)


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Measure it over Asterisk, from the callers' side."""
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
    report = await turns.measure(plan, progress)
    if options.plot:
        options.plot.write_text(report.picture(shlex.join(["callcenter", *sys.argv[1:]])), encoding="utf-8")
    return shown(report, options)
