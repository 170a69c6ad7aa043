"""What a terminal shows of what the doctor finds."""

from rich.text import Text

from callcenter.display import console
from callcenter.doctor import Finding


def finding(found: Finding) -> None:
    """Print one of the doctor's findings."""
    mark, style = ("ok", "green") if found.ok else ("!!", "bold red")
    console.print(Text.assemble((f"{mark}  ", style), (f"{found.name:16}", "bold"), found.found), highlight=False)
    if not found.ok:
        console.print(Text(f"{'':20}what to do: {found.advice}", style="yellow"), highlight=False)
