"""`callcenter whisper-server`: serve this machine's Whisper over HTTP, or ask one that runs how it is."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from callcenter import log, whisper_server
from callcenter.config import Settings
from callcenter.speech.cloud import remote_whisper


def add_to(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter` the command; `add` makes a subcommand of a name, a command and its help."""
    server = add("whisper-server", _serve, "serve this machine's Whisper over HTTP, for several daemons")
    server.add_argument(
        "--host", default=whisper_server.HOST, help=f"the address to listen on (default {whisper_server.HOST})"
    )
    server.add_argument("--port", type=int, default=whisper_server.PORT, help=f"default {whisper_server.PORT}")
    server.add_argument("--health", action="store_true", help="only ask the one that runs there how it is")


async def _serve(options: argparse.Namespace, settings: Settings) -> int:
    if options.health:
        host = f"[{options.host}]" if ":" in options.host else options.host
        return _show(await remote_whisper.health(f"http://{host}:{options.port}"), options.json)
    log.configure(settings.log)
    await whisper_server.serve(settings, options.host, options.port)
    return 0


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
    Console().print(table)
    return 0
