"""The terminal, or the pipe, that commands print on."""

import sys

from rich.console import Console

console = Console() if sys.stdout.isatty() else Console(width=200)
