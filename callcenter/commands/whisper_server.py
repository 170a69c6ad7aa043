"""`callcenter whisper-server`: serve this machine's Whisper over HTTP, or ask one that runs how it is."""

import argparse
import json
from typing import Any

from rich.table import Table

from callcenter import log, whisper_server
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
    return _show(await remote_whisper.health(f"http://{host}:{options.port}"), options.json)


def _show(health: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(json.dumps(health, indent=2))
        return 0
    table = Table(box=None, show_header=False)
    for name, value in health.items():
        told = (
            ", ".join(f"{count} of {status}" for status, count in value.items()) if isinstance(value, dict) else value
        )
        table.add_row(name.replace("_", " "), "" if told is None else str(told))
    console.print(table)
    return 0
