"""Moments that the agent offers or the caller volunteers, and answers beside a goodbye."""

from pathlib import Path

import pytest

from callcenter.dialogue.brain import Fetch, Fetched
from tests.dialogue.test_states import GOODBYE, Talk

OFFER = """
states:
  a: {ask: rooms, go: look}
  look: {do: {fetch: {url: "http://x", keep: {free: free}}}, go: offer}
  offer: {say: "We are free {free}.", ask: visit, end: true}
"""
FREE = "slots:\n  free: {type: moment}"


@pytest.mark.parametrize(
    ("said", "visit"),
    [
        ("At eleven.", "2026-11-26T11:00"),
        ("Rather at half past three.", "2026-11-26T15:30"),
        ("Friday at eleven.", "2026-11-27T11:00"),
        ("Rather Friday.", "2026-11-27T10:30"),
    ],
)
def test_a_time_alone_is_meant_on_the_day_that_was_offered(said: str, visit: str, tmp_path: Path) -> None:
    talk = Talk(OFFER, tmp_path, slots=FREE)
    talk.say("Two.")
    answer = talk.tell(Fetched(result="ok", values={"free": "2026-11-26T10:30"}))
    assert answer.startswith("We are free Thursday at 10:30 a.m.")
    assert talk.say("What does it cost?").startswith("It really is.")
    talk.say(said)
    assert talk.slots["visit"] == visit


def test_without_an_offer_it_is_the_next_such_time(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: visit, end: true}}", tmp_path)
    talk.say("At eleven.")
    assert talk.slots == {"visit": "2026-11-23T11:00"}


WILLING = """
states:
  a: {question: "May we come and see you?", again: ["May we?"], on: [{if: {heard: visit}, go: b}], end: refused}
  b: {ask: [visit, phone], end: callback}
"""


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("Tuesday at ten.", {"visit": "2026-11-24T10:00"}),
        ("It has been so since Monday.", {}),
        ("Since Sunday night.", {}),
        ("In ten minutes.", {}),
    ],
)
def test_a_day_and_its_hour_are_kept_though_not_asked_for(said: str, slots: dict[str, str], tmp_path: Path) -> None:
    talk = Talk(WILLING, tmp_path)
    answer = talk.say(said)
    assert talk.slots == slots
    assert answer.endswith("What is your phone number?") is bool(slots)


def test_a_moment_that_may_not_be_is_refused_there(tmp_path: Path) -> None:
    assert Talk(WILLING, tmp_path).say("Sunday at ten.") == "We are closed then. May we come and see you?"


QUESTION = """
states:
  a: {question: "May we?", on: [{if: {intent: yes}, go: b}, {if: {intent: no}, end: refused}], end: true}
  b: {ask: phone, end: callback}
outcomes: [{if: {count: {b: 1}}, outcome: willing}]
"""


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("Yes, goodbye.", "willing"), ("No, goodbye.", "refused"), ("Goodbye.", "hung_up"), ("Well, goodbye.", "hung_up")],
)
def test_an_answer_beside_a_goodbye_counts(said: str, outcome: str, tmp_path: Path) -> None:
    talk = Talk(QUESTION, tmp_path)
    talk.say(said)
    assert talk.over
    assert talk.brain.outcome == outcome


def test_a_slot_is_filled_beside_a_goodbye(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [owner, rooms], end: true}}", tmp_path)
    assert talk.say("Yes, I do, goodbye.") == GOODBYE
    assert talk.slots == {"owner": True}


def test_a_goodbye_is_none_of_the_answers_to_another_question(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [rooms, owner], end: true}}", tmp_path)
    assert talk.say("No, goodbye.") == GOODBYE
    assert talk.slots == {}


def test_details_are_confirmed_beside_a_goodbye(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {ask: rooms, go: b}
  b: {confirm: true, go: book}
  book: {do: {fetch: {url: "http://x", keep: {ticket: id}}}, go: c}
  c: {say: "It is booked.", end: booked}
""",
        tmp_path,
    )
    talk.say("Two.")
    talk.say("Yes, goodbye.")
    assert isinstance(talk.actions[-1], Fetch)
    assert talk.tell(Fetched(result="ok")) == f"It is booked. {GOODBYE}"


def test_who_does_not_know_has_not_refused(tmp_path: Path) -> None:
    talk = Talk(
        'states: {a: {question: "May we?", again: ["Well?"], on: [{if: {intent: no}, end: no}], end: true}}', tmp_path
    )
    assert talk.say("No idea.") == "Well?"


def test_a_yes_that_no_intent_knows_is_one_to_a_question(tmp_path: Path) -> None:
    talk = Talk('states: {a: {question: "May we?", on: [{if: {intent: yes}, end: yes}], end: lost}}', tmp_path)
    talk.say("Well, sounds good.")
    assert talk.brain.outcome == "yes"


def test_a_moment_may_be_too_far_ahead(tmp_path: Path) -> None:
    slots = "slots:\n  soon: {type: moment, check: {within_days: 3}, wrong: Too late.}"
    talk = Talk("states: {a: {ask: soon, end: true}}", tmp_path, slots=slots)
    assert talk.say("Friday at ten.").startswith("Too late.")
    talk.say("Thursday at ten.")
    assert talk.slots == {"soon": "2026-11-26T10:00"}


def test_of_a_bare_hour_the_half_of_the_day_is_meant_that_the_check_allows(tmp_path: Path) -> None:
    slots = "slots:\n  dinner: {type: moment, check: {open: kitchen}}"
    people = 'people:\n  kitchen: {dial: PJSIP/kitchen, hours: {mon-sun: "18:00-22:00"}}'
    talk = Talk("states: {a: {ask: dinner, end: true}}", tmp_path, slots=slots, people=people)
    talk.say("Friday at eight.")
    assert talk.slots == {"dinner": "2026-11-27T20:00"}
