"""Conversations along small flows, each for one thing that a flow file can say."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest

from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Fetch,
    Fetched,
    HangUp,
    Happening,
    Misheard,
    Said,
    Say,
    Silent,
    Transfer,
    TransferFailed,
    Wait,
)
from callcenter.dialogue.classify.classifier import Guess, Kind, Source
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain

MONDAY = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - local time, as the brain is given it
SUNDAY = datetime(2026, 11, 22, 10, 0)  # noqa: DTZ001

HEAD = """
name: small
language: en
country: GB
currency: pounds
greeting: Hello.
slots:
  owner: {type: yes_no, ask: "Do you own it?", yes: [owner], no: [tenant, rent it]}
  postcode: {type: postcode, check: {never: ["BT*"]}, wrong: We do not go there.}
  rooms: {type: number, ask: "How many rooms?", check: {least: 1, most: 20}}
  reason: {type: text, ask: "What is it about?"}
  email:
    type: choice
    required: false
    ask: "Letters or mail?"
    options: {letters: {says: letters, words: [letters]}, mail: {says: mail, words: [mail]}}
  phone: {type: phone}
  name: {type: name}
  department:
    type: choice
    ask: "Sales or service?"
    options: {sales: {says: sales, words: [sales]}, service: {says: service, words: [service]}}
  ticket: {type: text, ask: "-", required: false}
  visit: {type: moment, check: {open: service}, wrong: We are closed then.}
people:
  sales: {dial: PJSIP/sales, nobody: Sales is at lunch.}
  service: {dial: PJSIP/service, hours: {mon-fri: "9:00-12:00, 14:00-18:00"}}
confirmation:
  parts: [["{rooms} rooms", "postcode {postcode}"]]
answers:
  cost: {phrases: [what does it cost], say: "It is free, {name}. It really is."}
intents:
  abroad: {phrases: [live in france, in another country]}
  human: {words: [boss]}
"""


class Talk:
    """A conversation along a flow that begins as `HEAD`."""

    def __init__(self, rest: str, folder: Path, now: datetime = MONDAY, **added: str) -> None:
        path = folder / "small.yaml"
        head = HEAD
        for section, text in added.items():
            head = head.replace(f"{section}:", text, 1)
        path.write_text(head + rest, encoding="utf-8")
        self.now = now
        self._begin(load_flow(path))

    @classmethod
    def along(cls, flow: Flow) -> Self:
        """A conversation along another flow."""
        talk = cls.__new__(cls)
        talk.now = MONDAY
        talk._begin(flow)
        return talk

    def _begin(self, flow: Flow) -> None:
        self.brain = ScriptedBrain(flow, now=lambda: self.now)
        self.actions = self.brain.decide(Answered(caller="+442079460958"))

    def tell(self, happening: Happening) -> str:
        self.actions = self.brain.decide(happening)
        return spoken(self.actions)

    def say(self, text: str) -> str:
        return self.tell(Said(text=text))

    @property
    def slots(self) -> dict[str, Any]:
        return {name: filled.value for name, filled in self.brain.lead.slots.items()}

    @property
    def over(self) -> bool:
        return isinstance(self.actions[-1], HangUp)


def spoken(actions: list[Action]) -> str:
    return " ".join(action.text for action in actions if isinstance(action, Say | Ask))


GOODBYE = "Thank you for calling. Goodbye."


def test_slots_of_the_plain_types(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [owner, postcode, rooms, reason], end: true}}", tmp_path)
    assert spoken(talk.actions) == "Hello. Do you own it?"
    talk.say("Yes, I do.")
    talk.say("SW1A 1AA")
    assert talk.say("Four.").endswith("What is it about?")
    talk.say("My boiler makes a funny noise at night.")
    assert talk.over
    assert talk.slots == {
        "owner": True,
        "postcode": "SW1A 1AA",
        "rooms": 4,
        "reason": "My boiler makes a funny noise at night.",
    }
    assert talk.brain.outcome == "partial"


@pytest.mark.parametrize(
    ("said", "owner"),
    [("No.", False), ("I rent it.", False), ("I am the owner.", True), ("I am not the owner.", False), ("Yes.", True)],
)
def test_yes_and_no_in_the_slots_own_words(said: str, owner: bool, tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: owner, end: true}}", tmp_path)
    talk.say(said)
    assert talk.slots == {"owner": owner}


@pytest.mark.parametrize("said", ["Are you a robot?", "What does it cost?", "Sorry?", "Um"])
def test_what_is_no_message(said: str, tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: reason, end: true}}", tmp_path)
    talk.say(said)
    assert talk.slots == {}
    assert not talk.over


def test_a_value_that_fails_its_check_is_asked_again(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [postcode, rooms, visit], end: true}}", tmp_path)
    assert talk.say("BT1 5GS").startswith("We do not go there. ")
    talk.say("SW1A 1AA")
    assert talk.say("Fifty.").startswith("Sorry, that number is not possible. ")
    talk.say("Two.")
    assert talk.say("Tomorrow at one in the afternoon.").startswith("We are closed then. ")
    talk.say("Tomorrow at three in the afternoon.")
    assert talk.slots == {"postcode": "SW1A 1AA", "rooms": 2, "visit": "2026-11-24T15:00"}


def test_an_optional_slot_is_asked_once_and_does_not_count_as_lost(tmp_path: Path) -> None:
    talk = Talk("limits: {lost: 1}\nstates: {a: {ask: [email, rooms], end: true}}", tmp_path)
    assert talk.say("The weather is nice.") == "Never mind, we can leave that open. How many rooms?"


def test_a_rule_on_what_is_known(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {ask: [owner, rooms], on: [{if: {is: {owner: no}}, say: "A pity.", end: not_eligible}], go: b}
  b: {on: [{if: {above: {rooms: 5}}, end: large}], end: small}
""",
        tmp_path,
    )
    assert talk.say("No.") == f"A pity. {GOODBYE}"
    assert (talk.brain.outcome, talk.brain.lead.status) == ("not_eligible", "not_eligible")


