"""All shipped personas as text: once as they speak, and many times as a recogniser might write it down."""

import random
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation import expectation, persona
from callcenter.simulation.persona import Persona
from callcenter.workshop.conversation import Conversation, play

FLOW = load_flow("investment")
NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
FILES = sorted((Path(__file__).parent.parent / "personas").glob("*.yaml"))


def converse(lines: Persona, heard: Callable[[str], str] = str) -> Conversation:
    return play(ScriptedBrain(FLOW, now=lambda: NOW), lines, heard)


def slots_right(lines: Persona, conversation: Conversation) -> int:
    return expectation.count(lines.expect.slots, conversation.slots, NOW.date())


def test_a_dozen_are_shipped() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_as_they_speak(path: Path) -> None:
    lines = persona.load(path)
    conversation = converse(lines)
    assert conversation.brain.outcome == lines.expect.outcome, conversation
    assert slots_right(lines, conversation) == len(lines.expect.slots), conversation
    assert conversation.ended_by == ("caller" if any(line.hang_up for line in lines.lines) else "agent"), conversation


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_the_agent_says_has_no_placeholder(path: Path) -> None:
    assert not any("{" in each.agent for each in converse(persona.load(path)).exchanges)


def bare(text: str) -> str:
    """No punctuation, lower case."""
    return re.sub(r"[^\w\s']", "", text).lower()


def comma_happy(text: str) -> str:
    return re.sub(r"(?<=[a-z]) (?=and|for|with|please)", ", ", text)


_UP_TO_TEN = "zero one two three four five six seven eight nine ten"
_NUMBERS = {word: str(value) for value, word in enumerate(_UP_TO_TEN.split())}
_NUMBERS |= {"eighteen": "18", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"}
_NUMBERS |= {"sixty": "60", "seventy": "70", "eighty": "80"}
_KEPT = {*_NUMBERS, "fifteen", "hundred", "thousand", "dollars", "years", "months", "afternoon", "morning"}
"""Words that a recogniser gets right or leaves out; it never writes `thousnd`."""


def in_digits(text: str) -> str:
    """Numbers as Whisper writes them: `$60,000`, `555-234-7890`."""
    written = re.sub(r"\w+", lambda word: _NUMBERS.get(word[0].lower(), word[0]), text)
    written = re.sub(r"(\d\d) thousand dollars", r"$\1,000", written)
    return re.sub(r"(\d) (\d) (\d), (\d) (\d) (\d), (\d) (\d) (\d) (\d)", r"\1\2\3-\4\5\6-\7\8\9\g<10>", written)


def spaced_numbers(text: str) -> str:
    return re.sub(r"\$(\d+),000", r"\1 ,000", re.sub(r"-", " - ", in_digits(text)))


_CONFUSED = {
    "index funds": "index fans",
    "stocks": "stalks and stocks",
    "bitcoin": "bit coin",
    "low risk": "low-risk",
    "a pension": "a pention",
    "I'm": "I am",
    "Yes": "Yeah",
    "medium": "mediums",
    "property": "properties",
}


def confused(text: str) -> str:
    """Words as a recogniser mistakes them."""
    for right, wrong in _CONFUSED.items():
        text = re.sub(rf"\b{right}\b", wrong, text)
    return text


def typos(seed: int) -> Callable[[str], str]:
    """One letter in twenty-five wrong in words of five letters or more, those of numbers and names aside."""
    chance = random.Random(seed)

    def change(match: re.Match[str]) -> str:
        word = match[0]
        if word in _KEPT or chance.random() > len(word) / 25:
            return word
        place = chance.randrange(1, len(word))
        return word[:place] + chance.choice(["", word[place] * 2]) + word[place + 1 :]

    return lambda text: re.sub(r"\b[a-z]{5,}\b", change, text)


MISHEARD: dict[str, Callable[[str], str]] = {
    "bare": bare,
    "comma_happy": comma_happy,
    "in_digits": in_digits,
    "spaced_numbers": spaced_numbers,
    "confused": confused,
    "loud": str.upper,
    "trailing": lambda text: f"Uh, {text} Um.",
    **{f"typos_{seed}": typos(seed) for seed in range(8)},
}


@pytest.mark.parametrize("how", MISHEARD)
def test_as_a_recogniser_writes_it(how: str) -> None:
    right = total = outcomes = 0
    wrong: list[str] = []
    for path in FILES:
        lines = persona.load(path)
        conversation = converse(lines, MISHEARD[how])
        found, expected = slots_right(lines, conversation), len(lines.expect.slots)
        right, total = right + found, total + expected
        outcomes += conversation.brain.outcome == lines.expect.outcome
        if found < expected or conversation.brain.outcome != lines.expect.outcome:
            wrong.append(str(conversation))
    assert right >= 0.9 * total, "\n\n".join(wrong)
    assert outcomes >= 0.9 * len(FILES), "\n\n".join(wrong)
