"""Pauses inside what is said."""

import pytest

from callcenter.simulation.pauses import Phrase, phrases, spoken


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("Yes.", [Phrase(words="Yes.")], "Yes."),
        ("", [Phrase(words="")], ""),
        (
            "My number is ... [700] five five five",
            [Phrase(words="My number is ...", pause_ms=700), Phrase(words="five five five")],
            "My number is ... five five five",
        ),
        (
            "Five[0]six [50]  seven.",
            [Phrase(words="Five", pause_ms=0), Phrase(words="six", pause_ms=50), Phrase(words="seven.")],
            "Five six seven.",
        ),
    ],
)
def test_cut_at_the_marks(text: str, expected: list[Phrase], words: str) -> None:
    assert phrases(text) == expected
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("One [long] two", "milliseconds in brackets"),
        ("One [ 700 ] two", "milliseconds in brackets"),
        ("One [700", "milliseconds in brackets"),
        ("[700] One", "between words"),
        ("One [700] ...", "between words"),
        ("One [300] [300] two", "between words"),
        ("One [10001] two", "at most 10000 ms"),
    ],
)
def test_marks_that_are_none(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        phrases(text)
