"""`callcenter costs`: what calls have used of others' services, and what that cost.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from callcenter.config import Settings
from callcenter.store.records import QUALIFIED

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_to(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter` the command; `add` makes a subcommand of a name, a command and its help."""
    sub = add("costs", _costs, "say what calls have cost, each, per qualified lead and by provider ([prices])")
    sub.add_argument(
        "--since",
        type=_since,
        metavar="WHEN",
        help="only calls begun, and phrases prepared, since: 2026-11-01, 2026-11-01T09:30, or 12h, 7d",
    )
    sub.add_argument("--lead", default=QUALIFIED, metavar="STATUS", help=f"which leads count (default {QUALIFIED})")


async def _costs(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import cost_view
    from callcenter.store import costs
    from callcenter.store.database import Database

    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await costs.costs(session, since=options.since, status=options.lead)
    if options.json:
        print(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        cost_view.costs(found, options.lead)
    return 0


def moment(text: str, now: datetime) -> datetime:
    """A date, or a date and time, where this machine is unless it says otherwise; or so long before `now`.

    Raises ValueError for anything else.
    """
    if ago := re.fullmatch(r"(\d{1,4})([mhdw])", text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    return datetime.fromisoformat(text).astimezone()


def _since(text: str) -> datetime:
    try:
        return moment(text, datetime.now(UTC))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is neither a date such as 2026-11-01 nor 12h or 7d") from None
