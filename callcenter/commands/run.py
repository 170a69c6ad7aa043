"""`callcenter run`: the daemon."""

import argparse

from callcenter import daemon, log
from callcenter.config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: it is all in the settings."""


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer calls until told to stop."""
    log.configure(settings.log)
    await daemon.run(settings)
    return 0
