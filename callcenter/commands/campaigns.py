"""`callcenter campaigns`: how far they are, and whether they go on."""

import argparse

from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.display import console
from callcenter.errors import ConfigurationError
from callcenter.outbound import drawing, plans
from callcenter.outbound.hours import Hours
from callcenter.outbound.pacing import Pace
from callcenter.store.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which."""
    parser.add_argument("action", nargs="?", choices=["list", "pause", "resume", "cancel"], default="list")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: those that are not finished)")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do it, or say how far they are."""
    outbound = settings.outbound
    pace = Pace(at_once=outbound.at_once, per_minute=outbound.per_minute)
    async with Database(settings.database, settings.paths) as database:
        if options.action != "list" and not options.names:
            raise ConfigurationError(f"say which campaigns to {options.action}: `callcenter campaigns` lists them")
        if options.action in ("pause", "resume"):
            count = await plans.pause(database, options.names, paused=options.action == "pause")
            return show({options.action: count}, options, lambda: print(f"{options.action}: {count}"))
        if options.action == "cancel":
            count = await plans.cancel(database, options.names)
            return show({"cancelled": count}, options, lambda: print(f"{count} will not be called"))
        found = await plans.look(database, pace, Hours.of(outbound), options.names)
    return show(found, options, lambda: console.print(drawing.progress(found)))
