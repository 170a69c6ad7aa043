"""Whether a caller who pauses has finished, by what was asked and what was said so far."""

import time
from copy import deepcopy
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.dialogue.brain import Answered, Completeness, Said
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation import persona
from callcenter.workshop.conversation import play

FLOW = load_flow("investment")
NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
PERSONAS = sorted((Path(__file__).parent.parent / "personas").glob("*.yaml"))
COMPLETE, OPEN, UNFINISHED = Completeness.COMPLETE, Completeness.OPEN, Completeness.UNFINISHED

ANSWERS = {
    "interest": "Stocks.",
    "amount": "Fifty thousand dollars.",
    "risk": "Low risk.",
    "timeline": "Ten years.",
    "name": "Karen Mitchell.",
    "phone": "555-234-7890.",
    "callback": "Tomorrow at three.",
    "confirm": "Yes.",
}
"""In the order in which they are asked."""


def asked(topic: str) -> ScriptedBrain:
    """A brain that has just asked about `topic`."""
    brain = ScriptedBrain(FLOW, now=lambda: NOW)
    brain.decide(Answered(caller="+15551230000"))
    for before, answer in ANSWERS.items():
        if before == topic:
            break
        brain.decide(Said(text=answer))
    return brain


@pytest.mark.parametrize(
    ("topic", "text", "expected"),
    [
        ("interest", "Stocks.", COMPLETE),
        ("interest", "Mostly index funds.", COMPLETE),
        ("interest", "I would like to invest in", UNFINISHED),
        ("interest", "Stocks and", UNFINISHED),
        ("interest", "Well,", UNFINISHED),
        ("interest", "Um", UNFINISHED),
        ("interest", "I want either stocks", UNFINISHED),
        ("interest", "I want either stocks or bonds.", COMPLETE),
        ("interest", "Hello Joe, nice to talk to you.", OPEN),
        ("interest", "Hello.", OPEN),
        ("interest", "Hello?", COMPLETE),
        ("interest", "I have fifty thousand dollars.", OPEN),
        ("interest", "Are you a robot?", COMPLETE),
        ("interest", "I'm not interested.", COMPLETE),
        ("interest", "I'm busy right now, I have no time.", COMPLETE),
        ("interest", "Can I talk to a real person?", COMPLETE),
        ("interest", "What does it cost?", COMPLETE),
        ("interest", "Goodbye.", COMPLETE),
        ("interest", "", OPEN),
        ("interest", "...", OPEN),
        ("amount", "Fifty thousand dollars.", COMPLETE),
        ("amount", "About $50,000", COMPLETE),
        ("amount", "Two hundred and", UNFINISHED),
        ("amount", "Between twenty thousand", UNFINISHED),
        ("amount", "Between twenty and thirty thousand", COMPLETE),
        ("amount", "About fifty thousand, no", UNFINISHED),
        ("amount", "About fifty thousand, no, sorry", UNFINISHED),
        ("amount", "$50,000, no, sorry...", UNFINISHED),
        ("amount", "Fifty thousand. Actually,", UNFINISHED),
        ("amount", "Fifty thousand. No, sorry, sixty thousand.", COMPLETE),
        ("amount", "Fifty", OPEN),
        ("amount", "Five billion dollars.", OPEN),
        ("amount", "It is about", UNFINISHED),
        ("amount", "I saved for a long time", OPEN),
        ("amount", "Sorry?", COMPLETE),
        ("amount", "Sorry.", OPEN),
        ("amount", "Could you say that again?", COMPLETE),
        ("amount", "Hold on.", OPEN),
        ("amount", "Let me think.", UNFINISHED),
        ("amount", "I'd rather not say.", COMPLETE),
        ("amount", "What is that for?", COMPLETE),
        ("amount", "Okay.", COMPLETE),
        ("risk", "Low.", COMPLETE),
        ("risk", "All in.", COMPLETE),
        ("risk", "High risk. No, sorry,", UNFINISHED),
        ("risk", "I sleep badly already, so please,", UNFINISHED),
        ("timeline", "Ten.", COMPLETE),
        ("timeline", "Until I retire.", COMPLETE),
        ("timeline", "Five years. Actually, make it", UNFINISHED),
        ("timeline", "Ten to", UNFINISHED),
        ("name", "Karen Mitchell.", COMPLETE),
        ("name", "Karen.", OPEN),
        ("name", "My name is", UNFINISHED),
        ("name", "Of course.", UNFINISHED),
        ("risk", "Not too high, but not the lowest either.", COMPLETE),
        ("interest", "Yes, I do have some money", OPEN),
        ("confirm", "I think so.", COMPLETE),
        ("amount", "My children are small, so I would say", UNFINISHED),
        ("name", "Karen, um", UNFINISHED),
        ("phone", "555-234-7890", COMPLETE),
        ("phone", "555-234-7890,", COMPLETE),
        ("phone", "Five five five, two three four,", UNFINISHED),
        ("phone", "555-234.", UNFINISHED),
        ("phone", "Five five.", UNFINISHED),
        ("phone", "My number is.", UNFINISHED),
        ("phone", "Sure.", UNFINISHED),
        ("phone", "555-234-7890-55-66", OPEN),
        ("phone", "The number I'm calling from.", COMPLETE),
        ("phone", "+44 20 7946 0958", COMPLETE),
        ("phone", "+49 30 1234567", OPEN),
        ("phone", "No.", OPEN),
        ("phone", "Could you repeat that?", COMPLETE),
        ("callback", "Tomorrow at three.", COMPLETE),
        ("callback", "Tomorrow", OPEN),
        ("callback", "At three.", OPEN),
        ("callback", "Monday morning.", COMPLETE),
        ("callback", "Monday at", UNFINISHED),
        ("callback", "In two hours.", COMPLETE),
        ("callback", "Any time.", COMPLETE),
        ("callback", "Well, let me see", UNFINISHED),
        ("callback", "I am at home", UNFINISHED),
        ("confirm", "Yes.", COMPLETE),
        ("confirm", "Yes, it is.", COMPLETE),
        ("confirm", "Okay.", COMPLETE),
        ("confirm", "Yes, but", UNFINISHED),
        ("confirm", "No.", OPEN),
        ("confirm", "No, sorry,", UNFINISHED),
        ("confirm", "No, the amount is", UNFINISHED),
        ("confirm", "No, the amount", UNFINISHED),
        ("confirm", "No, sorry, the amount is seventy thousand dollars.", COMPLETE),
        ("more", "No.", COMPLETE),
        ("more", "Thanks, no.", COMPLETE),
        ("more", "No, that's all. It was nice talking to you.", COMPLETE),
        ("more", "Yes.", OPEN),
    ],
)
def test_judged(topic: str, text: str, expected: Completeness) -> None:
    assert asked(topic).completeness(text) is expected


