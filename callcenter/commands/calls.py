"""`callcenter calls`: past calls, or one of them."""

import argparse

from callcenter import record_view, transcript_view
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.store import queries
from callcenter.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which."""
    parser.add_argument("id", nargs="?", help="a call's id or the beginning of it")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    parser.add_argument("--outcome", help="only calls that ended so")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """List them, or show one with its transcript and timings."""
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        if options.id:
            call = await queries.transcript(session, options.id)
            return show(call, options, lambda: transcript_view.transcript(call))
        found = await queries.calls(session, outcome=options.outcome, limit=options.limit)
        return show(found, options, lambda: record_view.calls(found))
