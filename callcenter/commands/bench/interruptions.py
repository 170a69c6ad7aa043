"""`callcenter bench interruptions`: how soon the agent gives way."""

import argparse

from callcenter.bench import interruptions, line_ways
from callcenter.commands.bench.arguments import add_ways, positive
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    add_ways(parser)
    parser.add_argument(
        "--rounds", type=positive, default=3, metavar="N", help="callers on each, of 7 interruptions (default 3)"
    )
    parser.add_argument("--at-once", type=positive, default=2, metavar="N", help="calls at once (default 2)")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Measure it on each way of the sound."""
    plan = interruptions.Plan(
        settings=settings,
        ways=tuple(options.ways or line_ways.WAYS),
        rounds=options.rounds,
        at_once=options.at_once,
    )
    return shown(await interruptions.measure(plan, progress), options)
