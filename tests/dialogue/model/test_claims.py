"""What a model says that the caller told, against what the caller said."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.model import claims
from callcenter.dialogue.model.claims import NOT_IN_WORDS, NOT_SAID, Hearing
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.understanding import Understood

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
FLOW = load_flow("investment")


def hearing(words: str, asked: str | None = None, **more: Any) -> Hearing:
    situation = Situation(now=NOW, caller="", asked=asked)
    return Hearing(flow=more.pop("flow", FLOW), situation=situation, words=words, **more)


def recorded(heard: Hearing, slot: str, value: Any, quote: str) -> Any:
    """The value that is taken, or the refusal."""
    found = claims.record({"slot": slot, "value": value, "quote": quote}, heard)
    return found if isinstance(found, str) else found.values[slot].value


@pytest.mark.parametrize(
    ("words", "asked", "slot", "value", "quote", "taken"),
    [
        ("About fifty thousand dollars.", "amount", "amount", 50000, "fifty thousand dollars", 50000),
        ("About fifty thousand dollars.", None, "amount", "50,000", "Fifty thousand dollars!", 50000),
        ("Two hundred and fifty thousand dollars", None, "amount", 250000.0, "fifty thousand", 250000),
        ("5 5 5, 2 3 4, 7 8 9 0", "phone", "phone", "(555) 234-7890", "5 5 5, 2 3 4, 7 8 9 0", "+15552347890"),
        ("Tomorrow at ten", "callback", "callback", "2026-11-21T10:00:00", "tomorrow at ten", "2026-11-21T10:00"),
        ("My name is Laura Stein", None, "name", "laura stein", "Laura Stein", "Laura Stein"),
        ("I'd hate to lose a cent", "risk", "risk", "conservative", "hate to lose a cent", "conservative"),
        ("I'd hate to lose a cent", "amount", "risk", "conservative", "hate to lose a cent", "conservative"),
        ("until the kids are out of college", "timeline", "timeline", "long", "out of college", "long"),
        ("what my uncle digs up in Nevada", "interest", "interest", "other", "digs up", ["other"]),
        ("ten years", None, "timeline", "long", "ten years", "long"),
    ],
)
def test_believed(words: str, asked: str | None, slot: str, value: Any, quote: str, taken: Any) -> None:
    assert recorded(hearing(words, asked), slot, value, quote) == taken


@pytest.mark.parametrize(
    ("words", "asked", "slot", "value", "quote", "why"),
    [
        ("About fifty thousand dollars.", "amount", "amount", 90000, "fifty thousand dollars", NOT_IN_WORDS),
        ("About fifty thousand dollars.", "amount", "amount", 90000, "ninety thousand dollars", NOT_SAID),
        ("Two hundred and fifty thousand dollars", "amount", "amount", 50000, "fifty thousand", NOT_IN_WORDS),
        ("Quite a lot, I would say", "amount", "amount", 1000000, "quite a lot", NOT_IN_WORDS),
        ("Fifty", "amount", "amount", 50000, "fifty", NOT_IN_WORDS),  # the flow asks whether thousands are meant
        ("Fifty", "amount", "amount", True, "fifty", NOT_IN_WORDS),
        ("5 5 5, 2 3 4", "phone", "phone", "5552347890", "5 5 5, 2 3 4", NOT_IN_WORDS),
        ("Sometime", "callback", "callback", "2026-11-21T10:00", "sometime", NOT_IN_WORDS),
        ("Not high risk", "risk", "risk", "aggressive", "high risk", NOT_IN_WORDS),
        ("Certainly not stocks", "interest", "interest", ["stocks"], "stocks", NOT_IN_WORDS),
        ("Low risk", "risk", "risk", "aggressive", "low risk", NOT_IN_WORDS),
        ("Mm-hm", "risk", "risk", "aggressive", "mm-hm", NOT_IN_WORDS),
        ("I love it", "risk", "risk", "enormous", "love it", NOT_IN_WORDS),
        ("I love it", "risk", "risk", ["aggressive"], "love it", NOT_IN_WORDS),
        ("Whatever", "name", "name", "Bob Marley", "whatever", NOT_IN_WORDS),
        ("I love it", "risk", "risk", "aggressive", "", NOT_SAID),
        ("I love it", "risk", "risk", "aggressive", "...", NOT_SAID),
        ("I love it", "risk", "risk", "aggressive", 7, NOT_SAID),
        ("I love it", "risk", "risk", "aggressive", "ove i", NOT_SAID),
    ],
)
def test_refused(words: str, asked: str | None, slot: str, value: Any, quote: Any, why: str) -> None:
    assert recorded(hearing(words, asked), slot, value, quote) == why


def test_a_value_that_may_not_be_is_refused_in_the_flow_s_words() -> None:
    heard = hearing("Fifty dollars", "amount")
    assert FLOW.slots["amount"].wrong in recorded(heard, "amount", 50, "fifty dollars")


@pytest.mark.parametrize("slot", ["salary", "", None, 3, ["amount"]])
def test_slots_that_there_are_not(slot: Any) -> None:
    assert "no such slot" in recorded(hearing("fifty thousand dollars"), slot, 50000, "fifty thousand dollars")


def test_words_from_before_may_be_quoted_but_change_nothing_that_is_known() -> None:
    heard = hearing("And what now", before=("I'd hate to lose a cent",))
    assert recorded(heard, "risk", "conservative", "hate to lose") == "conservative"
    known = replace(heard.situation, known={"risk": Filled(value="moderate", heard="medium")})
    assert "known otherwise" in recorded(replace(heard, situation=known), "risk", "conservative", "hate to lose")


def test_what_is_known_already_is_no_news() -> None:
    heard = hearing("fifty thousand dollars")
    known = replace(heard.situation, known={"amount": Filled(value=50000, heard="")})
    given = {"slot": "amount", "value": 50000, "quote": "fifty thousand dollars"}
    assert claims.record(given, replace(heard, situation=known)) == Understood()


def test_a_correction_that_the_last_words_say_is_believed() -> None:
    heard = hearing("my name is Laura Stein", "phone")
    known = replace(heard.situation, known={"name": Filled(value="Blah", heard="blah")})
    assert recorded(replace(heard, situation=known), "name", "Laura Stein", "Laura Stein") == "Laura Stein"


def test_the_same_words_do_not_tell_two_things() -> None:
    heard = hearing("Medium risk", "risk", taken={"risk": Filled(value="moderate", heard="Medium risk")})
    assert recorded(heard, "timeline", "medium", "medium").startswith("refused")
    assert recorded(replace(heard, taken={}), "timeline", "medium", "medium") == "medium"


@pytest.mark.parametrize(("asked", "taken"), [("solved", True), ("line", NOT_IN_WORDS)])
def test_a_yes_is_one_to_what_was_asked(asked: str, taken: Any) -> None:
    heard = hearing("Y a pas photo, nickel", asked, flow=load_flow("support"))
    assert recorded(heard, "solved", True, "nickel") == taken


@pytest.mark.parametrize(("asked", "taken"), [("note", "llegaré tarde"), ("name", NOT_IN_WORDS)])
def test_a_text_is_the_caller_s_words(asked: str, taken: str) -> None:
    heard = hearing("Dígale que llegaré tarde", asked, flow=load_flow("appointments"))
    assert recorded(heard, "note", "anything else", "llegaré tarde") == taken


@pytest.mark.parametrize(
    ("given", "believed"),
    [
        ({"meaning": "busy", "quote": "in the car"}, Understood(intent="busy", confidence=1.0)),
        ({"meaning": "busy", "quote": "in a meeting"}, NOT_SAID),
        ({"meaning": "busy", "quote": "hello there"}, NOT_SAID),  # of before
        ({"meaning": "busy"}, NOT_SAID),
    ],
)
def test_meanings(given: dict[str, Any], believed: Any) -> None:
    assert claims.meant(given, hearing("I am in the car", before=("hello there",))) == believed


@pytest.mark.parametrize("name", ["bored", "human", "filler", None, 1])
def test_meanings_that_there_are_not(name: Any) -> None:
    assert "no such meaning" in str(claims.meant({"meaning": name, "quote": "car"}, hearing("car")))


@pytest.mark.parametrize("text", ["", "[]", "{", "7", '{"a": [}', "null"])
def test_arguments_that_are_none(text: str) -> None:
    assert claims.arguments(text) is None