@pytest.mark.parametrize(("rooms", "outcome"), [("Five", "small"), ("Six", "large")])
def test_a_fork(rooms: str, outcome: str, tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {ask: rooms, go: b}
  b: {on: [{if: {above: {rooms: 5}}, end: large}], end: small}
""",
        tmp_path,
    )
    talk.say(rooms)
    assert talk.brain.outcome == outcome


def test_a_question_about_no_slot(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a:
    say: We can come and look.
    question: Shall we?
    again: ["Shall we, yes or no?", "Do you want us to come?"]
    on: [{if: {intent: [yes, filler]}, say: Good., end: wanted}, {if: {intent: no}, go: b}]
    go: c
  b: {end: refused}
  c: {end: partial}
""",
        tmp_path,
    )
    assert spoken(talk.actions) == "Hello. We can come and look. Shall we?"
    assert talk.tell(Silent(times=1)) == "Are you still there? Shall we?"
    assert talk.tell(Misheard()) == "Sorry, I did not catch that. Shall we?"
    assert talk.say("The weather is nice.") == "Shall we, yes or no?"
    assert talk.say("What does it cost?") == "It really is. Shall we, yes or no?"
    assert talk.say("The weather is nice.") == "Do you want us to come?"
    assert talk.say("Okay.") == f"Good. {GOODBYE}"
    assert talk.brain.outcome == "wanted"


def test_a_question_is_left_when_its_wordings_are_used_up(tmp_path: Path) -> None:
    talk = Talk(
        'states: {a: {question: "Well?", again: ["Well now?"], go: b}, b: {say: Never mind., end: true}}', tmp_path
    )
    assert talk.say("The weather is nice.") == "Well now?"
    assert talk.say("The weather is nice.") == f"Never mind. {GOODBYE}"


def test_a_yes_that_led_to_a_question_does_not_answer_it(tmp_path: Path) -> None:
    talk = Talk(
        """
states:
  a: {question: "One?", on: [{if: {intent: yes}, go: b}], end: true}
  b: {question: "Two?", on: [{if: {intent: yes}, go: a}], end: true}
""",
        tmp_path,
    )
    assert talk.say("Yes.") == "Two?"
    assert talk.say("Yes.") == "One?"


