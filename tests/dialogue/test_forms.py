"""The files that values are said with."""

from pathlib import Path

import pytest

from callcenter import yaml_file
from callcenter.dialogue.forms import Forms, load_forms
from callcenter.dialogue.language import SHIPPED
from callcenter.errors import FileError


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_the_shipped_are_whole(language: str) -> None:
    assert len(load_forms(language).moments.weekdays) == 7


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("{day} at {clock}", "{day} at {time}", "{time} is not filled in here; allowed is day clock"),
        ("hours: [12, 23], says", "hours: [13, 23], says", "clock has no rule for the hours 12"),
        ("[zero, one, ", "[one, ", "at least 10 items"),
        ("plus: plus", "pluss: plus", "not known here; allowed are digits, pairs, groups, plus, postcode"),
    ],
)
def test_a_mistake_is_told(right: str, wrong: str, error: str, tmp_path: Path) -> None:
    text = (SHIPPED / "en" / "spoken.yaml").read_text()
    assert text.count(right) == 1
    path = tmp_path / "spoken.yaml"
    path.write_text(text.replace(right, wrong))
    with pytest.raises(FileError) as raised:
        yaml_file.load(path, Forms)
    assert error in str(raised.value)
