"""What callers leave as a message, and slots that they name with accents."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.understanding import Understood, understand

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday

FLOW = """\
name: desk
language: en
country: US
greeting: Hello.
slots:
  message: {type: text, ask: "What may I tell them?"}
  note: {type: text, ask: "Anything to add?", named: [número]}
states:
  take: {ask: [message, note], end: true}
answers:
  address: {phrases: [where are you], say: In Main Street.}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    path = tmp_path / "desk.yaml"
    path.write_text(FLOW, encoding="utf-8")
    return load_flow(path)


def heard(text: str, flow: Flow, **situation: Any) -> Understood:
    return understand(text, flow, Situation(now=NOW, caller="", asked="message", **situation))


@pytest.mark.parametrize(
    "text",
    [
        "He can call me back later.",
        "Tell her that I am busy on Monday.",
        "I am not interested in his last offer.",
        "I did not understand the invoice of May.",
        "I would like to know where are you.",
        "The printer is broken",
    ],
)
def test_a_message_may_say_anything(flow: Flow, text: str) -> None:
    found = heard(text, flow)
    assert found.values["message"].value == text
    assert (found.intent, found.answer) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "Call me later.",
        "Where are you?",
        "I want to talk to a real person",
        "Goodbye",
        "Why do you ask?",
        "Say that again?",
    ],
)
def test_what_is_said_to_the_agent_is_no_message(flow: Flow, text: str) -> None:
    found = heard(text, flow)
    assert "message" not in found.values
    assert found.intent or found.answer


@pytest.mark.parametrize("text", ["the numero is wrong", "the número is wrong"])
def test_a_slot_is_named_with_and_without_its_accent(flow: Flow, text: str) -> None:
    assert heard(text, flow, reviewing=True).named == "note"
