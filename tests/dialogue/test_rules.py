"""Which rule is used, what it forgets, and what goes beside it."""

from pathlib import Path

import pytest

from callcenter.dialogue.brain import Fetch, Fetched
from callcenter.dialogue.flow import load_flow
from callcenter.errors import FileError
from tests.dialogue.test_states import GOODBYE, Talk

SALES = """
states:
  a: {ask: [department, rooms], on: [{if: {is: {department: sales}}, go: gone}], end: true}
  gone: {end: not_eligible}
  boss: {ask: phone, end: callback}
"""


def test_a_rule_of_all_states_for_what_was_said_goes_before_one_for_what_is_so(tmp_path: Path) -> None:
    talk = Talk(SALES + "always: [{if: {intent: human}, go: boss}]", tmp_path)
    assert talk.say("Sales, but let me talk to the boss.") == "What is your phone number?"
    assert (talk.slots, talk.brain.state) == ({"department": "sales"}, "boss")


def test_an_aside_leaves_the_rule_for_what_is_so_in_force(tmp_path: Path) -> None:
    talk = Talk(SALES + "always: [{if: {intent: abroad}, say: Only here.}]", tmp_path)
    assert talk.say("Sales, and I live in France.") == f"Only here. {GOODBYE}"
    assert talk.brain.outcome == "not_eligible"


def test_a_states_own_rule_for_what_was_said_goes_by_its_order(tmp_path: Path) -> None:
    states = """
states:
  a:
    ask: [department, rooms]
    on: [{if: {is: {department: sales}}, end: sold}, {if: {intent: human}, end: own}]
    end: true
always: [{if: {intent: human}, end: others}]
"""
    both, alone = Talk(states, tmp_path), Talk(states, tmp_path)
    both.say("Sales, but let me talk to the boss.")
    alone.say("Let me talk to the boss.")
    assert (both.brain.outcome, alone.brain.outcome) == ("sold", "own")


