"""`callcenter bench lines`: what each way of a call's sound costs."""

import argparse

from callcenter.bench import line_ways, lines
from callcenter.commands.bench.arguments import add_ways, positive
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    add_ways(parser)
    parser.add_argument("--calls", type=positive, default=10, metavar="N", help="calls at once (default 10)")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="measure CPU for so long (default 4)")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Measure round trip, silence after a pause, and CPU."""
    plan = lines.Plan(
        cache=settings.paths.cache,
        ways=tuple(options.ways or line_ways.WAYS),
        calls=options.calls,
        seconds=options.seconds,
    )
    return shown(await lines.measure(plan, progress), options)
