"""One turn after another with a model that answers what the test tells it to."""

import asyncio
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from callcenter.breaker import Breaker
from callcenter.config import Model
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Completeness,
    Ending,
    Filled,
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
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.model.brain import MOST_ROUNDS, ModelBrain
from callcenter.dialogue.model.chat import Spent, ToolCall
from callcenter.dialogue.model.history import CUT_OFF
from callcenter.dialogue.model.mind import Mind
from callcenter.errors import ProviderError
from callcenter.usage import Usage
from tests.dialogue.model.telling import Telling, text, use

FRIDAY = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it
SUNDAY = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001
HOW_MUCH = Ask(text="How much would you like to invest?", slot="amount")
BROKEN = ProviderError("the language model answers with status 500", may_pass=True)


@cache
def flow_of(name: str) -> Flow:
    return load_flow(name)


def brain_of(chat: Telling, flow: str = "investment", now: datetime = FRIDAY, **settings: Any) -> ModelBrain:
    return ModelBrain(flow_of(flow), Mind(chat, Model(**{"tries": 1, **settings}), Breaker()), now=lambda: now)


async def hears(brain: ModelBrain, *happenings: Happening | str) -> list[Action]:
    """What the brain does about the last of them."""
    actions: list[Action] = []
    for happening in happenings:
        said = Said(text=happening) if isinstance(happening, str) else happening
        actions = [action async for action in brain.reply(said)]
    return actions


async def opened(chat: Telling, flow: str = "investment", **more: Any) -> ModelBrain:
    brain = brain_of(chat, flow, **more)
    await hears(brain, Answered(caller="+12125550136"))
    return brain


async def test_the_model_words_the_question_for_the_slot_that_is_next() -> None:
    chat = Telling("Stocks, nice. And how much shall it be?")
    brain = await opened(chat)
    asked = Ask(text="And how much shall it be?", slot="amount")
    assert await hears(brain, "Stocks please") == [Say(text="Stocks, nice."), asked]
    assert brain.lead.slots == {"interest": Filled(value=["stocks"], heard="Stocks")}
    assert "- interest = stocks" in chat.system
    assert brain.completeness("fifty thousand dollars") is Completeness.COMPLETE
    assert brain.spent == {"model": Usage(tokens_in=100, tokens_out=10)}


async def test_a_clause_is_said_while_the_rest_is_still_written() -> None:
    rest = asyncio.Event()
    chat = Telling([*text("Stocks, nice. And")[:-1], rest, *text("how much?")])
    brain = await opened(chat)
    actions = brain.reply(Said(text="Stocks please"))
    assert await anext(actions) == Say(text="Stocks, nice.")
    rest.set()
    assert [action async for action in actions] == [Ask(text="And how much?", slot="amount")]


@pytest.mark.parametrize(
    ("flow", "words", "last"),
    [
        ("energy", "Ne m'appelez plus, supprimez mon numéro", HangUp()),
        ("energy", "Faux numéro", HangUp()),
        ("energy", "J'habite en Belgique", HangUp()),
        ("energy", "Je suis locataire", HangUp()),
        ("investment", "Let me talk to a human being", Transfer(to="Local/9100@people")),
        ("investment", "Hold on", Wait(patience_s=15.0)),
    ],
)
async def test_the_flow_s_rules_do_not_depend_on_the_model(flow: str, words: str, last: Action) -> None:
    chat = Telling("Never mind. Shall we go on?")
    brain = await opened(chat, flow)
    assert (await hears(brain, words))[-1] == last
    assert chat.asked == []


@pytest.mark.parametrize(
    "happening",
    [
        Silent(times=1),
        Silent(times=3, last=True),
        Misheard(),
        TransferFailed(),
        Ending(reason="shutdown"),
        Said(text="..."),
        Keyed(digits="#"),
    ],
    ids=str,
)
async def test_what_is_no_words_is_the_script_s(happening: Happening) -> None:
    chat = Telling("Hm. What?")
    brain = await opened(chat)
    assert await hears(brain, happening)
    assert chat.asked == []


