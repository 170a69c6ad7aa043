"""What comes of a benchmark, shown."""

import argparse
import json
import sys
from typing import Any, Protocol

from rich.console import RenderableType

from callcenter.display import console


class Report(Protocol):
    """What came of a benchmark."""

    @property
    def ok(self) -> bool:
        """Whether it is what it should be."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""

    def drawn(self) -> RenderableType:
        """What a terminal shows."""


def progress(line: str) -> None:
    """Say how far it is, beside what is printed in the end."""
    print(line, file=sys.stderr, flush=True)


def shown(report: Report, options: argparse.Namespace) -> int:
    """Print it; returns the exit status."""
    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        console.print(report.drawn())
    return 0 if report.ok else 1
