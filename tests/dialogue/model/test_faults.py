"""A model over real HTTP with whatever can be wrong with it: the turn is answered, and nothing of the call is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

import pytest

from callcenter.breaker import Breaker
from callcenter.config import Model
from callcenter.dialogue.brain import Action, Answered, Ask, Happening, Said, Say
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.model.brain import ModelBrain
from callcenter.dialogue.model.chat import Delta, Message, Tool
from callcenter.dialogue.model.mind import Mind
from callcenter.dialogue.model.openai_chat import OpenAIChat
from callcenter.dialogue.scripted import ScriptedBrain
from tests.peers.clouds import RETRY_AFTER_S
from tests.peers.conversation import Sensible
from tests.peers.openai_cloud import Fault, Peer, serving
from tests.waiting import PATIENCE_S

FLOW = load_flow("investment")
NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
SPOKEN = ("I want stocks.", "About fifty thousand dollars.", "Low risk, please.")
SLOW = {Fault.STALL, Fault.STALL_MIDDLE, Fault.TRICKLE}


class Either:
    """A model that is given little time while what it does wrong is to be slow; this machine may be busy."""

    def __init__(self, peer: Peer, patient: OpenAIChat, hasty: OpenAIChat) -> None:
        self._peer = peer
        self._patient = patient
        self._hasty = hasty

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        chat = self._hasty if SLOW & set(self._peer.faults.values()) else self._patient
        async with aclosing(chat.stream(messages, tools)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                yield delta


def peer() -> Peer:
    return Peer(Sensible(FLOW, lambda: NOW, eager=True), pace_s=0.001)


@asynccontextmanager
async def model(peer: Peer) -> AsyncIterator[tuple[Either, Model]]:
    async with serving(peer) as address:
        settings = Model(url=f"{address}/v1", first_s=PATIENCE_S, stall_s=PATIENCE_S)
        hurry = Model(url=settings.url, first_s=0.4, stall_s=0.3)
        async with OpenAIChat.opened(settings) as patient, OpenAIChat.opened(hurry) as hasty:
            yield Either(peer, patient, hasty), settings


def brain_of(chat: Either, settings: Model, breaker: Breaker) -> ModelBrain:
    return ModelBrain(FLOW, Mind(chat, settings, breaker), now=lambda: NOW)


async def answered(brain: ModelBrain, happening: Happening) -> list[Action]:
    return [action async for action in brain.reply(happening)]


def scripted() -> list[list[Action]]:
    """What the script alone says to the same."""
    script = ScriptedBrain(FLOW, now=lambda: NOW)
    script.decide(Answered(caller=""))
    return [script.decide(Said(text=text)) for text in SPOKEN]


async def test_without_a_fault_the_model_speaks() -> None:
    cloud = peer()
    async with model(cloud) as (chat, settings):
        brain = brain_of(chat, settings, Breaker())
        await answered(brain, Answered(caller=""))
        for text, script in zip(SPOKEN, scripted(), strict=True):
            actions = await answered(brain, Said(text=text))
            assert actions != script
            assert isinstance(actions[-1], Ask)
            assert isinstance(script[-1], Ask)
            assert actions[-1].slot == script[-1].slot
    assert cloud.counts["completions"] == 2 * len(SPOKEN), "the tools first, then the words"
    assert brain.spent["model"].tokens_in > 100


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.value)
async def test_each_turn_is_answered_and_the_model_used_again(fault: Fault) -> None:
    cloud, breaker = peer(), Breaker(first_rest_s=0.3)
    async with model(cloud) as (chat, settings):
        brain = brain_of(chat, settings, breaker)
        await answered(brain, Answered(caller=""))
        cloud.faults["completions"] = fault
        for text, script in zip(SPOKEN, scripted(), strict=True):
            async with asyncio.timeout(PATIENCE_S):
                actions = await answered(brain, Said(text=text))
            if fault is not Fault.BAD_ARGUMENTS:  # which need not keep a model from saying what is right
                assert actions[-1] == script[-1], "the scripted question follows, whatever was said before"
            assert isinstance(actions[-1], Ask)
        assert [*brain.lead.slots] == ["interest", "amount", "risk"]
        cloud.faults.clear()
        await asyncio.sleep(RETRY_AFTER_S + 0.1 if fault is Fault.RATE_LIMITED else 0.35)
        cloud.counts.clear()
        actions = await answered(brain, Said(text="Ten years."))
        assert cloud.counts["completions"] >= 1
        assert isinstance(actions[-1], Ask)
        assert actions[-1].text.startswith("Tell me, please:")
        assert brain.lead.status == "qualified"


async def test_one_call_s_failures_are_another_s_too() -> None:
    cloud, breaker = peer(), Breaker(first_rest_s=60)
    cloud.faults["completions"] = Fault.ERROR
    async with model(cloud) as (chat, settings):
        calls = [brain_of(chat, settings, breaker) for _ in range(2)]
        for brain in calls:
            await answered(brain, Answered(caller=""))
        for text in SPOKEN:
            await answered(calls[0], Said(text=text))
        asked = cloud.counts["completions"]
        await answered(calls[1], Said(text=SPOKEN[0]))
        assert cloud.counts["completions"] == asked == 3, "three failures in a row, two of them of the first turn"
        assert [*calls[1].lead.slots] == ["interest"]


async def test_the_first_clause_is_there_at_once() -> None:
    """From the model's answer, of which no more comes, to the action, over the line.

    What that takes of a core, the peer's part too, is far under the 30 ms that a call may add.
    """
    thought: list[float] = []

    def thinking(request: object) -> list[str]:
        thought.append(time.thread_time())
        return ["Thank you. " + "word " * 40 + "How much?"]

    overheads, cloud = [], Peer(thinking, pace_s=0.0)
    cloud.middle = 4  # the role and three words
    async with model(cloud) as (chat, settings):
        cloud.fault_of = lambda request: Fault.STALL_MIDDLE
        for _ in range(9):
            brain = brain_of(chat, settings, Breaker())
            await answered(brain, Answered(caller=""))
            async for action in brain.reply(Said(text=SPOKEN[0])):
                overheads.append(time.thread_time() - thought[-1])
                assert action == Say(text="Thank you.")
                break
    assert sorted(overheads)[4] < 0.03, overheads
