"""`callcenter flow compare`: what came of the calls in each variant of a flow's wording."""

import argparse
from datetime import UTC, datetime, timedelta

from callcenter.commands.flow.arguments import add_flow
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.dialogue.flow import load_flow
from callcenter.display import console
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.workshop import compare, drawing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and of when."""
    add_flow(parser)
    parser.add_argument("--days", type=float, metavar="N", help="only calls of the last N days (default: all)")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Compare them."""
    since = datetime.now(UTC) - timedelta(days=options.days) if options.days else None
    name = load_flow(options.flow).name
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = compare.compare(name, await queries.outcomes_by_variant(session, name, since=since))
    return show(found.as_json(), options, lambda: console.print(drawing.comparison(found)))
