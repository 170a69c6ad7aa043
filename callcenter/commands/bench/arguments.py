"""What several of these commands take."""

import argparse
from pathlib import Path

import shtab

from callcenter.bench import line_ways


def add_levels(sub: argparse.ArgumentParser, usual: tuple[int, ...], text: str) -> None:
    """How many calls at once, one measurement after the other."""
    sub.add_argument("--at-once", type=levels, default=usual, metavar="N,N…", help=text)


def add_ways(sub: argparse.ArgumentParser) -> None:
    """Which ways of the sound."""
    every = ", ".join(line_ways.WAYS)
    sub.add_argument("ways", type=line_ways.way, nargs="*", metavar="WAY", help=f"which (default: all of {every})")


def add_callers(sub: argparse.ArgumentParser) -> None:
    """Who calls, and whom."""
    callers = sub.add_argument(
        "personas", nargs="*", type=Path, metavar="PERSONA.yaml", help="who calls (default: the benchmark's own)"
    )
    callers.complete = shtab.FILE  # type: ignore[attr-defined]
    sub.add_argument("--running", action="store_true", help="ring the daemon that runs already")


def levels(text: str) -> tuple[int, ...]:
    """`1,2,4` as numbers, for an argument parser. Raises ValueError for what is not a list of positive numbers."""
    numbers = tuple(int(part) for part in text.split(",") if part.strip())
    if any(number < 1 for number in numbers):
        raise ValueError(f"{text!r} has a level below 1")
    return numbers


def positive(text: str) -> int:
    """A whole number of 1 or more, for an argument parser."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)
