"""The house of the demo, without the house."""

from datetime import datetime

import pytest

from callcenter.config import Dialogue, Settings
from callcenter.demo import rehearsed


@pytest.mark.parametrize(
    ("now", "pretended"),
    [
        ("2026-11-21T13:05", "2026-11-27T09:30"),
        ("2026-11-20T23:59", "2026-11-20T09:30"),
        ("2026-11-22T00:00", "2026-11-27T09:30"),
        ("2026-12-30T09:00", "2027-01-01T09:30"),
    ],
)
def test_a_demonstration_takes_place_on_a_friday_morning(now: str, pretended: str) -> None:
    found = rehearsed(Settings(), datetime.fromisoformat(now)).dialogue.pretend_it_is
    assert found == datetime.fromisoformat(pretended)


def test_what_the_settings_pretend_stays() -> None:
    own = datetime.fromisoformat("2026-01-01T08:00")
    settings = Settings(dialogue=Dialogue(pretend_it_is=own))
    assert rehearsed(settings, datetime.fromisoformat("2026-11-21T13:05")) == settings
