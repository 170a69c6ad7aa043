"""The lanes name tests that are there, and all that share the house."""

import re
from pathlib import Path

from tests.lanes import CLOUDS, HOUSE, LONG, lane, turn

ROOT = Path(__file__).parent.parent


def test_who_shares_the_house_is_in_its_lane() -> None:
    shared = re.compile(r"def (?:test_|provider)\w*\([^)]*\bhouse: House\b")
    texts = {path: path.read_text() for path in ROOT.glob("tests/real/test_*.py")}
    found = {
        str(path.relative_to(ROOT))
        for path, text in texts.items()
        if shared.search(text) and "def house(" not in text  # which is their own
    }
    assert found
    assert found <= HOUSE


def test_all_that_is_named_is_there() -> None:
    assert [path for path in {*HOUSE, *CLOUDS, *LONG} if not (ROOT / path).exists()] == []


def test_a_file_is_a_lane_unless_it_shares_one() -> None:
    assert lane("tests/test_call.py::test_one[a::b]") == "tests/test_call.py"
    assert lane("tests/real/test_daemon.py::test_one") == lane("tests/real/test_personas.py::test_two") == "house"
    assert lane("tests/real/test_cloud_faults.py::test_one") == "clouds"


def test_long_ones_come_first() -> None:
    assert turn("tests/real/test_cloud_faults.py::test_one") < turn("tests/real/test_broken_house.py::test_two")
    assert turn("tests/real/test_broken_house.py::test_one") < turn("tests/real/test_espeak.py::test_two")
