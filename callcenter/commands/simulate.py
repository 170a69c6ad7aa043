"""`callcenter simulate`: callers ring the daemon that runs."""

import argparse

from callcenter.commands.calling import add_callers, call_in, personas
from callcenter.config import Settings
from callcenter.demo import Traces


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who calls."""
    add_callers(parser, nargs="+")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Call in over SIP, and measure from the caller's side; 1 if a call did not go as expected."""
    return await call_in(personas(options), options, settings, await Traces.before(settings))
