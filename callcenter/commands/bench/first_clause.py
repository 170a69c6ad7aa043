"""`callcenter bench first-clause`: what we add to a language model's and a voice's own time."""

import argparse

from callcenter.bench import first_clause
from callcenter.commands.bench.arguments import add_levels
from callcenter.commands.bench.report import progress, shown
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and for how long."""
    add_levels(parser, (1, 10, 20), "calls at once (default 1,10,20)")
    parser.add_argument(
        "--seconds", type=float, default=40.0, metavar="S", help="measure each level so long (default 40)"
    )
    parser.add_argument(
        "--voice-ms", type=float, default=150.0, metavar="MS", help="what the voice takes for a clause (default 150)"
    )


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Measure it."""
    plan = first_clause.Plan(
        cache=settings.paths.cache, at_once=options.at_once, seconds=options.seconds, voice_ms=options.voice_ms
    )
    return shown(await first_clause.measure(plan, progress), options)
