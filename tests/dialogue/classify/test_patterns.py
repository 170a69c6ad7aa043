"""Understanding by words and phrases."""

import pytest

from callcenter.dialogue.classify.classifier import Kind, Source
from callcenter.dialogue.classify.patterns import Patterns, openings
from tests.dialogue.classify.known import MEANINGS


@pytest.mark.parametrize(
    ("text", "alone", "first"),
    [
        ("I am busy.", "busy", "busy"),
        ("An operator, please", "human", "human"),
        ("What does it cost?", "cost", "cost"),
        ("Yes.", "yes", "yes"),
        ("Yes, that is right.", "yes", "yes"),
        ("Yes, but how much would I have to pay?", "yes", None),
        ("Yes, what does it cost?", "cost", "cost"),
        ("Yes, I am busy, is it safe?", "busy", "busy"),
        ("No, and now leave me in peace", "no", None),
        ("Fifty thousand dollars", None, None),
        ("", None, None),
    ],
)
async def test_what_is_meant(text: str, alone: str | None, first: str | None) -> None:
    for expected, patterns in ((alone, Patterns(MEANINGS)), (first, Patterns(MEANINGS, first=True))):
        found = await patterns.classify(text)
        assert (found.name if found else None) == expected


async def test_openings_alone_are_what_is_left_to_try() -> None:
    rest = Patterns(openings(MEANINGS))
    found = await rest.classify("Yes, but how much would I have to pay?")
    assert found
    assert found.name == "yes"
    assert await rest.classify("I am busy") is None


async def test_who_understood_it_and_as_what() -> None:
    found = await Patterns(MEANINGS).classify("are your lines buzy")
    assert found
    assert (found.name, found.kind, found.source, found.sure) == ("busy", Kind.ANSWER, Source.PATTERNS, True)
    assert 0.88 <= found.confidence < 1
