"""`callcenter campaign`: everybody in a CSV file."""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

import shtab

from callcenter.commands.dialling import add_what, conduct, flow_of, ordered
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.display import console
from callcenter.outbound import contacts_file, drawing, plans
from callcenter.outbound.contacts_file import Places
from callcenter.store import campaigns
from callcenter.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whom, how fast, and what about."""
    file = parser.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="a column number, and slots")
    file.complete = shtab.FILE  # type: ignore[attr-defined]
    parser.add_argument("--name", help="of the campaign (default: that of the file); one that is known goes on")
    parser.add_argument("--at-once", type=int, metavar="N", help="calls at the same time (default: outbound.at_once)")
    parser.add_argument("--per-minute", type=float, metavar="N", help="calls begun (default: outbound.per_minute)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_what(parser)


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Ring them all, or only say what would be done."""
    order = ordered(options, settings)
    async with Database(settings.database, settings.paths) as database:
        if options.file is None:
            async with database.session() as session:
                return await conduct(await campaigns.unfinished(session), order, database, options)
        places = Places(region=order.outbound.region, zone=order.outbound.zone)
        contacts = await asyncio.to_thread(contacts_file.read, options.file, places)
        name = options.name or options.file.stem
        if options.dry_run:
            found = await plans.preview(database, name, contacts, order.hours, datetime.now(UTC))
            return show(found, options, lambda: console.print(drawing.preview(found)))
        async with database.session() as session:
            known = await campaigns.find(session, name)
        flow = known.flow if known and not options.flow else flow_of(options, settings)
        made = await plans.create(database, name, flow, contacts)
        return await conduct([made], order, database, options)
