"""What callers mean besides answers, with the shipped flow's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import intents
from callcenter.dialogue.flow import load_flow

FLOW = load_flow("investment")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm busy right now.", "busy"),
        ("Busy.", "busy"),
        ("I have no time for this", "busy"),
        ("I am in a meeting", "busy"),
        ("Why do you ask?", "why"),
        ("Why?", "why"),
        ("why do you need my number", "why"),
        ("Are you a robot?", "robot"),
        ("Am I talking to a robot?", "robot"),
        ("are you a row bot", None),
        ("Not interested.", "not_interested"),
        ("No, I'm not interested.", "not_interested"),
        ("I am really not intrested in this", "not_interested"),
        ("don't call me again", "not_interested"),
        ("I am interested in stocks", None),
        ("Call me later.", "later"),
        ("Can you call me another time?", "later"),
        ("Let me talk to someone.", "human"),
        ("Can I speak to a real person please", "human"),
        ("Put me through to an adviser", "human"),
        ("Sorry, could you say that again?", "repeat"),
        ("Pardon?", "repeat"),
        ("What?", "repeat"),
        ("Hold on.", "hold"),
        ("Just a moment, please.", "hold"),
        ("I'd rather not say", "withheld"),
        ("Goodbye.", "goodbye"),
        ("Okay, bye", "goodbye"),
        ("Yes.", "yes"),
        ("Yeah, that's right.", "yes"),
        ("Correct.", "yes"),
        ("No.", "no"),
        ("No, thank you.", "no"),
        ("That's wrong", "no"),
        ("That's all.", "no"),
        ("uh-huh", "filler"),
        ("Okay.", "filler"),
        ("index funds", None),
        ("fifty thousand dollars", None),
        ("Karen Mitchell", None),
        ("five five five", None),
        ("", None),
    ],
)
def test_intents(text: str, expected: str | None) -> None:
    found = intents.best(text, FLOW.intents)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who are you?", "who"),
        ("What does it cost?", "cost"),
        ("What do you recommend?", "advice"),
        ("Is my money safe?", "safe"),
        ("Do you record this?", "data"),
        ("stocks", None),
    ],
)
def test_questions(text: str, expected: str | None) -> None:
    found = intents.best(text, FLOW.answers)
    assert (found.name if found else None) == expected


def test_a_misspelt_phrase_is_less_sure() -> None:
    exact, misspelt = intents.best("not interested", FLOW.intents), intents.best("not intrested", FLOW.intents)
    assert exact
    assert misspelt
    assert exact.confidence == 1.0
    assert 0.88 <= misspelt.confidence < 1.0


@given(st.text())
def test_nothing_raises(text: str) -> None:
    intents.best(text, FLOW.intents)
