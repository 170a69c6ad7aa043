"""Conversations with callers whom nobody hears: by keys alone, turn by turn."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcenter.dialogue import keys
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Fetched,
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
from callcenter.dialogue.classify.classifier import Guess
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation import persona
from callcenter.workshop.conversation import play

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
CLOSED = NOW - timedelta(hours=5)
FAULTS = Path(__file__).parent.parent / "personas" / "faults"


class Talk:
    """A conversation in which nobody hears the caller any more."""

    def __init__(self, flow: str, *happened: Happening, now: datetime = NOW, caller: str = "+33612345678") -> None:
        self.flow = load_flow(flow)
        self.brain = ScriptedBrain(self.flow, now=lambda: now)
        self.actions: list[Action] = []
        for happening in (Answered(caller=caller), *happened):
            self.tell(happening)
        self.told = self.tell(Misheard(deaf=True))

    def tell(self, happening: Happening) -> str:
        self.actions = self.brain.decide(happening)
        return " ".join(action.text for action in self.actions if isinstance(action, Say | Ask))

    def key(self, *keyed: str) -> str:
        """What is said to the last of them."""
        return [self.tell(Keyed(digits=digits)) for digits in keyed][-1]

    @property
    def slots(self) -> dict[str, Any]:
        return {name: filled.value for name, filled in self.brain.lead.slots.items()}

    @property
    def hung_up(self) -> bool:
        return isinstance(self.actions[-1], HangUp)


def test_who_is_not_heard_is_told_the_keys_and_that_there_is_a_person() -> None:
    talk = Talk("energy")
    words = talk.flow.sentences
    ask = talk.flow.slots["postcode"].ask
    assert talk.told == f"{words.deaf} {ask} {words.keys.postcode} {words.keys.person}"
    assert isinstance(talk.actions[-1], Ask)


@pytest.mark.parametrize("caller", ["+33612345678", ""])
def test_where_there_is_no_person_they_are_called_back_if_their_number_is_known(caller: str) -> None:
    talk = Talk("energy", now=CLOSED, caller=caller)
    words = talk.flow.sentences
    promise = f"{words.call_back} " if caller else ""
    assert talk.told == f"{words.deaf} {promise}{talk.flow.slots['postcode'].ask} {words.keys.postcode}"
    assert words.call_back not in talk.tell(Misheard(deaf=True)), "once is enough"


def test_it_is_known_when_an_answer_is_over() -> None:
    talk = Talk("energy")
    known = [ends(talk)]
    for digits in ("75011", "1", "3", "1", "210"):
        talk.key(digits)
        known.append(ends(talk))
    assert known == [r"\d{5}", keys.ONE, keys.ONE, keys.ONE, r"0|[1-7]\d{4}", keys.ONE]


def ends(talk: Talk) -> str:
    """The pattern of a whole answer to what has been asked."""
    asked = talk.actions[-1]
    assert isinstance(asked, Ask)
    return asked.keys


def test_a_whole_call_in_french() -> None:
    talk = Talk("energy")
    assert "Locataire : tapez 2." in talk.key("75011")
    assert "Au gaz : tapez 1." in talk.key("1")
    assert "Cela vous va ? Oui : tapez 1. Non : tapez 2." in talk.key("3")
    assert "Tapez le jour" in talk.key("1")
    assert "mardi à 10 heures. C'est bien ça ? Oui : tapez 1." in talk.key("210")
    assert talk.key("1") == talk.flow.sentences.goodbye["qualified"]
    assert talk.hung_up
    assert talk.slots == {
        "postcode": "75011",
        "occupant": "owner",
        "heating": "electric",
        "callback": "2026-11-24T10:00",
    }
    assert talk.brain.outcome == "qualified"


def test_a_whole_call_in_english_without_the_name_that_no_key_can_say() -> None:
    talk = Talk("investment")
    assert "whole amount" in talk.key("13")
    assert "Low risk: press 1." in talk.key("50000")
    contact = talk.key("1", "3")
    assert "An adviser can call you back. What number should we call? Please key in" in contact
    assert talk.flow.slots["name"].ask not in contact
    assert talk.flow.sentences.skipped not in contact
    assert "Is that right? Yes: press 1." in talk.key("5552347890", "115")
    assert "Is there anything else? Yes: press 1." in talk.key("1")
    assert talk.key("2") == talk.flow.sentences.goodbye["qualified"]
    assert talk.slots == {
        "interest": ["stocks", "funds"],
        "amount": 50000,
        "risk": "conservative",
        "timeline": "long",
        "phone": "+15552347890",
        "callback": "2026-11-23T15:00",
    }


def test_a_persona_who_has_only_keys() -> None:
    lines = persona.load(FAULTS / "keys_only.yaml")
    conversation = play(Deaf(load_flow(lines.flow or ""), now=lambda: NOW), lines)
    assert conversation.outcome == lines.expect.outcome, conversation
    assert {**lines.expect.slots, "callback": "2026-11-24T10:00"} == conversation.slots
    assert conversation.ended_by == "agent"


class Deaf(ScriptedBrain):
    """One of a call in which every recogniser fails."""

    failures = 0

    def decide(self, happening: Happening, meant: Guess | None = None) -> list[Action]:
        if isinstance(happening, Said):
            self.failures += 1
            happening = Misheard(deaf=self.failures > 1)
        return super().decide(happening, meant)


def test_what_was_read_back_is_corrected_by_keys() -> None:
    talk = Talk("energy")
    talk.key("75011", "1", "3", "1", "210")
    assert "À l'électricité : tapez 3. Mardi à 10 heures : tapez 4." in talk.key("2")
    assert "Au gaz : tapez 1." in talk.key("3")
    assert "vous vous chauffez au gaz" in talk.key("1")
    talk.key("1")
    assert (talk.slots["heating"], talk.hung_up) == ("gas", True)


@pytest.mark.parametrize(("flow", "dial"), [("investment", "Local/9100@people"), ("energy", "Local/9100@people")])
def test_0_is_a_person_and_is_offered_no_more_when_nobody_answers(flow: str, dial: str) -> None:
    talk = Talk(flow)
    talk.key("0")
    assert talk.actions[-1] == Transfer(to=dial)
    back = talk.tell(TransferFailed())
    assert talk.flow.sentences.keys.moment in back
    assert talk.flow.sentences.keys.person not in back


def test_0_where_nobody_is_there_goes_the_flow_s_own_way() -> None:
    talk = Talk("energy", now=CLOSED)
    said = talk.key("0")
    assert said.startswith(talk.flow.sentences.nobody)
    assert talk.flow.sentences.keys.moment in said


def test_who_is_heard_again_talks_on_and_is_asked_for_the_name() -> None:
    talk = Talk("investment")
    talk.key("1", "50000", "1", "3")
    said = talk.tell(Said(text="Five five five, two three four, seven eight nine zero."))
    assert talk.flow.slots["name"].ask in said
    assert "press" not in said
    assert talk.tell(Keyed(digits="1")) == talk.flow.slots["name"].again[0], "outside the keypad a 1 is no answer"


@pytest.mark.parametrize("heard", [Said(text="Hum."), Misheard()])
def test_hearing_that_is_back_ends_the_keypad_at_once(heard: Happening) -> None:
    talk = Talk("energy")
    assert talk.flow.sentences.keys.postcode not in talk.tell(heard)
    assert talk.flow.sentences.keys.postcode not in talk.tell(Silent(times=1))


def test_keys_that_mean_nothing_are_said_to_and_at_last_the_question_is_left_out() -> None:
    talk = Talk("energy")
    wrong, skipped = talk.flow.sentences.keys.wrong, talk.flow.sentences.skipped
    answers = [talk.key("1") for _ in range(6)]
    assert [text.startswith(wrong) for text in answers] == [True, False, True, False, True, False]
    assert all(talk.flow.sentences.keys.postcode in text for text in answers[:-1])
    assert answers[-1].startswith(skipped)


def test_a_value_that_may_not_be_is_refused() -> None:
    talk = Talk("investment")
    talk.key("1")
    assert talk.key("5").startswith(talk.flow.slots["amount"].wrong)
    talk = Talk("energy")
    talk.key("75011", "1", "1", "1")
    assert talk.key("710").startswith(talk.flow.slots["callback"].wrong)


def test_a_telephone_number_may_be_keyed_in_groups() -> None:
    talk = Talk("investment")
    talk.key("1", "50000", "1", "3", "555")
    assert isinstance(talk.actions[-1], Wait)
    talk.key("2347890")
    assert talk.slots["phone"] == "+15552347890"


def test_an_offered_time_is_agreed_to_with_1() -> None:
    talk = Talk("appointments", caller="")
    talk.key("1", "1", "110")
    offer = talk.tell(Fetched(result="ok", values={"result": "taken", "at": "2026-11-23T11:00"}))
    assert talk.flow.sentences.keys.agree in offer
    talk.key("1")
    assert talk.brain.state == "who"


def test_who_was_told_to_try_something_presses_1_when_it_is_done() -> None:
    talk = Talk("support")
    talk.key("0612345678")
    assert talk.key("1").endswith(f"{talk.flow.sentences.keys.ready} {talk.flow.sentences.keys.person}")
    assert "Est-ce que ça marche, maintenant ? Oui : tapez 1." in talk.key("1")


def test_a_question_that_no_key_answers_is_passed_over() -> None:
    talk = Talk("reception")
    assert talk.flow.slots["department"].ask in talk.told
    assert "As vendas: carregue em 1." in talk.told


def test_nothing_keyed_is_asked_after_and_ends_with_a_kind_goodbye() -> None:
    talk = Talk("energy")
    words = talk.flow.sentences
    assert talk.tell(Silent(times=1)).endswith(f"{words.keys.postcode} {words.keys.person}")
    assert talk.tell(Silent(times=3, last=True)) == words.misheard_end
    assert talk.hung_up


def test_a_hash_alone_has_the_keys_told_again() -> None:
    talk = Talk("energy")
    assert talk.key("").startswith(talk.flow.slots["postcode"].ask)


def test_no_number_of_failures_ends_the_call() -> None:
    talk = Talk("energy")
    assert {talk.tell(Misheard(deaf=True)) for _ in range(30)} == {talk.told}
