"""The cores that the processes of a benchmark are kept to, and what others take of them."""

import os
import resource
from collections.abc import Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
BUSY = (1, 2, 3, 8)
"""Of the fields of a core in /proc/stat (proc_stat(5)): user, nice, system, and stolen by another machine."""

Cores = tuple[int | None, int | None]
"""That of the plane and that of the far end; None each where there is only one core for both."""


def two(available: Sequence[int]) -> Cores:
    """The two furthest apart, which share least; the plane does not get the first, which takes most interrupts."""
    return (available[-1], available[0]) if len(available) > 1 else (None, None)


def settle(core: int | None) -> None:
    """Keep this process to `core`, and let it open as many sockets as it may."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def busy_seconds(core: int | None) -> float:
    """The time that `core` has worked for anybody; of the first one when that is None."""
    return parse(Path("/proc/stat").read_text(), core or 0)


def parse(stat: str, core: int) -> float:
    """The same, from the text of /proc/stat."""
    line = next(line for line in stat.splitlines() if line.startswith(f"cpu{core} "))
    return sum(int(line.split()[field]) for field in BUSY) / TICKS
