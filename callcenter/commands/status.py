"""`callcenter status`: the calls in progress, and how the daemon is."""

import argparse

from callcenter import control, status_view
from callcenter.commands.output import show
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Once, or all the time."""
    parser.add_argument("--watch", action="store_true", help="go on showing it, once a second")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Ask the daemon."""
    if options.watch:
        await status_view.watch(lambda: control.status(settings.paths.control_socket))
    report = await control.status(settings.paths.control_socket)
    return show(report, options, lambda: status_view.status(report))
