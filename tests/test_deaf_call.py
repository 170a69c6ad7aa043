"""Calls in virtual time in which the recognisers fail: from the second time in a row the caller is offered keys."""

import asyncio
from typing import Any

import pytest

from callcenter.asterisk.events import ChannelDtmfReceived
from callcenter.config import Limits
from callcenter.dialogue.flow import load_flow
from callcenter.signals import KEYS_END_S
from callcenter.speech.ear import HearingFailed
from callcenter.store.records import LeadChanged, TurnEnded
from tests.scene import Scene, played

WORDS = load_flow("investment").sentences


async def fail(scene: Scene, times: int = 1) -> None:
    """The caller says something that no recogniser can make out, when the agent has finished."""
    for _ in range(times):
        await scene.quiet()
        talk_over(scene)
        await scene.quiet()


def talk_over(scene: Scene) -> None:
    """The same at once."""
    scene.speak()
    now = asyncio.get_running_loop().time()
    scene.ear.events.put_nowait(HearingFailed(reason="broken", started=now - 1, ended=now))


async def key(scene: Scene, *keyed: str) -> None:
    """Press keys as somebody does who need not hear the whole question."""
    for digits in keyed:
        for digit in f"{digits}#":
            scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))
        await asyncio.sleep(0.5)


def said(scene: Scene) -> list[str]:
    return [turn.said for turn in scene.of(TurnEnded)]


def slots(scene: Scene) -> dict[str, Any]:
    return {name: slot.value for name, slot in scene.of(LeadChanged)[-1].slots.items()}


def test_the_first_failure_is_only_asked_about_and_the_second_offers_keys() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 2)
        scene.hang_up()

    _, first, second = said(played(caller))
    assert first.startswith(WORDS.misheard)
    assert second.startswith(WORDS.deaf)
    assert second.endswith(WORDS.keys.person)


def test_a_call_by_keys_alone_has_its_lead() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 2)
        await key(scene, "3", "50000", "1", "3", "5552347890", "215", "1", "2")

    scene = played(caller)
    assert slots(scene) == {
        "interest": ["funds"],
        "amount": 50000,
        "risk": "conservative",
        "timeline": "long",
        "phone": "+15552347890",
        "callback": "2026-11-24T15:00",
    }
    assert (scene.ended.outcome, scene.ended.reason) == ("qualified", "agent")
    assert [turn.heard for turn in scene.of(TurnEnded)][3:6] == ["3", "50000", "1"]


def test_one_key_is_a_whole_answer_where_each_answer_has_one() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 2)
        await key(scene, "3", "50000")
        await scene.quiet()
        scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit="1"))
        await asyncio.sleep(0.1)
        assert scene.lines[-1].playout.queued_seconds > 0, "the next question is being asked"
        scene.hang_up()

    assert slots(played(caller))["risk"] == "conservative"


def test_a_telephone_number_is_known_to_be_whole_and_a_sum_is_waited_for() -> None:
    heard: list[list[str]] = []

    async def caller(scene: Scene) -> None:
        await fail(scene, 2)
        await key(scene, "3")
        await scene.quiet()
        press(scene, "50000")
        await asyncio.sleep(KEYS_END_S - 0.2)
        heard.append([turn.heard for turn in scene.of(TurnEnded)])
        await scene.quiet()
        await key(scene, "1", "3")
        await scene.quiet()
        press(scene, "5552347890")
        await asyncio.sleep(0.1)
        assert scene.lines[-1].playout.queued_seconds > 0, "the next question is being asked"
        scene.hang_up()

    found = slots(played(caller))
    assert (found["amount"], found["phone"]) == (50000, "+15552347890")
    assert "50000" not in heard[0]


def press(scene: Scene, digits: str) -> None:
    """All at once, and no hash."""
    for digit in digits:
        scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))


def test_no_number_of_failures_ends_the_call() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 4)
        await key(scene, "3")
        scene.hang_up()

    scene = played(caller)
    assert (scene.ended.reason, slots(scene)) == ("caller", {"interest": ["funds"]})


def test_who_keys_nothing_is_let_go() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 2)

    scene = played(caller)
    assert said(scene)[-1] == WORDS.misheard_end
    assert len(said(scene)) == 2 + Limits().silences + 1
    assert (scene.ended.outcome, scene.ended.reason) == ("hung_up", "limit")


def test_who_talks_while_the_keys_are_told_is_told_the_rest() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene)
        talk_over(scene)
        for _ in range(3):
            await asyncio.sleep(2.0)
            talk_over(scene)
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    assert len(scene.of(TurnEnded)) == 3
    keys = scene.of(TurnEnded)[-1]
    assert keys.said == keys.heard_by_caller
    assert keys.said.startswith(WORDS.deaf)


@pytest.mark.parametrize("text", ["Bonds.", "Mm-hm."])
def test_hearing_that_is_back_is_believed_at_once(text: str) -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene, 2)
        scene.speak()
        scene.say(text)
        await fail(scene)
        scene.hang_up()

    after, last = said(played(caller))[-2:]
    assert WORDS.keys.person not in after
    assert last.startswith(WORDS.misheard), "that was the first failure in a row"


def test_a_noise_is_no_sign_of_hearing() -> None:
    async def caller(scene: Scene) -> None:
        await fail(scene)
        scene.speak()
        scene.say("", seconds=0.2)
        await fail(scene)
        scene.speak()
        scene.say("", seconds=1.0)
        await scene.quiet()
        scene.hang_up()

    *_, second, noise = said(played(caller))
    assert second.startswith(WORDS.deaf)
    assert noise.startswith(WORDS.deaf)
