"""Calls in virtual time in which an answer is long in coming, and a filler bridges the wait; or nothing need."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest

from callcenter.dialogue.brain import Action, Happening, Say
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.speech.ear import SpeechPaused, SpeechResumed, Utterance
from callcenter.store.records import LeadChanged, TurnEnded
from tests.scene import FILLER_MS, Scene, played

FILLERS = load_flow("investment").sentences.fillers


def fillers_in(scene: Scene) -> list[str]:
    return [event["text"] for event in scene.told if event["event"] == "say" and event["text"] in FILLERS]


async def asks_about_bonds(scene: Scene, recognised_after: float) -> None:
    await scene.quiet()
    scene.speak()
    await asyncio.sleep(1.0)
    ended = asyncio.get_running_loop().time()
    scene.ear.events.put_nowait(SpeechPaused(at=ended))
    await asyncio.sleep(recognised_after)
    scene.ear.events.put_nowait(
        Utterance(
            text="Bonds.",
            confidence=0.9,
            started=ended - 1,
            ended=ended,
            known=ended + recognised_after,
            timings={"endpoint": 600.0, "recognise": recognised_after * 1000 - 600},
        )
    )
    await scene.quiet()


@pytest.mark.parametrize(("recognised_after", "fillers"), [(1.0, 0), (1.6, 1), (2.9, 1), (4.5, 2), (12.0, 5)])
def test_a_long_wait_for_the_recogniser_is_bridged(recognised_after: float, fillers: int) -> None:
    async def caller(scene: Scene) -> None:
        await asks_about_bonds(scene, recognised_after)
        scene.hang_up()

    scene = played(caller)
    said = fillers_in(scene)
    assert len(said) == fillers
    assert all(one != next_one for one, next_one in pairwise(said))
    turn = scene.of(TurnEnded)[1]
    assert turn.said == turn.heard_by_caller == " ".join([*said, *turn.said.split()[len(" ".join(said).split()) :]])
    assert scene.of(LeadChanged)[-1].slots["interest"].value == ["bonds"]
    assert turn.timings["total"] >= recognised_after * 1000
    assert ("filler" in turn.timings) == bool(fillers)
    if fillers:
        assert FILLER_MS <= turn.timings["filler"] < FILLER_MS + 50


def test_a_slow_voice_is_bridged_and_the_answer_follows() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.voice.ready, scene.voice.slow_s = set(FILLERS), 2.0
        await asks_about_bonds(scene, 0.7)
        await asyncio.sleep(5)
        scene.hang_up()

    scene = played(caller)
    turn = scene.of(TurnEnded)[1]
    assert fillers_in(scene)[0] == FILLERS[0]
    assert turn.said.startswith(FILLERS[0])
    assert turn.timings["voice"] == pytest.approx(2000, abs=50)
    stages = ("endpoint", "recognise", "queue", "think", "voice", "wire")
    assert sum(turn.timings.get(stage, 0) for stage in stages) == pytest.approx(turn.timings["total"], abs=1)


class Faltering(ScriptedBrain):
    """Falls silent after its first words."""

    async def reply(self, happening: Happening) -> AsyncGenerator[Action, None]:
        """They are the same each time."""
        yield Say(text="Thank you.")
        await asyncio.sleep(2.5)
        async for action in super().reply(happening):
            yield action


def test_a_brain_that_falls_silent_in_the_middle_of_its_answer_is_bridged() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        await asyncio.sleep(10)
        scene.hang_up()

    def falter(scene: Scene) -> None:
        scene.brain = Faltering

    scene = played(caller, falter)
    said = [event["text"] for event in scene.told if event["event"] == "say"]
    assert said[:2] == ["Thank you.", FILLERS[0]]
    assert fillers_in(scene) == [FILLERS[0]], "nobody is waited for once the question is asked"


def test_who_answers_while_a_filler_is_said_does_not_interrupt() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        scene.ear.events.put_nowait(SpeechPaused(at=asyncio.get_running_loop().time()))
        await asyncio.sleep(FILLER_MS / 1000 + 0.3)
        assert not scene.lines[-1].playout.idle, "the filler is being said"
        scene.say("Okay.")  # over the agent it would be a mere sign of listening
        await scene.quiet()
        scene.hang_up()

    assert [turn.heard for turn in played(caller).of(TurnEnded)] == ["", "Okay."]


@pytest.mark.parametrize("murmur", ["", "Okay."])
def test_a_murmur_before_the_answer_is_there_does_not_lose_it(murmur: str) -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.voice.slow_s = 1.0
        scene.speak()
        scene.say("Bonds.")
        await asyncio.sleep(0.3)
        scene.speak()
        await asyncio.sleep(0.3)
        scene.say(murmur, seconds=0.2)
        await asyncio.sleep(5)
        scene.hang_up()

    _, answer = played(caller).of(TurnEnded)
    assert answer.heard == "Bonds."
    assert answer.said == answer.heard_by_caller != ""


def test_who_goes_on_talking_hears_no_filler() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        for _ in range(5):
            scene.ear.events.put_nowait(SpeechPaused(at=asyncio.get_running_loop().time()))
            await asyncio.sleep(1.0)
            scene.ear.events.put_nowait(SpeechResumed())
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    assert fillers_in(played(caller)) == []