async def test_what_the_flow_says_is_said_in_its_words_and_before_the_model_is_asked() -> None:
    chat = Telling("So, how much is it?")
    brain = await opened(chat)
    await hears(brain, "Stocks")
    free = Say(text="This call and the first meeting are free.")
    assert (await hears(brain, "What does it cost?"))[0] == free
    assert f'You have just said: "{free.text}"' in chat.system
    assert chat.offered[-1] == ["record", "answer"], "what the caller means is dealt with"


async def test_a_question_that_decides_something_is_the_flow_s() -> None:
    chat = Telling("Sure. Shall I not call you back?")
    brain = await opened(chat)
    offered = "That is fine. Would another time suit you better?"
    assert await hears(brain, "I'm not interested") == [Ask(text=offered, slot="offer")]
    assert chat.asked == []
    actions = await hears(brain, "Hmm, the moon is made of cheese")
    assert actions == [Say(text="Sure."), Ask(text=offered, slot="offer")]
    assert "Ask nothing yourself" in chat.system


@pytest.mark.parametrize(
    ("flow", "words", "slot", "freely"),
    [
        ("energy", "Mon code postal est 75011", "occupant", False),  # `oui` is `owner`
        ("energy", "Au 75011, je suis propriétaire", "heating", True),
        ("support", "Je m'appelle Claire Dubois, 01 42 33 22 11", "line", True),
        ("investment", "Stocks", "amount", True),
    ],
)
async def test_so_is_one_for_a_slot_if_a_yes_or_a_no_answers_it(flow: str, words: str, slot: str, freely: bool) -> None:
    chat = Telling("Well. In other words?")
    brain = await opened(chat, flow)
    asked = (await hears(brain, words))[-1]
    assert asked == Ask(text="In other words?" if freely else flow_of(flow).slots[slot].ask, slot=slot)
    assert bool(chat.asked) == freely


@pytest.mark.parametrize(
    ("answer", "actions"),
    [
        ("Stocks, nice.", [Say(text="Stocks, nice."), HOW_MUCH]),
        ("Stocks? How much?", [Ask(text="Stocks?", slot="amount")]),
        ("Nice. Nice. Nice. How much?", [Say(text="Nice."), Ask(text="How much?", slot="amount")]),
        (
            "One. Two. Three. Four. Five?",
            [*(Say(text=f"{word}.") for word in ("One", "Two", "Three", "Four")), HOW_MUCH],
        ),
        ("What kind of investment are you interested in?", [HOW_MUCH]),
        ("", [Say(text="Great."), HOW_MUCH]),
        ("... !", [Say(text="Great."), HOW_MUCH]),
        ("and so on " * 200, [Say(text="Great."), HOW_MUCH]),
        ([BROKEN], [Say(text="Great."), HOW_MUCH]),
        ([*text("Stocks, nice. And how")[:-1], BROKEN], [Say(text="Stocks, nice."), HOW_MUCH]),
    ],
    ids=range(10),
)
async def test_whatever_it_answers_the_turn_ends_with_the_question(answer: Any, actions: list[Action]) -> None:
    brain = await opened(Telling(answer))
    assert await hears(brain, "Stocks please") == actions
    assert [*brain.lead.slots] == ["interest"]


async def test_what_only_the_model_understands_is_recorded() -> None:
    chat = Telling(
        [use("record", slot="interest", value=["other"], quote="a racing pigeon")], "A pigeon! How much shall it be?"
    )
    brain = await opened(chat)
    actions = await hears(brain, "I have my eye on a racing pigeon")
    assert actions == [Say(text="A pigeon!"), Ask(text="How much shall it be?", slot="amount")]
    assert brain.lead.slots["interest"] == Filled(value=["other"], heard="a racing pigeon")
    call, result = chat.asked[-1][-2:]
    assert call["tool_calls"][0]["function"]["name"] == "record"
    assert result == {"role": "tool", "tool_call_id": "call_record", "content": "done"}


async def test_an_answer_of_the_flow_s_for_a_question_that_only_the_model_knows() -> None:
    chat = Telling([use("answer", question="safe")], "So, what kind would you like?")
    brain = await opened(chat)
    actions = await hears(brain, "What if you go bust?")
    answer = Say(text="Every investment can lose money. The adviser will explain.")
    assert actions == [answer, Ask(text="So, what kind would you like?", slot="interest")]
    assert chat.asked[-1][-1]["content"] == f'done; the caller is told: "{answer.text}"'