def test_intents_of_the_flow_and_asides(tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: [owner, rooms], end: true}, gone: {end: not_eligible}}
always:
  - {if: {intent: abroad, count: {abroad: 2}}, go: gone}
  - {if: {intent: abroad}, say: ["Only here.", "Never said."]}
""",
        tmp_path,
    )
    assert talk.say("But I live in France.") == "Only here. Do you own it?"
    assert talk.say("I really live in France.") == GOODBYE
    assert talk.brain.outcome == "not_eligible"


def test_a_rule_says_something_else_each_time(tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: owner, end: true}}
always: [{if: {intent: robot}, say: [I am., Still., Yes!]}]
""",
        tmp_path,
    )
    answers = [talk.say("Are you a robot?").removesuffix(" Do you own it?") for _ in range(4)]
    assert answers == ["I am.", "Still.", "Yes!", "Yes!"]


def test_counting_and_setting_go_on_as_if_there_were_no_rule(tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: [owner, rooms], end: true}, calm: {say: Sorry., go: a}}
always:
  - {if: {sentiment: negative}, add: angry, set: {department: service}}
  - {if: {sentiment: negative, count: {angry: 2}}, go: calm}
""",
        tmp_path,
    )
    assert talk.say("Yes, but this is terrible, I am angry.").endswith("How many rooms?")
    assert talk.brain.sentiment == "negative"
    assert talk.slots == {"owner": True, "department": "service"}
    assert talk.say("This is terrible, I am angry.").startswith("Sorry. ")


def test_a_lasting_condition_is_used_once_until_it_is_no_more(tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: [rooms, owner, reason], end: true}}
always: [{if: {above: {rooms: 5}}, say: That is large.}]
""",
        tmp_path,
    )
    assert talk.say("Six.") == "That is large. Do you own it?"
    assert "large" not in talk.say("Yes.")


def test_a_flow_that_goes_in_circles_lets_the_caller_go(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: owner, go: b}, b: {go: c}, c: {go: b}}", tmp_path)
    assert talk.say("Yes.").endswith("Please call us again. " + GOODBYE)
    assert talk.over


PERSON = """
states:
  a: {ask: department, go: ring}
  ring: {do: {transfer: "{department}"}, on: [{if: {result: nobody, is: {department: sales}}, go: message}], go: later}
  message: {ask: reason, end: message}
  later: {ask: phone, end: callback}
always: [{if: {intent: human}, go: ring}]
"""


def test_a_person_by_department(tmp_path: Path) -> None:
    talk = Talk(PERSON, tmp_path)
    talk.say("Sales, please.")
    assert talk.actions[-2:] == [Say(text="One moment, I will connect you to a colleague."), Transfer(to="PJSIP/sales")]
    assert talk.brain.outcome == "transferred"
    assert talk.tell(TransferFailed()) == "Sales is at lunch. What is it about?"
    assert talk.brain.state == "message"
    assert (
        talk.say("Can I speak to the boss?") == "Sales is at lunch. Sorry, can you say that once more?"
    )  # not rung again


@pytest.mark.parametrize(("at", "rings"), [(MONDAY, True), (MONDAY.replace(hour=13), False), (SUNDAY, False)])
def test_opening_hours(at: datetime, rings: bool, tmp_path: Path) -> None:
    talk = Talk(PERSON, tmp_path, at)
    answer = talk.say("Service")
    assert (talk.actions[-1] == Transfer(to="PJSIP/service")) is rings
    assert rings or "I am sorry, nobody is free just now. What is your phone number?" in answer


def test_open_and_closed(tmp_path: Path) -> None:
    states = """
states:
  a:
    on: [{if: {closed: service}, say: We are closed., end: true}, {if: {open: service}, say: We are open., go: b}]
    end: true
  b: {ask: owner, end: true}
"""
    assert spoken(Talk(states, tmp_path, SUNDAY).actions) == f"Hello. We are closed. {GOODBYE}"
    assert spoken(Talk(states, tmp_path).actions) == "Hello. We are open. Do you own it?"


