"""`callcenter bench soak`: whether memory and files stay flat."""

import argparse

from callcenter.bench import soak
from callcenter.commands.bench.arguments import add_callers, positive
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings
from callcenter.simulation import persona


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="for so long (default 60)")
    parser.add_argument("--at-once", type=positive, default=2, metavar="N", help="calls at once (default 2)")
    add_callers(parser)


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Let callers ring for long."""
    plan = soak.Plan(
        settings=settings,
        running=options.running,
        callers=tuple(map(persona.load, options.personas)),
        minutes=options.minutes,
        at_once=options.at_once,
    )
    return shown(await soak.measure(plan, progress), options)
