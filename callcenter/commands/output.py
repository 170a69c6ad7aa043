"""What commands print of what they have found."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from callcenter.store import codec


def show(content: Any, options: argparse.Namespace, draw: Callable[[], object]) -> int:
    """Print `content` as JSON if that is wanted, else `draw` it; returns the exit status."""
    if options.json:
        # A frozen record becomes an object, and what is in it as the store writes it.
        print(json.dumps(content, default=_plain, indent=2, ensure_ascii=False))
    else:
        draw()
    return 0


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else codec.plain(value)
