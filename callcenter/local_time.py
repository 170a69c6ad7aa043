"""The local time that flows go by: this machine's, or in a rehearsal another, so that a call goes as it did before."""

import time
from datetime import datetime, timedelta

FRIDAY, MORNING = 4, timedelta(hours=9, minutes=30)
"""When a rehearsal begins if no other time is said: within the opening hours of the shipped flows."""


def now(pretended: datetime | None, since: float) -> datetime:
    """Without a zone, as callers mean it.

    Where a time is `pretended` for the monotonic second `since`, it runs on from there.
    """
    if pretended is None:
        return datetime.now()  # noqa: DTZ005 - callers mean the time here
    return pretended + timedelta(seconds=time.monotonic() - since)


def usual_time(now: datetime) -> datetime:
    """The next Friday morning from `now`, today included, so that what comes of a call does not depend on the hour."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=(FRIDAY - now.weekday()) % 7) + MORNING
