"""`callcenter flow graph`: a flow as a picture."""

import argparse
from pathlib import Path

import shtab

from callcenter.commands.flow.arguments import add_flow
from callcenter.config import Settings
from callcenter.dialogue.flow import load_flow
from callcenter.errors import ConfigurationError
from callcenter.workshop import graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and where to."""
    add_flow(parser)
    out = parser.add_argument("--out", type=Path, metavar="FILE.svg", help="SVG, or Mermaid (.mmd; default: printed)")
    out.complete = shtab.FILE  # type: ignore[attr-defined]


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Draw the states and the ways between them."""
    flow = load_flow(options.flow)
    if options.out is None:
        print(graph.mermaid(flow), end="")
        return 0
    pictures = {".svg": graph.svg, ".mmd": graph.mermaid}
    if options.out.suffix not in pictures:
        raise ConfigurationError(f"--out {options.out}: only {' and '.join(pictures)} can be written")
    try:
        options.out.write_text(pictures[options.out.suffix](flow), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {options.out}: {error.strerror or error}") from error
    return 0
