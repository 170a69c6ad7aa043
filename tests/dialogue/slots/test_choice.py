"""Choices, with the shipped flow's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot
from callcenter.dialogue.slots import choice
from callcenter.dialogue.slots.heard import Heard

FLOW = load_flow("investment")


def options(slot: str, asked: bool) -> choice.Options:
    spec = FLOW.slots[slot]
    assert isinstance(spec, ChoiceSlot | ChoicesSlot | DurationSlot)
    return {name: (*option.words, *(option.if_asked if asked else ())) for name, option in spec.options.items()}


def wanted(slot: str, text: str, asked: bool = True) -> list[str]:
    found = choice.parse(Heard.of(text, "en"), options(slot, asked), asked)
    return list(found.wanted) if found else []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mostly index funds.", ["funds"]),
        ("Index fans.", ["funds"]),
        ("index phones", ["funds"]),
        ("mutual friends", ["funds"]),
        ("ETFs", ["funds"]),
        ("bit coin", ["crypto"]),
        ("Bitcoins, please.", ["crypto"]),
        ("cripto currencies", ["crypto"]),
        ("real estate", ["property"]),
        ("Real-estate.", ["property"]),
        ("a house", ["property"]),
        ("retirement", ["pension"]),
        ("my 401k", ["pension"]),
        ("pensions", ["pension"]),
        ("pention", ["pension"]),
        ("stocks and bonds", ["stocks", "bonds"]),
        ("bonds, stocks", ["bonds", "stocks"]),
        ("shares", ["stocks"]),
        ("stalks and shares", ["stocks"]),
        ("goverment bonds", ["bonds"]),
        ("bounds", ["bonds"]),
        ("gold", ["other"]),
        ("something else", ["other"]),
        ("not crypto", []),
        ("Not crypto, bonds.", ["bonds"]),
        ("I don't want stocks, I want bonds", ["bonds"]),
        ("no stocks please, property", ["property"]),
        ("bonds rather than stocks", ["bonds"]),
        ("the weather is nice", []),
        ("", []),
    ],
)
def test_interests(text: str, expected: list[str]) -> None:
    assert wanted("interest", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Careful, please.", "conservative"),
        ("low", "conservative"),
        ("Low risk.", "conservative"),
        ("play it safe", "conservative"),
        ("not too risky", "conservative"),
        ("nothing risky", "conservative"),
        ("I don't like risk", "conservative"),
        ("consevative", "conservative"),
        ("as safe as possible", "conservative"),
        ("middle of the road", "moderate"),
        ("Medium.", "moderate"),
        ("moderate risk", "moderate"),
        ("balanced", "moderate"),
        ("somewhere in between", "moderate"),
        ("high risk", "aggressive"),
        ("High.", "aggressive"),
        ("aggressive", "aggressive"),
        ("agressive", "aggressive"),
        ("risky", "aggressive"),
        ("I can take a lot of risk", "aggressive"),
    ],
)
def test_risks(text: str, expected: str) -> None:
    assert wanted("risk", text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("long term", "long"),
        ("Long-term.", "long"),
        ("until I retire", "long"),
        ("short", "short"),
        ("medium term", "medium"),
        ("for the long run", "long"),
    ],
)
def test_terms(text: str, expected: str) -> None:
    assert wanted("timeline", text) == [expected]


def test_a_loose_word_needs_the_question() -> None:
    assert wanted("risk", "low", asked=False) == []
    assert wanted("risk", "low risk", asked=False) == ["conservative"]


def test_anything_but() -> None:
    found = choice.parse(Heard.of("anything but bonds", "en"), options("interest", True), True)
    assert found
    assert found.all_but
    assert found.unwanted == ("bonds",)


@given(st.text(), st.booleans())
def test_nothing_raises(text: str, asked: bool) -> None:
    wanted("interest", text, asked)
