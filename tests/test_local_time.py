"""The time that flows go by."""

import time
from datetime import datetime, timedelta

from callcenter import local_time


def test_it_is_what_it_is_here() -> None:
    assert abs(local_time.now(None, 0.0) - datetime.now()) < timedelta(seconds=5)  # noqa: DTZ005


def test_a_pretended_time_runs_on() -> None:
    pretended = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001
    found = local_time.now(pretended, time.monotonic() - 90)
    assert timedelta(seconds=90) <= found - pretended < timedelta(seconds=95)
