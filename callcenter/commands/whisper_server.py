"""`callcenter whisper-server`: serve this machine's Whisper over HTTP, or ask one that runs how it is."""

import argparse
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from callcenter import log, whisper_server
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.display import console
from callcenter.speech.cloud import remote_whisper

HOST = "127.0.0.1"
PORT = 8000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where."""
    parser.add_argument("--host", default=HOST, help=f"the address to listen on (default {HOST})")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    parser.add_argument("--health", action="store_true", help="only ask the one that runs there how it is")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until told to stop, or ask."""
    return await (_health if options.health else _serve)(options, settings)


async def _serve(options: argparse.Namespace, settings: Settings) -> int:
    log.configure(settings.log)
    await whisper_server.serve(settings, options.host, options.port)
    return 0


async def _health(options: argparse.Namespace, settings: Settings) -> int:
    host = f"[{options.host}]" if ":" in options.host else options.host
    health = await remote_whisper.health(f"http://{host}:{options.port}")
    return show(health, options, lambda: console.print(_drawn(health)))


def _drawn(health: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False)
    for name, value in health.items():
        told = (
            ", ".join(f"{count} of {status}" for status, count in value.items()) if isinstance(value, dict) else value
        )
        table.add_row(name.replace("_", " "), "" if told is None else str(told))
    return table
