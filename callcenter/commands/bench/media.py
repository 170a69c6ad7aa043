"""`callcenter bench media`: how many calls' sound one core holds."""

import argparse

from callcenter.bench import media
from callcenter.commands.bench.arguments import positive
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    parser.add_argument("--calls", type=positive, metavar="N", help="so many alone (default: search)")
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="measure each level so long (default 5)"
    )
    parser.add_argument("--vs", choices=["pipecat"], help="the same work through pipecat, in an environment of its own")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Find it, in real time."""
    plan = media.Plan(cache=settings.paths.cache, calls=options.calls, seconds=options.seconds, vs=options.vs)
    return shown(await media.measure(plan, progress), options)
