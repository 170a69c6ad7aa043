"""`callcenter demo`: everything on this machine, and a caller who is served."""

import argparse
import asyncio
from datetime import datetime

from callcenter import demo
from callcenter.commands.calling import add_callers, call_in, console_of, personas
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who calls, and whether to stay up for more."""
    add_callers(parser, nargs="*")
    parser.add_argument("--stay", action="store_true", help="afterwards, stay up for calls from your own phone")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Bring everything up, and watch; 1 if a call did not go as expected."""
    console, callers = console_of(options), personas(options)
    settings = demo.rehearsed(demo.about(settings, (caller.flow for caller in callers)), datetime.now())  # noqa: DTZ005
    async with demo.house(settings, console.print) as house:
        result = await call_in(callers, options, house.settings, house.traces)
        if options.stay:
            console.print(house.invitation)
            await asyncio.Event().wait()
    return result
