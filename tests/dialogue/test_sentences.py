"""Text cut into clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.sentences import Splitter, clauses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ("Hello", ["Hello"]),
        ("Great. How much?", ["Great.", "How much?"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("Well… yes.", ["Well…", "yes."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("That is $1.5 million.", ["That is $1.5 million."]),
        ("60,000 dollars. Good.", ["60,000 dollars.", "Good."]),
        ("At 3.30 p.m. on Monday. Fine?", ["At 3.30 p.m. on Monday.", "Fine?"]),
        ("We call at 3 p.m. Is that right?", ["We call at 3 p.m.", "Is that right?"]),
        ("Mr. Miller and Dr. Baker agree. Good.", ["Mr. Miller and Dr. Baker agree.", "Good."]),
        ("No. Sorry.", ["No.", "Sorry."]),
        (
            "As far as I know, there are many good ways to do that without any risk at all to it. Shall I?",
            [
                "As far as I know,",
                "there are many good ways to do that without any risk at all to it.",
                "Shall I?",
            ],
        ),
        (
            "Okay. As far as I know, there are many good ways to do that without any risk.",
            [
                "Okay.",
                "As far as I know, there are many good ways to do that without any risk.",
            ],
        ),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_a_clause_is_there_as_soon_as_the_next_begins() -> None:
    splitter = Splitter()
    assert splitter.feed("Great") == []
    assert splitter.feed(". ") == []
    assert splitter.feed("How much") == ["Great. "]
    assert splitter.flush() == ["How much"]


def test_it_can_be_used_again_after_a_flush() -> None:
    splitter = Splitter()
    assert splitter.feed("One. Two") == ["One. "]
    assert splitter.flush() == ["Two"]
    assert splitter.feed("Three. Four") == ["Three. "]


_TEXT = st.lists(
    st.sampled_from(["Yes", "p.m.", "3.30", "Mr.", ". ", ", ", " ", "? ", "on", "Monday", "$1.5", "…", "\n"])
).map("".join)


@given(_TEXT, st.lists(st.integers(1, 9), min_size=1))
def test_streamed_it_is_cut_as_in_one_piece(text: str, sizes: list[int]) -> None:
    whole, streamed = Splitter(), Splitter()
    at_once = [*whole.feed(text), *whole.flush()]
    pieces: list[str] = []
    place = 0
    while place < len(text):
        size = sizes[place % len(sizes)]
        pieces += streamed.feed(text[place : place + size])
        place += size
    assert [*pieces, *streamed.flush()] == at_once


@given(st.text(min_size=1).filter(str.strip))
def test_together_they_are_the_text(text: str) -> None:
    splitter = Splitter()
    assert "".join([*splitter.feed(text), *splitter.flush()]) == text