async def test_what_the_caller_means_is_followed_by_the_flow_s_rules() -> None:
    chat = Telling([use("caller_means", meaning="busy", quote="pulling into the garage")], "When shall we call?")
    brain = await opened(chat)
    actions = await hears(brain, "Look, I'm just pulling into the garage")
    assert actions[0] == Say(text="No problem. We can call you back.")
    assert actions[-1] == Ask(text="When shall we call?", slot="callback")
    assert brain.state == "callback"


@pytest.mark.parametrize(
    ("now", "last", "said"),
    [
        (FRIDAY, Transfer(to="Local/9100@people"), "Un instant"),
        (SUNDAY, Ask(text="Quand cela vous arrange-t-il ?", slot="callback"), "Aucun conseiller n'est libre"),
    ],
)
async def test_a_person_is_rung_when_there(now: datetime, last: Action, said: str) -> None:
    chat = Telling([use("transfer", to="adviser", quote="quelqu'un de chez vous")], "Quand cela vous arrange-t-il ?")
    brain = await opened(chat, "energy", now=now)
    actions = await hears(brain, "Ma voisine connaît quelqu'un de chez vous, alors")
    assert actions[-1] == last
    assert isinstance(actions[0], Say)
    assert said in actions[0].text


async def test_the_call_ends_with_an_outcome_that_the_rules_allow() -> None:
    chat = Telling([*text("Bye then!"), use("end_call", outcome="hung_up", quote="the bus is here")])
    brain = await opened(chat)
    actions = await hears(brain, "Right, the bus is here")
    assert actions[-1] == HangUp()
    assert Say(text="Bye then!") not in actions, "the flow's own goodbye is enough"
    assert brain.outcome == "hung_up"


async def test_tools_are_used_in_three_rounds_at_most() -> None:
    chat = Telling([use("launch_rocket", where="moon")])
    brain = await opened(chat)
    actions = await hears(brain, "Stocks please")
    assert actions == [Say(text="Great."), HOW_MUCH]
    assert len(chat.asked) == MOST_ROUNDS
    assert chat.asked[-1][-1]["content"] == "refused: there is no such tool."


async def test_arguments_that_are_no_json_are_not_sent_back() -> None:
    chat = Telling([ToolCall(id="1", name="record", arguments='{"slot": [}')], "How much?")
    brain = await opened(chat)
    assert (await hears(brain, "Stocks please"))[-1] == Ask(text="How much?", slot="amount")
    assert chat.asked[-1][-2]["tool_calls"][0]["function"]["arguments"] == "{}"


async def test_a_conversation_does_not_go_in_circles() -> None:
    """The model may misunderstand as often as the script asks again; then the script has its turns, and ends it."""
    chat = Telling("Hm. Which kind?", "Sorry. Which kind, please?", "Again. Which kind was it?", "Well. Which?")
    brain = await opened(chat)
    actions, turns = await hears(brain, "Mumble mumble blurb blurb"), 1
    while actions[-1] != HangUp():
        actions, turns = await hears(brain, "Mumble mumble blurb blurb"), turns + 1
        assert turns < 15
    assert len(chat.asked) == flow_of("investment").limits.again + 1


async def test_the_same_question_twice_is_asked_in_the_flow_s_words() -> None:
    chat = Telling("Sorry. What kind?")
    brain = await opened(chat)
    assert (await hears(brain, "Blurb blurb blurb"))[-1] == Ask(text="What kind?", slot="interest")
    again = (await hears(brain, "Blurb blurb blurb"))[-1]
    assert again == Ask(text="Are you looking for stocks, bonds, funds, or something different?", slot="interest")


@pytest.mark.parametrize(
    ("played", "message"),
    [
        ("Stocks, nice.", f"Stocks, nice.{CUT_OFF}"),
        ("Stocks, nice. And how much shall it be?", "Stocks, nice. And how much shall it be?"),
        ("", None),
    ],
)
async def test_what_was_not_heard_is_not_in_the_history(played: str, message: str | None) -> None:
    chat = Telling("Stocks, nice. And how much shall it be?")
    brain = await opened(chat)
    await hears(brain, "Stocks please")
    brain.heard_by_caller(played)
    await hears(brain, "Fifty thousand dollars")
    contents = [each["content"] for each in chat.asked[-1][1:]]
    expected = [message] if message else []
    assert contents[2:] in (
        ["<caller>Stocks please</caller>", *expected, "<caller>Fifty thousand dollars</caller>"],
        ["<caller>Stocks please</caller> <caller>Fifty thousand dollars</caller>"],
    )
    assert (message in contents) == bool(message)


