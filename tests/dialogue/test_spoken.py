"""Values in words that a voice reads well."""

from datetime import date, datetime
from typing import Any

import pytest

from callcenter.dialogue import spoken
from callcenter.dialogue.flow import load_flow

TODAY = date(2026, 11, 21)
FLOW = load_flow("investment")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (500, "500 dollars"),
        (60_000, "60,000 dollars"),
        (1_000_000, "1 million dollars"),
        (1_500_000, "1.5 million dollars"),
        (1_234_567, "1,234,567 dollars"),
        (2_250_000, "2.25 million dollars"),
        (3_000_000_000, "3 billion dollars"),
        (99.5, "99.50 dollars"),
        ([20_000, 30_000], "20,000 to 30,000 dollars"),
    ],
)
def test_money(amount: float | list[float], expected: str) -> None:
    assert spoken.money(amount, "dollars") == expected


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("+15552347890", "US", "five five five, two three four, seven eight nine zero"),
        ("+442079460958", "US", "plus four four, two zero, seven nine four six, zero nine five eight"),
        ("+442079460958", "GB", "zero two zero, seven nine four six, zero nine five eight"),
    ],
)
def test_phone(number: str, country: str, expected: str) -> None:
    assert spoken.phone(number, country) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-21T18:00", "today at 6 p.m."),
        ("2026-11-22T15:00", "tomorrow at 3 p.m."),
        ("2026-11-24T10:30", "Tuesday at 10:30 a.m."),
        ("2026-11-28T12:00", "Saturday the 28th of November at noon"),
        ("2026-12-01T00:15", "Tuesday the 1st of December at 12:15 a.m."),
        ("2026-12-02T09:05", "Wednesday the 2nd of December at 9:05 a.m."),
        ("2026-12-03T09:00", "Thursday the 3rd of December at 9 a.m."),
        ("2026-12-11T09:00", "Friday the 11th of December at 9 a.m."),
        ("2026-12-22T09:00", "Tuesday the 22nd of December at 9 a.m."),
    ],
)
def test_moment(at: str, expected: str) -> None:
    assert spoken.moment(datetime.fromisoformat(at), TODAY) == expected


@pytest.mark.parametrize(
    ("slot", "content", "expected"),
    [
        ("interest", ["stocks"], "stocks"),
        ("interest", ["stocks", "bonds", "crypto"], "stocks, bonds and crypto"),
        ("amount", 60_000, "60,000 dollars"),
        ("risk", "conservative", "low risk"),
        ("timeline", "long", "long term"),
        ("name", "Karen Mitchell", "Karen Mitchell"),
        ("callback", "2026-11-22T15:00", "tomorrow at 3 p.m."),
    ],
)
def test_slots(slot: str, content: Any, expected: str) -> None:
    assert spoken.value(FLOW, slot, content, TODAY) == expected
