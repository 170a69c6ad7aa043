"""`callcenter leads`: what came of calls."""

import argparse

from callcenter import record_view
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.store import queries
from callcenter.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    parser.add_argument("--status", help="only leads with this one, such as qualified")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """List them."""
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await queries.leads(session, status=options.status, limit=options.limit)
        return show(found, options, lambda: record_view.leads(found))