LOOK_UP = """
states:
  a: {ask: phone, go: look}
  look:
    say: I look that up.
    do:
      fetch:
        url: "http://x/{phone}?d={department}"
        send: [phone, name]
        keep: {ticket: data.id, rooms: rooms}
        timeout_s: 2
    on: [{if: {result: failed}, say: No luck., go: b}, {if: {result: gone}, end: gone}]
    go: tell
  tell: {say: "Your number is {ticket}. Nobody is {name}.", go: b}
  b: {ask: owner, end: true}
"""


@pytest.fixture
def look_up(tmp_path: Path) -> Talk:
    talk = Talk(LOOK_UP, tmp_path)
    assert talk.say("020 7946 0958").endswith("I look that up.")
    assert talk.actions[-1] == Fetch(
        url="http://x/%2B442079460958?d=", method="post", send={"phone": "+442079460958"}, timeout_s=2
    )
    return talk


def test_a_look_up(look_up: Talk) -> None:
    look_up.tell(Said(text="Hello?"))
    assert isinstance(look_up.actions[-1], Fetch)  # still to be answered
    said = look_up.tell(Fetched(result="ok", values={"data": {"id": 12}, "rooms": "many"}))
    assert said == "Your number is 12. Do you own it?"
    assert look_up.slots == {"phone": "+442079460958", "ticket": "12"}


def test_a_look_up_that_fails(look_up: Talk) -> None:
    assert look_up.tell(Fetched(result="failed")) == "No luck. Do you own it?"


def test_a_look_up_with_a_result_of_its_own(look_up: Talk) -> None:
    look_up.tell(Fetched(result="ok", values={"result": "gone"}))
    assert look_up.over
    assert look_up.brain.outcome == "gone"


def test_a_result_that_nobody_waits_for(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: owner, end: true}}", tmp_path)
    assert talk.tell(Fetched(result="ok")) == "Do you own it?"
    assert talk.tell(TransferFailed()) == "Do you own it?"


def test_details_are_read_back_and_corrected(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [rooms, postcode], go: b}, b: {confirm: true, end: done}}", tmp_path)
    talk.say("Three rooms.")
    assert "3 rooms, postcode S W 1 A, 1 A A" in talk.say("SW1A 1AA").replace("one", "1")
    assert talk.say("No, the postcode is wrong.") == "What is your postcode?"
    assert "Is that right?" in talk.say("M1 1AE")
    assert talk.say("Yes.") == GOODBYE
    assert talk.slots == {"rooms": 3, "postcode": "M1 1AE"}
    assert talk.brain.outcome == "done"


def test_outcome_rules(tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: [rooms, owner], go: b}, b: {question: "So?", end: true}}
outcomes:
  - {if: {known: [rooms, owner]}, unless: {below: {rooms: 2}}, outcome: qualified}
  - {if: {state: b}, outcome: tiny}
sentences: {goodbye: {tiny: Bye-bye.}}
""",
        tmp_path,
    )
    assert (talk.brain.outcome, talk.brain.lead.status) == ("hung_up", "new")
    talk.say("One.")
    assert talk.brain.outcome == "partial"
    talk.say("Yes.")
    assert (talk.brain.outcome, talk.brain.lead.status) == ("tiny", "tiny")
    assert talk.say("Well now.") == "Bye-bye."


@pytest.mark.parametrize(
    ("said", "outcome", "answer"),
    [
        ("Not interested.", "refused", "No problem, thank you for your time. Goodbye."),
        ("I'm busy.", "hung_up", "I will let you go, then. " + GOODBYE),
        ("Goodbye.", "hung_up", GOODBYE),
        ("Let me talk to someone.", "hung_up", "I am sorry, nobody is free just now. Do you own it?"),
        ("Hold on.", "hung_up", "Take your time."),
        ("Why?", "hung_up", "So that we can help you better. Do you own it?"),
        ("I'd rather not say.", "hung_up", "Never mind, we can leave that open. How many rooms?"),
    ],
)
def test_what_is_built_in(said: str, outcome: str, answer: str, tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [owner, rooms], end: true}}", tmp_path)
    assert talk.say(said) == answer
    assert talk.brain.outcome == outcome


@pytest.mark.parametrize("said", ["Are you a robot?", "Hold on.", "Goodbye.", "I'm busy.", "Um", "Why?", "Sorry?"])
def test_a_rule_replaces_what_is_built_in(said: str, tmp_path: Path) -> None:
    talk = Talk(
        """