async def test_who_interrupts_a_turn_leaves_it_as_far_as_it_was() -> None:
    never = asyncio.Event()
    chat = Telling([*text("Stocks, nice. And")[:-1], never], "How long, then?")
    brain = await opened(chat)
    actions = brain.reply(Said(text="Stocks please"))
    await anext(actions)
    await actions.aclose()
    assert chat.closed == 1
    brain.heard_by_caller("Stocks, nice.")
    assert [*brain.lead.slots] == ["interest"]
    await hears(brain, "Fifty thousand dollars", "Low risk")
    assert [*brain.lead.slots] == ["interest", "amount", "risk"]


async def test_without_tokens_left_the_script_goes_on() -> None:
    chat = Telling([*text("Nice. How much?")[:-1], Spent(tokens_in=990, tokens_out=10)])
    brain = await opened(chat, tokens_per_call=1000)
    await hears(brain, "Stocks please")
    asked = Ask(text="What level of risk suits you: low, medium or high?", slot="risk")
    assert (await hears(brain, "Fifty thousand dollars"))[-1] == asked
    assert len(chat.asked) == 1
    assert [*brain.lead.slots] == ["interest", "amount"]


async def test_history_is_shortened_but_slots_stay() -> None:
    chat = Telling("Right. What now?", "Right. And now?")
    brain = await opened(chat, history_tokens=500)
    await hears(brain, "Stocks please", "Fifty thousand dollars")
    for number in range(20):
        await hears(brain, f"You know, on day {number} something happened that I will tell you about: " + "bla " * 30)
        await hears(brain, "Let me see, low risk or medium risk or high risk")
    sent = chat.asked[-1]
    assert sum(len(str(message["content"])) for message in sent[1:]) < 500 * 4
    assert not any("Stocks please" in str(message["content"]) for message in sent)
    assert "- interest = stocks" in sent[0]["content"]


async def test_keys_are_for_the_model_too() -> None:
    chat = Telling("Good. When is it?")
    brain = await opened(chat)
    await hears(brain, "Stocks", "fifty thousand dollars", "low risk", "ten years", "My name is Laura Stein")
    actions = await hears(brain, Keyed(digits="2125550136"))
    assert brain.lead.slots["phone"].value == "+12125550136"
    assert isinstance(actions[-1], Ask)
    assert actions[-1].slot == "callback"


async def test_the_sentiment_is_that_of_the_last_words() -> None:
    brain = await opened(Telling("Oh dear. What kind, then?"))
    await hears(brain, "This is awful, terrible, I hate it, blurb blurb")
    assert brain.sentiment == "negative"
    assert brain.understood is not None


async def test_where_the_script_takes_over_the_conversation_stands_where_that_leads() -> None:
    brain = await opened(Telling([BROKEN]))
    await hears(brain, "I'm not interested")
    assert (brain.state, brain.outcome) == ("offer", "refused")
    assert (await hears(brain, "Blurb blurb blurb"))[-1] == HangUp()
    assert brain.state == "refused"
    assert await hears(brain, "Hello?") == [HangUp()]


async def test_keys_of_a_caller_whom_nobody_hears_are_the_script_s() -> None:
    chat = Telling("Good. What next?")
    brain = await opened(chat)
    await hears(brain, "Stocks")
    asked = len(chat.asked)
    offered = await hears(brain, Misheard(deaf=True), Keyed(digits="50000"))
    assert isinstance(offered[-1], Ask)
    assert "Press" in offered[-1].text or "press" in offered[-1].text
    await hears(brain, "Blurb blurb blurb")
    assert len(chat.asked) == asked, "hearing is back, and the script takes the keys away"
    await hears(brain, "Blurb blurb blurb")
    assert len(chat.asked) == asked + 1
