"""Shipped personas as text with a model that answers sensibly: they come to what they come to with the script."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from callcenter.breaker import Breaker
from callcenter.config import Model
from callcenter.dialogue.brain import Action, Happening, Lead
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.model.brain import ModelBrain
from callcenter.dialogue.model.chat import Chat
from callcenter.dialogue.model.mind import Mind
from callcenter.dialogue.model.openai_chat import OpenAIChat
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation import expectation, persona
from callcenter.simulation.persona import Persona
from callcenter.workshop.conversation import Conversation, play
from tests.peers.conversation import DirectChat, Sensible
from tests.peers.openai_cloud import Peer, serving

PERSONAS = Path(__file__).parents[2] / "personas"
FOLDERS = {
    "investment": (PERSONAS, PERSONAS / "investment"),
    "energy": (PERSONAS / "energy",),
    "reception": (PERSONAS / "reception",),
    "appointments": (PERSONAS / "appointments",),
    "support": (PERSONAS / "support",),
}
NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
SETTINGS = Model(tokens_per_call=1_000_000)


class Talk:
    """A model brain for who wants its decisions at once, as the player of personas does."""

    def __init__(self, brain: ModelBrain, runner: asyncio.Runner) -> None:
        self.model = brain
        self._runner = runner

    @property
    def lead(self) -> Lead:
        return self.model.lead

    @property
    def outcome(self) -> str:
        return self.model.outcome

    @property
    def state(self) -> str:
        return self.model.state

    def decide(self, happening: Happening) -> list[Action]:
        async def decided() -> list[Action]:
            return [action async for action in self.model.reply(happening)]

        return self._runner.run(decided())


def files(flow: str) -> list[Path]:
    return sorted(path for folder in FOLDERS[flow] for path in folder.glob("*.yaml"))


@cache
def flow_of(name: str) -> Flow:
    return load_flow(name)


def blind(flow: Flow) -> Flow:
    """`flow` without most of the words by which its own parsers know what callers mean and ask."""
    unknown = {"phrases": ("xyzzy plugh",), "words": (), "whole": (), "opening": ()}
    kept = {Intent.YES, Intent.NO, Intent.FILLER}
    intents = {name: one if name in kept else one.model_copy(update=unknown) for name, one in flow.intents.items()}
    answers = {name: one.model_copy(update=unknown) for name, one in flow.answers.items()}
    return flow.model_copy(update={"intents": intents, "answers": answers})


def play_through(lines: Persona, flow: Flow, chat: Chat, runner: asyncio.Runner) -> Conversation:
    brain = ModelBrain(flow, Mind(chat, SETTINGS, Breaker()), now=lambda: NOW)
    return play(cast(ScriptedBrain, Talk(brain, runner)), lines)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def is_right(lines: Persona, conversation: Conversation) -> bool:
    """Whether outcome and slots are as the persona expects, and the call did end."""
    right = expectation.count(lines.expect.slots, conversation.slots, NOW.date())
    ended = conversation.ended_by is not None
    return ended and conversation.outcome == lines.expect.outcome and right == len(lines.expect.slots)


@pytest.mark.parametrize(
    ("name", "eager"), [*((name, False) for name in FOLDERS), ("investment", True), ("support", True)]
)
def test_with_a_sensible_model(name: str, eager: bool, runner: asyncio.Runner) -> None:
    flow, asked = flow_of(name), 0
    for path in files(name):
        lines, chat = persona.load(path), DirectChat(Sensible(flow, lambda: NOW, eager=eager))
        conversation = play_through(lines, flow, chat, runner)
        assert is_right(lines, conversation), f"{path.stem}\n{conversation}"
        asked += len(chat.asked)
    assert asked > len(files(name))


@pytest.mark.parametrize("name", ["investment", "energy"])
def test_over_http(name: str, runner: asyncio.Runner) -> None:
    flow, peer = flow_of(name), Peer(Sensible(flow_of(name), lambda: NOW), pace_s=0.0)
    stack = AsyncExitStack()

    async def connected() -> Chat:
        address = await stack.enter_async_context(serving(peer))
        return await stack.enter_async_context(OpenAIChat.opened(Model(url=f"{address}/v1")))

    chat = runner.run(connected())
    try:
        for path in files(name):
            lines = persona.load(path)
            conversation = play_through(lines, flow, chat, runner)
            assert is_right(lines, conversation), f"{path.stem}\n{conversation}"
    finally:
        runner.run(stack.aclose())
    assert peer.counts["completions"] > len(files(name))


@pytest.mark.parametrize("name", FOLDERS)
def test_by_tools_alone(name: str, runner: asyncio.Runner) -> None:
    """The flow's own parsers know neither intents nor questions: only the model does, and says so by its tools."""
    flow, right, used = flow_of(name), 0, Counter[str]()
    wrong = []
    for path in files(name):
        lines, chat = persona.load(path), DirectChat(Sensible(flow, lambda: NOW))
        conversation = play_through(lines, blind(flow), chat, runner)
        right += is_right(lines, conversation)
        wrong += [] if is_right(lines, conversation) else [f"{path.stem}\n{conversation}"]
        used += chat.used
    assert right >= 0.9 * len(files(name)), "\n\n".join(wrong)
    assert used["caller_means"]
