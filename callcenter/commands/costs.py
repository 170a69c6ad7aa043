"""`callcenter costs`: what calls have used of others' services, and what that cost."""

import argparse
import re
from datetime import UTC, datetime, timedelta

from callcenter import cost_view
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.store import costs
from callcenter.store.database import Database
from callcenter.store.records import QUALIFIED

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which calls and leads count."""
    parser.add_argument(
        "--since",
        type=_since,
        metavar="WHEN",
        help="only calls begun, and phrases prepared, since: 2026-11-01, 2026-11-01T09:30, or 12h, 7d",
    )
    parser.add_argument("--lead", default=QUALIFIED, metavar="STATUS", help=f"which leads count (default {QUALIFIED})")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Say what they have cost, each, per qualified lead and by provider."""
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        found = await costs.costs(session, since=options.since, status=options.lead)
    return show(found, options, lambda: cost_view.costs(found, options.lead))


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