states: {a: {ask: [owner, rooms], end: true}}
always: [{if: {intent: [robot, hold, goodbye, busy, filler, why, repeat]}, say: No.}]
""",
        tmp_path,
    )
    assert talk.say(said) == "No. Do you own it?"


def test_a_moment_to_think_is_not_lost(tmp_path: Path) -> None:
    talk = Talk("states: {a: {ask: [owner, rooms], end: true}}", tmp_path)
    assert talk.say("Um") == ""
    assert talk.actions == [Wait()]


class Oracle:
    """Understands what it was told beforehand."""

    def __init__(self, **known: Guess) -> None:
        self.failures: Counter[str] = Counter()
        self.asked: list[str] = []
        self._known = known

    async def classify(self, text: str) -> Guess | None:
        self.asked.append(text)
        return self._known.get(text)


async def test_a_classifier_is_asked_where_patterns_know_nothing(tmp_path: Path) -> None:
    rest = "states: {a: {ask: [owner, rooms], end: true}}\nalways: [{if: {intent: abroad}, end: not_eligible}]"
    oracle = Oracle(
        Money=Guess(name="cost", kind=Kind.ANSWER, confidence=0.9, source=Source.EMBEDDINGS),
        Perhaps=Guess(name="abroad", kind=Kind.INTENT, confidence=0.4, source=Source.EMBEDDINGS, sure=False),
        Emigrated=Guess(name="abroad", kind=Kind.INTENT, confidence=0.9, source=Source.EMBEDDINGS),
    )
    talk = Talk(rest, tmp_path)
    brain = ScriptedBrain(load_flow(tmp_path / "small.yaml"), now=lambda: talk.now, classifier=oracle)
    brain.decide(Answered(caller=""))

    async def say(text: str) -> str:
        return spoken([action async for action in brain.reply(Said(text=text))])

    assert await say("Money") == "It really is. Do you own it?"
    assert await say("Perhaps") == "Sorry, is that a yes or a no?"
    assert (await say("Yes.")).endswith("How many rooms?")
    assert await say("Emigrated") == GOODBYE
    assert brain.outcome == "not_eligible"
    assert oracle.asked == ["Money", "Perhaps", "Emigrated"]


async def test_of_a_name_nobody_guesses_what_it_means(tmp_path: Path) -> None:
    oracle = Oracle(Liberme=Guess(name="goodbye", kind=Kind.INTENT, confidence=0.9, source=Source.EMBEDDINGS))
    talk = Talk("states: {a: {ask: [name, rooms], end: true}}", tmp_path)
    brain = ScriptedBrain(load_flow(tmp_path / "small.yaml"), now=lambda: talk.now, classifier=oracle)
    brain.decide(Answered(caller=""))
    assert HangUp() not in [action async for action in brain.reply(Said(text="Liberme"))]
    assert oracle.asked == []


def test_a_caller_who_has_to_try_something_is_given_time(tmp_path: Path) -> None:
    rest = 'states: {a: {ask: owner, go: b}, b: {question: "Unplug it. Done?", patience_s: 60, end: true}}'
    talk = Talk(rest, tmp_path)
    assert isinstance(talk.actions[-1], Ask)
    assert talk.actions[-1].patience_s is None
    talk.say("Yes.")
    assert talk.actions[-1] == Ask(text="Unplug it. Done?", slot="b", patience_s=60)
    assert talk.tell(Silent(times=1)).endswith("Unplug it. Done?")
    assert talk.actions[-1] == Ask(text="Unplug it. Done?", slot="b", patience_s=60)
