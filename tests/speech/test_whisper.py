"""What of the decoder's answers is believed."""

import pytest

from callcenter.speech.whisper import Decoded


@pytest.mark.parametrize(
    ("text", "confidence", "invented"),
    [
        ("Mostly index funds.", 0.9, False),
        ("Yes.", 0.45, False),
        ("Transvestite.", 0.3, True),
        ("Thank you.", 0.9, False),
        ("Thank you.", 0.45, True),
        ("you", 0.5, True),
        ("My number is 555-555-5555.", 0.8, False),
        ("5 5 5 2 3 4 7 8 9 0", 0.8, False),
        ("cryptocurrency like Bitcoin " * 5, 0.8, True),
        ("interest, " * 15, 0.8, True),
    ],
)
def test_what_is_invented(text: str, confidence: float, invented: bool) -> None:
    assert Decoded(text=text, confidence=confidence, cut=False).invented is invented


def test_an_answer_that_was_cut_short_is_still_an_answer() -> None:
    assert not Decoded(text="One, two, three, four and", confidence=0.8, cut=True).invented
