"""`callcenter whisper-server`: serve this machine's Whisper over HTTP, or ask one that runs how it is.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

from callcenter.config import Settings

HOST = "127.0.0.1"
PORT = 8000


def add_to(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter` the command; `add` makes a subcommand of a name, a command and its help."""
    server = add("whisper-server", _serve, "serve this machine's Whisper over HTTP, for several daemons")
    server.add_argument("--host", default=HOST, help=f"the address to listen on (default {HOST})")
    server.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    server.add_argument("--health", action="store_true", help="only ask the one that runs there how it is")


async def _serve(options: argparse.Namespace, settings: Settings) -> int:
    return await (_health if options.health else _run)(options, settings)


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import log, whisper_server

    log.configure(settings.log)
    await whisper_server.serve(settings, options.host, options.port)
    return 0


async def _health(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.speech.cloud import remote_whisper

    host = f"[{options.host}]" if ":" in options.host else options.host
    return _show(await remote_whisper.health(f"http://{host}:{options.port}"), options.json)


def _show(health: dict[str, Any], as_json: bool) -> int:
    from rich.console import Console
    from rich.table import Table

    if as_json:
        print(json.dumps(health, indent=2))
        return 0
    table = Table(box=None, show_header=False)
    for name, value in health.items():
        told = (
            ", ".join(f"{count} of {status}" for status, count in value.items()) if isinstance(value, dict) else value
        )
        table.add_row(name.replace("_", " "), "" if told is None else str(told))
    Console().print(table)
    return 0
