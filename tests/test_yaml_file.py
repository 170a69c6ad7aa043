"""YAML files, and mistakes in them."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from callcenter import yaml_file
from callcenter.errors import FileError


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: str
    times: int = 1


class Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    rows: list[Row] = []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("name: [1]\n", [1]),
        ("rows: []\n", [1]),
        ("name: a\nrows:\n  - {on: b}\n  - {on: c,\n     times: many}\n", [5]),
        ("name: a\nrows:\n  - times: 1\n", [3]),
        ("name: a\ncolour: red\nrows:\n  - {on: b, off: c}\n", [2, 4]),
        ("name: a\n  b: c\n", [2]),
        ("name: a\n- b\n", [2]),
        ("", [1]),
        ("name: a\nrows:\n  - &b\n    times: 1\n    on: c\n  - <<: *b\n    times: many\n", [7]),
        ("name: a\nname: [1]\n", [2]),
    ],
)
def test_mistakes_name_their_lines(tmp_path: Path, text: str, lines: list[int]) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        yaml_file.load(path, Sheet)
    places = [line.removeprefix(f"{path}:").split(":")[0] for line in str(caught.value).splitlines()]
    assert caught.value.line == lines[0]
    assert places == [str(line) for line in lines]


def test_on_and_off_are_words(tmp_path: Path) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_text("name: no\nrows:\n  - {on: yes}\n")
    assert yaml_file.load(path, Sheet) == Sheet(name="no", rows=[Row(on="yes")])


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(FileError, match="not UTF-8"):
        yaml_file.load(path, Sheet)


def test_what_a_mapping_says_itself_holds_over_what_is_merged_in(tmp_path: Path) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_text("name: a\nrows:\n  - &b {on: c, times: 2}\n  - {<<: *b, times: 3}\n")
    assert yaml_file.load(path, Sheet).rows == [Row(on="c", times=2), Row(on="c", times=3)]