def test_a_slot_is_forgotten_and_asked_for_anew(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {ask: [rooms, owner], go: b}
  b: {question: "So?", on: [{if: {intent: abroad}, say: Once more., forget: [rooms, owner], go: a}], end: true}
""",
        tmp_path,
    )
    talk.say("Six.")
    talk.say("Yes.")
    assert talk.say("But I live in France.") == "Once more. How many rooms?"
    assert talk.slots == {}


def test_what_is_forgotten_must_be_a_slot_that_is_not_set(tmp_path: Path) -> None:
    states = "states: {a: {ask: owner, end: true}}\nalways: [{if: {intent: abroad}, "
    with pytest.raises(FileError, match="no slot is called room; the slots are owner"):
        Talk(states + "forget: room, end: true}]", tmp_path)
    with pytest.raises(FileError, match="either set or forget rooms"):
        Talk(states + "forget: rooms, set: {rooms: 2}, end: true}]", tmp_path)


ASKED = "states: {a: {ask: [owner, rooms, reason], end: true}}\n"


def test_questions_are_answered_until_there_are_too_many(tmp_path: Path) -> None:
    talk = Talk(ASKED + "limits: {answers: 2, lost: 1}", tmp_path)
    ask = "What does it cost?"
    assert talk.say(ask) == talk.say(ask) == "It really is. Do you own it?"
    assert talk.say(ask) == "A colleague will gladly answer your other questions. Do you own it?"
    assert [talk.say(ask) for _ in range(2)] == [
        "Sorry, is that a yes or a no?",
        "Please say yes or no.",
    ]
    assert talk.say(ask).endswith("Please call us again. " + GOODBYE)


def test_who_asks_for_ever_is_let_go(tmp_path: Path) -> None:
    talk = Talk(ASKED, tmp_path)
    for _ in range(30):
        talk.say("What does it cost?")
    assert talk.over


def test_a_rule_counts_the_questions(tmp_path: Path) -> None:
    talk = Talk(ASKED + "always: [{if: {count: {answers: 2}}, say: Enough of that., end: true}]", tmp_path)
    assert talk.say("What does it cost?") == "It really is. Do you own it?"
    assert talk.say("What does it cost?") == f"Enough of that. {GOODBYE}"


def test_the_counter_of_questions_is_nobody_elses(tmp_path: Path) -> None:
    states = "states: {answers: {ask: owner, end: true}}\nalways: [{if: {count: {answers: 2}}, end: true}]"
    with pytest.raises(FileError, match="answers counts the caller's questions"):
        Talk(states, tmp_path)


LOOKED_UP = """
states:
  a: {ask: [owner, rooms], go: look}
  look: {do: {fetch: {url: "http://x", keep: {department: to}}}, go: b}
  b: {ask: reason, end: true}
"""


def test_only_the_look_up_fills_what_nobody_asks_for(tmp_path: Path) -> None:
    talk = Talk(LOOKED_UP, tmp_path)
    talk.say("Yes, and I want sales.")
    assert talk.slots == {"owner": True}
    talk.say("Two.")
    assert isinstance(talk.actions[-1], Fetch)
    talk.tell(Fetched(result="ok", values={"to": "service"}))
    assert talk.slots == {"owner": True, "rooms": 2, "department": "service"}


def test_who_listens_for_what_is_looked_up_hears_it(tmp_path: Path) -> None:
    talk = Talk(LOOKED_UP + "always: [{if: {heard: department}, say: I see.}]", tmp_path)
    talk.say("Yes, and I want sales.")
    assert talk.slots == {"owner": True, "department": "sales"}


CLOSED = """
states:
  a: {ask: owner, on: [{if: {intent: later}, go: when}], end: true}
  when: {ask: visit, end: callback}
"""


def test_a_value_that_may_not_be_is_refused_beside_a_rule(tmp_path: Path) -> None:
    talk = Talk(CLOSED, tmp_path)
    assert talk.say("I have no time now, call me back on Sunday at ten.").startswith("We are closed then. ")
    assert (talk.brain.state, talk.slots) == ("when", {})


def test_it_is_not_refused_to_who_is_let_go(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: owner, end: true}}\nalways: [{if: {intent: later}, end: true}]", tmp_path)
    assert talk.say("I have no time now, call me back on Sunday at ten.") == GOODBYE


def test_a_time_that_may_not_be_is_still_an_answer(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: visit, end: true}}", tmp_path)
    assert talk.say("I have no time now, call me back on Sunday at ten.").startswith("We are closed then. ")
    assert not talk.over


ANSWER = """
slots:
  heating:
    type: choice
    ask: What heats it?
    options:
      gas: {says: gas, words: [gas], if_asked: [the usual]}
      pump: {says: a heat pump, if_asked: [heat pump]}
      two: {says: two stoves, words: [one or two stoves]}
answers:
  pump: {phrases: [what is a heat pump], say: "A machine."}
states: {a: {ask: heating, end: true}}
"""


@pytest.mark.parametrize(
    ("said", "answer", "slots"),
    [
        ("What is a heat pump?", "A machine. What heats it?", {}),
        ("Gas. What is a heat pump?", f"A machine. {GOODBYE}", {"heating": "gas"}),
        ("A heat pump.", None, {"heating": "pump"}),
        ("One or two stoves.", None, {"heating": "two"}),
    ],
)
def test_who_asks_what_a_thing_is_has_not_chosen_it(
    said: str, answer: str | None, slots: dict[str, str], tmp_path: Path
) -> None:
    head = "name: small\nlanguage: en\ncountry: GB\ngreeting: Hello.\n"
    (tmp_path / "small.yaml").write_text(head + ANSWER, encoding="utf-8")
    talk = Talk.along(load_flow(tmp_path / "small.yaml"))
    said = talk.say(said)
    assert answer in (None, said)
    assert talk.slots == slots


def test_a_look_up_of_what_is_not_known_has_failed(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {ask: phone, go: delete}
  delete:
    do: {fetch: {url: "http://x/{phone}", method: delete}}
    on: [{if: {result: failed}, end: failed}]
    end: deleted
""",
        tmp_path,
    )
    talk.say("I'd rather not say.")
    assert talk.over
    assert talk.brain.outcome == "failed"


def test_the_words_of_a_value_that_says_nothing_new_may_be_an_intent(tmp_path: Path) -> None:
    states = "states: {a: {ask: [department, rooms], end: true}}\nalways: [{if: {intent: leave}, end: left}]"
    talk = Talk(states, tmp_path, intents="intents:\n  leave: {phrases: [leave the sales]}")
    talk.say("Service.")
    talk.say("Leave the sales.")
    assert talk.brain.outcome == "left"
