"""What a terminal shows of models, and of how they are brought."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn
from rich.text import Text

from callcenter import figures
from callcenter.display import console


def models(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models and whether they are there."""
    table = figures.table("model", "state", "size", "licence", "what it is")
    for row in rows:
        style = "green" if row["condition"] == "ready" else "yellow"
        size = f"{row['bytes'] / 1e6:.0f} MB"
        table.add_row(row["name"], Text(row["condition"], style=style), size, row["licence"], row["about"])
    console.print(table)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each model that is brought, told of its name, the bytes brought and the bytes to bring."""
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            task = tasks[name] if name in tasks else tasks.setdefault(name, bars.add_task(name, total=total))
            bars.update(task, completed=done)

        yield show
