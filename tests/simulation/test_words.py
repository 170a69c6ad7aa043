"""Word error rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.simulation.words import WordErrors, normalised, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "errors", "words"),
    [
        ("Mostly index funds.", "mostly index funds", 0, 3),
        ("Mostly index funds.", "Mostly in next funds", 2, 3),
        ("Mostly index funds.", "", 3, 3),
        ("Yes.", "Yes, yes, yes.", 2, 1),
        ("Fifty thousand dollars", "50,000 dollars", 0, 2),
        ("sixty thousand", "60000", 0, 1),
        ("Five thousand dollars.", "$5,000.", 0, 2),
        ("five five five two three four", "555-234", 0, 6),
        ("Five five five, two three four, seven eight nine zero.", "555 234 7890.", 0, 10),
        ("five five five", "time five five", 1, 3),
        ("That’s right", "that's right", 0, 2),
        ("low-risk", "low risk", 0, 2),
        ("", "noise", 1, 0),
    ],
)
def test_english(said: str, heard: str, errors: int, words: int) -> None:
    assert word_errors(said, heard, "en") == WordErrors(errors=errors, words=words)


def test_other_languages() -> None:
    assert word_errors("cinquante mille euros", "50 000 euros", "fr").errors == 0
    assert word_errors("dobrý den", "dobrý den", "cs").errors == 0


def test_rate() -> None:
    assert WordErrors().rate is None
    assert (WordErrors(errors=1, words=4) + WordErrors(errors=0, words=4)).rate == 0.125


@given(st.text())
def test_any_text_is_like_itself(text: str) -> None:
    assert word_errors(text, text, "en").errors == 0
    assert all(word == word.lower() for word in normalised(text, "en"))
