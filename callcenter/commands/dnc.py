"""`callcenter dnc`: the numbers that are never called."""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from callcenter.commands.numbers import contact_of
from callcenter.commands.output import show
from callcenter.config import Outbound, Settings
from callcenter.display import console
from callcenter.outbound import contacts_file, drawing
from callcenter.outbound.contacts_file import Places
from callcenter.store import do_not_call
from callcenter.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which."""
    parser.add_argument("action", choices=["add", "remove", "list", "import"])
    parser.add_argument("items", nargs="*", metavar="NUMBER|FILE.csv", help="numbers; a file with a column number")
    parser.add_argument("--reason", default="", help="why, for those who look at the list")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Change it, or list it."""
    outbound = settings.outbound
    numbers = await asyncio.to_thread(_numbers, options, outbound)
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        match options.action:
            case "list":
                listed = await do_not_call.listed(session)
                return show(listed, options, lambda: console.print(drawing.barred(listed)))
            case "remove":
                count = await do_not_call.remove(session, numbers)
            case _:
                await do_not_call.add(session, numbers, options.reason, datetime.now(UTC))
                count = len(numbers)
    return show({options.action: count}, options, lambda: print(f"{options.action}: {count}"))


def _numbers(options: argparse.Namespace, outbound: Outbound) -> list[str]:
    if options.action == "import":
        places = Places(region=outbound.region, zone=outbound.zone)
        return [contact.number for path in options.items for contact in contacts_file.read(Path(path), places)]
    return [contact_of(item, outbound).number for item in options.items]