def test_the_rest_of_a_number_begun_before() -> None:
    brain = asked("phone")
    brain.decide(Said(text="555."))
    assert brain.completeness("234") is UNFINISHED
    assert brain.completeness("234-7890") is COMPLETE


def test_after_a_guess_and_an_offer() -> None:
    brain = asked("amount")
    brain.decide(Said(text="Fifty."))
    assert brain.completeness("Yes.") is COMPLETE
    assert brain.completeness("No.") is OPEN
    brain = asked("interest")
    brain.decide(Said(text="I'm not interested."))
    assert brain.completeness("No.") is COMPLETE


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_no_line_of_a_persona_is_held_up(path: Path) -> None:
    brain = ScriptedBrain(FLOW, now=lambda: NOW)
    judged: dict[str, Completeness] = {}

    def heard(text: str) -> str:
        judged[text] = brain.completeness(text)
        return text

    play(brain, persona.load(path), heard)
    assert judged
    assert [text for text, completeness in judged.items() if completeness is UNFINISHED] == []


OPEN_WORDS = {
    "and",
    "i",
    "in",
    "is",
    "it",
    "my",
    "so",
    "the",
    "to",
    "want",
    "at",
    "for",
    "about",
    "between",
    "are",
    "by",
}
ANSWERED = {"Five years. What does it", "No, that's all. It"}
"""What was asked is answered; more may come, but need not."""


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_a_line_of_a_persona_cut_short_is_not_an_answer(path: Path) -> None:
    brain = ScriptedBrain(FLOW, now=lambda: NOW)
    wrong = []

    def heard(text: str) -> str:
        words = text.split()
        for count in range(1, len(words)):
            begun = " ".join(words[:count])
            is_open = words[count - 1].lower() in OPEN_WORDS and begun not in ANSWERED
            if is_open and brain.completeness(begun) is COMPLETE:
                wrong.append(begun)
        return text

    play(brain, persona.load(path), heard)
    assert wrong == []


BRAINS = {topic: asked(topic) for topic in (*ANSWERS, "more")}


@settings(deadline=None)
@given(topic=st.sampled_from(list(BRAINS)), text=st.text(max_size=80))
def test_any_text_is_judged_and_changes_nothing(topic: str, text: str) -> None:
    brain = BRAINS[topic]
    before = deepcopy(brain.lead), brain.outcome
    assert brain.completeness(text) is brain.completeness(text)
    assert (brain.lead, brain.outcome) == before


def test_it_is_quick() -> None:
    brain = asked("callback")
    texts = ["I am at home in the morning, so please call on Monday at nine o'clock. " * 2, "Tomorrow."]
    for text in texts:
        brain.completeness(text)
    began = time.thread_time()
    for _ in range(20):
        for text in texts:
            brain.completeness(text)
    assert (time.thread_time() - began) / 40 < 0.02
