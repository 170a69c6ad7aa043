"""The local time that flows go by: this machine's, or in a rehearsal another, so that a call goes as it did before."""

import time
from datetime import datetime, timedelta


def now(pretended: datetime | None, since: float) -> datetime:
    """Without a zone, as callers mean it.

    Where a time is `pretended` for the monotonic second `since`, it runs on from there.
    """
    if pretended is None:
        return datetime.now()  # noqa: DTZ005 - callers mean the time here
    return pretended + timedelta(seconds=time.monotonic() - since)
