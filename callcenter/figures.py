"""How moments, lengths, amounts and tables look on a terminal."""

from collections.abc import Mapping
from datetime import datetime
from math import floor, log10
from typing import Any

from rich.table import Table

from callcenter.usage import MINUTE_S, Charge, Charges, Usage

SIGNIFICANT = 4
"""Digits of an amount; the records have them all."""

USED = ("minutes\nheard", "characters\nspoken", "tokens\nin", "tokens\nout")
"""The heads of what providers were used for."""

_TO_THE_RIGHT = frozenset({"length", "last turn", "turns", "cost"})
_BROKEN = frozenset({"slots", "what it is"})


def table(*columns: str, right: frozenset[str] = _TO_THE_RIGHT) -> Table:
    """Without lines; the columns named in `right` are flush with it."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", no_wrap=column not in _BROKEN)
    return made


def when(moment: datetime) -> str:
    """In the zone of this machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """1:05, or 2:01:05."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ms(value: float | None) -> str:
    """1,250 ms; nothing for None."""
    return "" if value is None else f"{value:,.0f} ms"


def amount(value: float | None) -> str:
    """0.01235, 12.35, 1,235: the first digits of it, nothing for None. It has no currency: that is the reader's own."""
    if value is None:
        return ""
    if not value:
        return "0"
    decimals = SIGNIFICANT - 1 - floor(log10(abs(value)))
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def slots(values: Mapping[str, Any]) -> str:
    """Of a lead, in one line."""
    return "  ".join(f"{name}: {shown(value)}" for name, value in values.items())


def shown(value: Any) -> str:
    """The value of a slot."""
    match value:
        case [int() | float() as least, int() | float() as most]:
            return f"{least:,.0f} to {most:,.0f}"
        case list():
            return ", ".join(map(str, value))
        case bool() | str():
            return str(value)
        case int() | float():
            return f"{value:,.0f}"
    return str(value)


def used_in_columns(charge: Usage) -> tuple[str, ...]:
    """Under the heads of `USED`."""
    values = (charge.seconds_heard / MINUTE_S, charge.characters_spoken, charge.tokens_in, charge.tokens_out)
    return tuple(amount(value) if value else "" for value in values)


def used(charges: Charges) -> str:
    """What was used of whom, in one line: deepgram 3.2 s (0.0003); model 812 tokens in, 40 out."""
    return "; ".join(f"{provider} {_used(charges[provider])}" for provider in sorted(charges))


def _used(charge: Charge) -> str:
    parts = (
        (charge.seconds_heard, "{} s"),
        (charge.characters_spoken, "{} characters"),
        (charge.tokens_in, "{} tokens in"),
        (charge.tokens_out, "{} out"),
    )
    what = ", ".join(text.format(amount(value)) for value, text in parts if value)
    return what if charge.cost is None else f"{what} ({amount(charge.cost)})"
