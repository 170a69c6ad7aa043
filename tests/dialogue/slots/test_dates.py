"""The files that dates are read with."""

from pathlib import Path

import pytest

from callcenter import yaml_file
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.slots.dates import Dates, load_dates
from callcenter.errors import FileError

LANGUAGES = ("en", "es", "fr", "pt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_week_and_year(language: str) -> None:
    tables = load_dates(language).tables
    assert set(tables.weekdays.values()) == set(range(7))
    assert set(tables.months.values()) == set(range(12))


def test_it_is_read_once() -> None:
    assert load_dates("fr") is load_dates("fr")


def test_a_language_that_is_not_there() -> None:
    with pytest.raises(FileError, match="No such file"):
        load_dates("xx")


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("(?P<weekday>WEEKDAY)", "(?P<weekday>WEEK)", "WEEK is no table; allowed are NEAR, WEEKDAY"),
        ("(?P<weekday>WEEKDAY)", "(?P<weekday>WEEKDAY", "no regular expression: missing"),
        ("(?P<weekday>WEEKDAY)", "(?P<workday>WEEKDAY)", "groups may only be near, weekday"),
        ("(?P<weekday>WEEKDAY)s", "WEEKDAY", "needs a group near or weekday or span or number"),
        ("{next week: next_week}", "{next week: nextweek}", "Input should be 'next_week'"),
        ("hour: 10, half: am", "hour: 10, half: an", "Input should be 'am', 'pm' or 'night'"),
    ],
)
def test_a_mistake_is_told_with_its_line(right: str, wrong: str, error: str, tmp_path: Path) -> None:
    text = (SHIPPED / "en" / "dates.yaml").read_text()
    assert text.count(right) >= 1
    path = tmp_path / "dates.yaml"
    path.write_text(text.replace(right, wrong, 1))
    line = text[: text.index(right)].count("\n") + 1
    with pytest.raises(FileError, match=rf"dates.yaml:{line}: .*{error}"):
        yaml_file.load(path, Dates)
