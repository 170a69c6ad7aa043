import subprocess
import sys
from datetime import datetime

from callcenter.config import Dialogue, Model
from callcenter.dialogue.brain import Answered, Ask, Said
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.model.brain import ModelBrain
from callcenter.dialogue.model.brains import Brains
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.errors import ProviderError
from tests.dialogue.model.telling import Telling

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
FLOW = load_flow("investment")


async def test_the_settings_say_who_leads_the_conversation() -> None:
    async with Brains.opened(Dialogue(), Model()) as brains:
        assert isinstance(brains.brain(FLOW, now=lambda: NOW), ScriptedBrain)
        assert brains.report() == []
    async with Brains.opened(Dialogue(brain="model"), Model()) as brains:
        assert isinstance(brains.brain(FLOW, now=lambda: NOW), ModelBrain)
        (told,) = brains.report()
        assert (told["name"], told["state"], told["failures"]) == ("model", "closed", 0)


async def test_what_is_known_beforehand_is_known_to_it() -> None:
    chat = Telling("And the risk: which?")
    brain = Brains(Model(), chat).brain(FLOW, now=lambda: NOW, known={"amount": "50000"})
    for happening in (Answered(caller=""), Said(text="Stocks")):
        actions = [action async for action in brain.reply(happening)]
    assert actions == [Ask(text="And the risk: which?", slot="risk")]


async def test_calls_share_the_breaker() -> None:
    chat = Telling([ProviderError("out of order")])
    brains = Brains(Model(), chat)
    for _ in range(5):
        brain = brains.brain(FLOW, now=lambda: NOW)
        for happening in (Answered(caller=""), Said(text="Stocks")):
            assert [action async for action in brain.reply(happening)]
    assert brains.report()[0]["state"] == "open"
    assert len(chat.asked) == 3


def test_the_sdk_is_not_loaded_for_the_script() -> None:
    check = "import sys, callcenter.dialogue.model.brains; print('openai' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
