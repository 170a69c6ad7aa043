"""What several of these commands take."""

import argparse
from datetime import datetime

import shtab


def add_flow(sub: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Which flow, or flows."""
    named = sub.add_argument("flow", nargs=nargs, metavar="FLOW", help="a shipped flow's name, or a YAML file")
    named.complete = shtab.FILE  # type: ignore[attr-defined]


def add_time(sub: argparse.ArgumentParser, usual: str) -> None:
    """When the call is, if not at the `usual` time."""
    text = f"the local time of the call, such as 2026-11-20T12:30, for opening hours and days (default: {usual})"
    sub.add_argument("--at", type=_local_time, metavar="TIME", help=text)


def _local_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-20T12:30") from None
    if at.tzinfo:
        raise argparse.ArgumentTypeError(f"{text!r}: the time is local, without a zone")
    return at
