"""Conversations along the shipped flow, turn by turn."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.dialogue.answers import BETWEEN_GROUPS_S
from callcenter.dialogue.asides import HOLD_S
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Brain,
    Ending,
    HangUp,
    Happening,
    Keyed,
    Misheard,
    Said,
    Say,
    Silent,
    Transfer,
    TransferFailed,
    Wait,
)
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain

FLOW = load_flow("investment")
NOW = datetime(2026, 11, 21, 14, 0)  # noqa: DTZ001 - local time, as the brain is given it
QUALIFIED = ["Stocks.", "Fifty thousand dollars.", "Low risk.", "Ten years."]
NEEDED = FLOW.states["need"].ask
OFFER = "That is fine. Would another time suit you better?"
CALL_YOU_BACK = "No problem. We can call you back."
LATER = "Of course, we can call you back."
NO_CALLBACK = "All right, no callback."
MORE = "Is there anything else?"
CONTACT = ["Karen Mitchell.", "555-234-7890.", "Tomorrow at three."]


def start(*said: str) -> ScriptedBrain:
    brain = ScriptedBrain(FLOW, now=lambda: NOW)
    brain.decide(Answered(caller="+15551230000"))
    for text in said:
        brain.decide(Said(text=text))
    return brain


def spoken(actions: list[Action]) -> str:
    return " ".join(action.text for action in actions if isinstance(action, Say | Ask))


def say(brain: ScriptedBrain, text: str) -> str:
    return spoken(brain.decide(Said(text=text)))


def hung_up(actions: list[Action]) -> bool:
    return isinstance(actions[-1], HangUp)


def state(brain: ScriptedBrain) -> tuple[str, str]:
    return brain.lead.status, brain.outcome


def slots(brain: ScriptedBrain) -> dict[str, Any]:
    return {name: filled.value for name, filled in brain.lead.slots.items()}


def test_the_greeting_asks_the_first_question() -> None:
    brain = ScriptedBrain(FLOW, now=lambda: NOW)
    actions = brain.decide(Answered(caller=""))
    assert actions == [Say(text=FLOW.greeting), Ask(text=FLOW.slots["interest"].ask, slot="interest")]
    assert (brain.lead.status, brain.outcome) == ("new", "hung_up")


async def test_reply_is_the_seam_of_a_brain() -> None:
    brain: Brain = ScriptedBrain(FLOW, now=lambda: NOW)
    assert len([action async for action in brain.reply(Answered(caller=""))]) == 2


def test_the_whole_way() -> None:
    brain = start(*QUALIFIED[:-1])
    assert (brain.lead.status, brain.outcome) == ("partial", "partial")
    assert "An adviser can call you back. May I have your name?" in say(brain, QUALIFIED[-1])
    assert brain.lead.status == "qualified"
    say(brain, CONTACT[0])
    say(brain, CONTACT[1])
    read_back = say(brain, CONTACT[2])
    assert (
        "Stocks, 50,000 dollars, low risk, long term. We will call Karen Mitchell, "
        "on five five five, two three four, seven eight nine zero, tomorrow at 3 p.m. Is that right?" in read_back
    )
    assert say(brain, "Yes.") == "Is there anything else?"
    goodbye = brain.decide(Said(text="No."))
    assert hung_up(goodbye)
    assert spoken(goodbye) == FLOW.sentences.goodbye["qualified"]
    assert brain.outcome == "qualified"
    assert brain.decide(Said(text="Hello?")) == [HangUp()]


def test_acknowledgements_differ() -> None:
    brain = start()
    first = [brain.decide(Said(text=text))[0] for text in QUALIFIED]
    assert all(isinstance(action, Say) for action in first)
    assert all(one != other for one, other in pairwise(first))


def test_what_was_not_understood_is_asked_differently_at_most_twice() -> None:
    brain, slot = start(), FLOW.slots["interest"]
    assert say(brain, "The weather is nice.") == slot.again[0]
    assert say(brain, "The weather is nice.") == slot.again[1]
    skipped = say(brain, "The weather is nice.")
    assert skipped == f"{FLOW.sentences.skipped} {FLOW.slots['amount'].ask}"


def test_a_caller_who_is_never_understood_is_let_go() -> None:
    brain = start(*["The weather is nice."] * 5)
    actions = brain.decide(Said(text="The weather is nice."))
    assert hung_up(actions)
    assert FLOW.sentences.lost in spoken(actions)
    assert brain.outcome == "hung_up"


def test_a_skipped_slot_leaves_the_lead_partial() -> None:
    brain = start("Stocks.", "I'd rather not say.", "Low risk.", "Ten years.", *CONTACT, "Yes.", "No.")
    assert brain.outcome == "partial"
    assert "amount" not in slots(brain)


def test_a_skipped_slot_can_still_be_filled() -> None:
    brain = start("Stocks.", "I'd rather not say.", "Low risk.", "Ten years, and fifty thousand dollars.")
    assert brain.lead.status == "qualified"


@pytest.mark.parametrize("asked", range(4))
def test_why(asked: int) -> None:
    brain = start(*QUALIFIED[:asked])
    slot = FLOW.slots[NEEDED[asked]]
    assert say(brain, "Why do you ask?") == f"{slot.why} {slot.ask}"
    say(brain, QUALIFIED[asked])
    assert NEEDED[asked] in slots(brain)


def test_robot_and_other_questions() -> None:
    brain = start("Stocks.")
    assert say(brain, "Are you a robot?") == f"{FLOW.sentences.robot} {FLOW.slots['amount'].ask}"
    assert say(brain, "What does it cost?") == f"{FLOW.answers['cost'].say} {FLOW.slots['amount'].ask}"
    assert say(brain, "Fifty thousand dollars. Are you a robot?") == f"{FLOW.sentences.robot} {FLOW.slots['risk'].ask}"


def test_busy_offers_a_callback() -> None:
    brain = start()
    assert say(brain, "I'm busy.") == f"{CALL_YOU_BACK} {FLOW.slots['callback'].ask}"
    assert state(brain) == ("new", "hung_up")
    assert say(brain, "Tomorrow at ten.").endswith(FLOW.slots["phone"].ask)
    assert state(brain) == ("callback", "callback")
    assert "tomorrow at 10 a.m. Is that right?" in say(brain, "555-234-7890.")
    goodbye = brain.decide(Said(text="Yes."))
    assert hung_up(goodbye)
    assert spoken(goodbye) == FLOW.sentences.goodbye["callback"]
    assert brain.outcome == "callback"


def test_busy_twice_is_let_go() -> None:
    brain = start("I'm busy.")
    assert hung_up(brain.decide(Said(text="I said I'm busy, no time.")))


def test_busy_and_no_callback_wanted() -> None:
    brain = start("I'm busy.")
    assert hung_up(brain.decide(Said(text="No.")))
    assert brain.outcome == "refused"


def test_call_me_later() -> None:
    brain = start()
    assert say(brain, "Call me later.") == f"{LATER} {FLOW.slots['callback'].ask}"
    assert brain.outcome == "callback"
    assert say(brain, "Monday morning").endswith(FLOW.slots["phone"].ask)
    say(brain, "The number I'm calling from.")
    assert slots(brain) == {"phone": "+15551230000", "callback": "2026-11-23T10:00"}


def test_call_me_tomorrow_at_three() -> None:
    brain = start("I'm busy, call me tomorrow at three.")
    assert slots(brain) == {"callback": "2026-11-22T15:00"}
    assert brain.outcome == "callback"


def test_not_interested_gets_one_kind_question() -> None:
    brain = start()
    assert say(brain, "Not interested.") == OFFER
    assert brain.outcome == "refused"
    goodbye = brain.decide(Said(text="No, not interested."))
    assert hung_up(goodbye)
    assert spoken(goodbye) == FLOW.sentences.goodbye["refused"]
    assert brain.outcome == "refused"


def test_not_interested_but_another_time() -> None:
    brain = start("Not interested.")
    assert say(brain, "Yes, okay.") == f"{LATER} {FLOW.slots['callback'].ask}"
    assert brain.outcome == "callback"


def test_not_interested_but_then_again() -> None:
    brain = start("Not interested.", "Well, I could buy some bonds.")
    assert (brain.outcome, slots(brain)) == ("partial", {"interest": ["bonds"]})


def test_a_qualified_caller_may_decline_the_callback() -> None:
    brain = start(*QUALIFIED)
    assert NO_CALLBACK in say(brain, "No, thanks.")
    assert say(brain, "Yes.") == MORE
    assert hung_up(brain.decide(Said(text="No.")))
    assert brain.outcome == "qualified"


def test_a_person_is_rung() -> None:
    brain = start("Stocks.")
    actions = brain.decide(Said(text="Let me talk to someone."))
    assert actions == [Say(text=FLOW.sentences.transferring), Transfer(to="Local/9100@people")]
    assert state(brain) == ("partial", "transferred")
    assert brain.decide(Said(text="Okay.", interrupted=True)) == [Transfer(to="Local/9100@people")]
    assert spoken(brain.decide(TransferFailed())) == f"{FLOW.people['adviser'].nobody} {FLOW.slots['callback'].ask}"
    assert state(brain) == ("partial", "partial")
    say(brain, "Tomorrow at ten.")
    assert brain.outcome == "callback"


def test_a_correction_at_any_time() -> None:
    brain = start("Stocks.", "Fifty thousand dollars.")
    assert say(brain, "Oh, and the amount is more like forty thousand.").startswith("Okay, 40,000 dollars.")
    assert slots(brain)["amount"] == 40_000


def test_corrections_while_confirming() -> None:
    brain = start(*QUALIFIED, *CONTACT)
    assert say(brain, "No, the amount is sixty thousand.") == "Okay, 60,000 dollars. Is that right?"
    assert say(brain, "No.") == FLOW.confirmation.what
    assert say(brain, "The number.") == FLOW.slots["phone"].ask
    assert "Is that right?" in say(brain, "555-234-7891.")
    assert say(brain, "Yes, thank you.") == MORE
    assert slots(brain)["amount"] == 60_000
    assert slots(brain)["phone"] == "+15552347891"


def test_the_confirmation_comes_to_an_end() -> None:
    brain = start(*QUALIFIED, *CONTACT)
    answers = [say(brain, "Sorry, could you say that again?") for _ in range(4)]
    assert answers[0].endswith(FLOW.confirmation.ask)
    assert answers[-1] == MORE


def test_a_bare_number_is_asked_back() -> None:
    brain = start("Stocks.")
    assert say(brain, "Fifty.") == "Do you mean 50,000 dollars?"
    assert "amount" not in slots(brain)
    say(brain, "Yes.")
    assert slots(brain)["amount"] == 50_000


def test_a_guess_is_repeated_once() -> None:
    brain = start("Stocks.", "Fifty.")
    assert say(brain, "Sorry?") == "Do you mean 50,000 dollars?"
    assert say(brain, "Sorry?") == FLOW.slots["amount"].again[0]


def test_an_answer_in_two_utterances() -> None:
    brain = start("Stocks.", "About fifty thousand.")
    assert say(brain, "No, sorry, sixty thousand dollars.") == f"Okay, 60,000 dollars. {FLOW.slots['risk'].ask}"
    say(brain, "High risk.")
    assert say(brain, "No, sorry, low risk.") == f"Okay, low risk. {FLOW.slots['timeline'].ask}"
    assert slots(brain) == {"interest": ["stocks"], "amount": 60_000, "risk": "conservative"}


def test_a_wrong_guess() -> None:
    brain = start("Stocks.", "Fifty.")
    assert say(brain, "No.") == FLOW.slots["amount"].again[0]
    say(brain, "Five hundred dollars.")
    assert slots(brain)["amount"] == 500


def test_an_absurd_amount_is_asked_again() -> None:
    brain = start("Stocks.")
    refused = "Sorry, that amount is outside what we can invest."
    assert say(brain, "Five billion dollars.") == f"{refused} {FLOW.slots['amount'].again[0]}"
    assert "amount" not in slots(brain)


def test_an_absurd_amount_while_confirming() -> None:
    brain = start(*QUALIFIED, *CONTACT)
    assert say(brain, "No, the amount is five billion.") == f"{FLOW.slots['amount'].wrong} Is that right?"
    assert slots(brain)["amount"] == 50_000


def test_keys_as_telephone_number() -> None:
    brain = start(*QUALIFIED, CONTACT[0])
    assert brain.decide(Keyed(digits="555")) == [Wait(patience_s=BETWEEN_GROUPS_S)]
    brain.decide(Keyed(digits="2347890"))
    assert slots(brain)["phone"] == "+15552347890"


def test_a_number_in_pieces_that_is_never_finished() -> None:
    brain = start(*QUALIFIED, CONTACT[0])
    assert brain.decide(Said(text="Five five five,")) == [Wait(patience_s=BETWEEN_GROUPS_S)]
    assert spoken(brain.decide(Silent(times=1))) == FLOW.slots["phone"].again[0]
    say(brain, "555 234 7890")
    assert slots(brain)["phone"] == "+15552347890"


def test_silence() -> None:
    brain = start("Stocks.")
    ask = FLOW.slots["amount"].ask
    assert spoken(brain.decide(Silent(times=1))) == f"{FLOW.sentences.silence[0]} {ask}"
    assert spoken(brain.decide(Silent(times=2))) == f"{FLOW.sentences.silence[1]} {ask}"
    last = brain.decide(Silent(times=3, last=True))
    assert hung_up(last)
    assert spoken(last) == FLOW.sentences.silence_end


def test_misheard() -> None:
    brain = start("Stocks.")
    assert spoken(brain.decide(Misheard())) == f"{FLOW.sentences.misheard} {FLOW.slots['amount'].ask}"


@pytest.mark.parametrize(
    ("happening", "text"),
    [
        (Ending(reason="length"), FLOW.sentences.length_end),
        (Ending(reason="shutdown"), FLOW.sentences.shutdown_end),
    ],
)
def test_endings(happening: Happening, text: str) -> None:
    assert start("Stocks.").decide(happening) == [Say(text=text), HangUp()]


def test_a_moment_is_granted() -> None:
    assert start("Stocks.").decide(Said(text="Hold on, one moment.")) == [
        Say(text=FLOW.sentences.hold),
        Wait(patience_s=HOLD_S),
    ]


def test_sounds_of_listening() -> None:
    brain = start("Stocks.")
    assert brain.decide(Said(text="Um,")) == [Wait()]
    assert brain.decide(Said(text="...")) == [Wait()]
    assert brain.decide(Said(text="Okay.", interrupted=True)) == [Ask(text=FLOW.slots["amount"].ask, slot="amount")]


def test_the_rest_of_an_answer_cuts_the_next_question_short() -> None:
    brain = start("Stocks.", "Fifty thousand.")
    assert brain.decide(Said(text="dollars", interrupted=True)) == [Ask(text=FLOW.slots["risk"].ask, slot="risk")]


def test_goodbye_at_any_time() -> None:
    brain = start("Stocks.")
    assert hung_up(brain.decide(Said(text="Goodbye.")))
    assert brain.outcome == "partial"


_SAID = (
    "Yes.|No.|Okay.|Fifty.|Why?|Are you a robot?|I'm busy.|Not interested.|Call me later.|Hold on.|What?|bye|Sorry?|hm"
    "|Let me talk to someone.|No, sixty thousand.|The number is wrong.|five five five|I'd rather not say."
)
_HAPPENINGS: list[Happening] = [
    Keyed(digits="5"),
    Silent(times=1),
    Misheard(),
    Misheard(deaf=True),
    TransferFailed(),
    Ending(reason="length"),
]


_ANYTHING = [Said(text=text) for text in [*_SAID.split("|"), *QUALIFIED, *CONTACT]] + _HAPPENINGS


@settings(deadline=None)
@given(st.lists(st.sampled_from(_ANYTHING), max_size=40))
def test_every_turn_ends_as_the_seam_says(happenings: list[Happening]) -> None:
    brain = start()
    for happening in happenings:
        actions = brain.decide(happening)
        assert isinstance(actions[-1], Ask | Say | Wait | HangUp | Transfer)
        assert "{" not in spoken(actions)
        if hung_up(actions):
            break
        brain.outcome  # noqa: B018 - must not raise


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Sorry, could you say that again?", "blah", "Yes.", "No."]), min_size=70, max_size=70))
def test_every_conversation_comes_to_an_end(said: list[str]) -> None:
    brain = start()
    assert any(hung_up(brain.decide(Said(text=text))) for text in said)
