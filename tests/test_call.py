"""Whole calls in virtual time, as callers live through them."""

import asyncio
from itertools import pairwise

import pytest

from callcenter.asterisk.events import ChannelDtmfReceived
from callcenter.call import State
from callcenter.config import Limits
from callcenter.errors import CallerHungUp, LegError
from callcenter.store.records import LeadChanged, TurnEnded
from tests.scene import Scene, played


def test_the_greeting_is_said_and_kept_with_what_was_heard_of_it() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    (greeting,) = scene.of(TurnEnded)
    assert greeting.said == greeting.heard_by_caller != ""
    assert greeting.heard == ""
    assert greeting.timings["total"] < 50
    assert (scene.ended.outcome, scene.ended.reason) == ("hung_up", "caller")


def test_a_recorded_call_has_its_tape_from_the_first_frame_to_the_end_of_the_line() -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.hang_up()

    def record(scene: Scene) -> None:
        scene.recorded = True

    scene = played(caller, record)
    (tape,) = scene.tapes
    assert tape.closed
    assert scene.ended.recording == str(tape.path)
    _, agent = tape.taken()
    times = [at for at, pcm in agent if pcm]
    assert len(times) == pytest.approx(49, abs=2)
    assert all(later - earlier == pytest.approx(0.02, abs=0.002) for earlier, later in pairwise(times))


def test_what_the_caller_says_becomes_the_lead() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(1.5)
        scene.say("About fifty thousand dollars in index funds.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    lead = scene.of(LeadChanged)[-1]
    assert {name: slot.value for name, slot in lead.slots.items()} == {"amount": 50000, "interest": ["funds"]}
    assert (lead.status, scene.ended.outcome) == ("partial", "partial")
    turn = scene.of(TurnEnded)[1]
    assert turn.heard == "About fifty thousand dollars in index funds."
    assert 500 <= turn.timings["total"] < 550


def test_words_stop_the_agent_and_what_was_not_heard_is_not_in_the_record() -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.speak()
        await asyncio.sleep(0.1)
        assert scene.lines[-1].playout.paused
        await asyncio.sleep(1.0)
        scene.say("I want bonds.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    greeting = scene.of(TurnEnded)[0]
    assert greeting.said.startswith(greeting.heard_by_caller)
    assert 2 <= len(greeting.heard_by_caller.split()) <= 4
    assert scene.of(LeadChanged)[-1].slots["interest"].value == ["bonds"]


@pytest.mark.parametrize("noise", ["", "Mm-hm."])
def test_a_noise_lets_the_agent_go_on(noise: str) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(1.0)
        scene.speak()
        await asyncio.sleep(0.8)
        scene.say(noise)
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    (greeting,) = scene.of(TurnEnded)
    assert greeting.said == greeting.heard_by_caller


def test_a_noise_between_turns_does_not_silence_the_next_answer() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(0.5)
        scene.say("", seconds=0.15)
        await asyncio.sleep(0.5)
        scene.speak()
        await asyncio.sleep(0.5)
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    answer = played(caller).of(TurnEnded)[1]
    assert answer.said == answer.heard_by_caller != ""


def test_a_word_that_was_not_understood_is_asked_about_twice_at_most() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for _ in range(4):
            scene.speak()
            await asyncio.sleep(0.5)
            scene.say("")
            await scene.quiet()
        scene.hang_up()

    _, *asked = played(caller).of(TurnEnded)
    assert ["catch" in turn.said for turn in asked] == [True, True]


def test_the_caller_s_words_decide_how_long_a_pause_is_waited_out() -> None:
    patience: list[int] = []

    async def caller(scene: Scene) -> None:
        await scene.quiet()
        patience.extend(scene.ear.patience(words) for words in (None, "", "Bonds.", "I would like", "Well."))
        scene.hang_up()

    played(caller)
    assert patience[:2] == [600, 0]
    assert set(patience[2:]) <= {350, 600, 1100}


def test_keys_are_gathered_until_the_hash() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for sentence in ("Bonds.", "Fifty thousand dollars.", "Low risk.", "Ten years.", "Karen Mitchell."):
            scene.say(sentence)
            await scene.quiet()
        for digit in "5552347890#":
            scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))
            await asyncio.sleep(0.2)
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    slots = scene.of(LeadChanged)[-1].slots
    assert (slots["name"].value, slots["phone"].value) == ("Karen Mitchell", "+15552347890")
    assert scene.of(TurnEnded)[-1].heard == "5552347890"
    assert scene.ended.outcome == "qualified"


def test_keys_without_a_hash_end_with_a_pause() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        for digit in "12":
            scene.legs.events.put_nowait(ChannelDtmfReceived(channel_id="caller", digit=digit))
            await asyncio.sleep(1.0)
        await asyncio.sleep(3.0)
        scene.hang_up()

    assert played(caller).of(TurnEnded)[1].heard == "12"


def test_silence_is_met_three_times_and_then_ends_the_call() -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller)
    assert len(scene.of(TurnEnded)) == 4
    assert (scene.ended.reason, scene.ended.outcome) == ("limit", "hung_up")
    assert scene.legs.done == ["hang up", "close"]


def test_a_caller_who_talks_for_long_is_not_silent() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        await asyncio.sleep(25)
        scene.say("Bonds.")
        await scene.quiet()
        scene.hang_up()

    assert len(played(caller).of(TurnEnded)) == 2


def test_the_longest_call_ends_with_a_goodbye() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()

    scene = played(caller, lambda scene: setattr(scene, "limits", Limits(call_s=11)))
    assert scene.ended.reason == "limit"
    assert len(scene.of(TurnEnded)) == 2
    assert "hang up" in scene.legs.done


def test_a_stopping_daemon_says_goodbye() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.call.end_politely()

    scene = played(caller)
    assert scene.ended.reason == "shutdown"
    assert scene.of(TurnEnded)[-1].heard_by_caller
    assert scene.legs.done == ["hang up", "close"]


def test_a_caller_who_cannot_be_spoken_to_is_given_back_to_the_dialplan() -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller, lambda scene: setattr(scene.voice, "failing", True))
    assert scene.ended.reason == "error: no voice today"
    assert scene.legs.done == ["close", "give back"]


@pytest.mark.parametrize(
    ("refusal", "reason", "done"),
    [
        (LegError("Asterisk refused the snoop"), "error: Asterisk refused the snoop", ["close", "give back"]),
        (CallerHungUp("gone"), "caller", ["close"]),
        (OSError("no sockets"), "error: no sockets", ["close", "give back"]),
    ],
)
def test_legs_that_cannot_be_made(refusal: Exception, reason: str, done: list[str]) -> None:
    async def caller(scene: Scene) -> None:
        pass

    scene = played(caller, lambda scene: setattr(scene.legs, "refuse", refusal))
    assert (scene.ended.reason, scene.legs.done) == (reason, done)


@pytest.mark.parametrize(
    ("caller_gone", "reason", "done"),
    [(True, "caller", ["close"]), (False, "error: the line broke: cut", ["close", "give back"])],
    ids=["the caller has left", "the caller is still there"],
)
@pytest.mark.parametrize("broken", ["line", "legs"])
def test_sound_that_breaks_ends_the_call(broken: str, caller_gone: bool, reason: str, done: list[str]) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        if broken == "line":
            scene.lines[-1].fault.set_result("cut")
        else:
            scene.legs.fault.put_nowait("cut")
        scene.legs.caller_gone = caller_gone

    scene = played(act)
    assert scene.ended.reason == reason
    assert scene.legs.done == done
    assert scene.lines[-1].received.dropped == 0


def test_a_line_that_breaks_as_the_caller_hangs_up_is_no_fault() -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(0.5)
        scene.lines[-1].fault.set_result("closed")
        await asyncio.sleep(0.1)
        scene.hang_up()

    assert played(act).ended.reason == "caller"


def test_a_person_who_answers_gets_the_call() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Let me talk to a real person, please.")

    scene = played(caller, lambda scene: setattr(scene.legs, "person_answers", True))
    assert scene.legs.done == ["ring Local/9100@people", "connect", "hang up", "close"]
    assert (scene.ended.outcome, scene.ended.reason) == ("transferred", "person")


def test_people_who_were_connected_may_talk_for_longer_than_a_call_may_last() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.speak()
        scene.say("I want to talk to a person.")

    def prepare(scene: Scene) -> None:
        scene.legs.person_answers = True
        scene.limits = Limits(call_s=25)

    scene = played(caller, prepare)
    assert (scene.ended.outcome, scene.ended.reason) == ("transferred", "person")


def test_when_nobody_answers_the_call_comes_back() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Let me talk to a real person, please.")
        await asyncio.sleep(5)
        scene.say("Hello?")
        await asyncio.sleep(10)
        await scene.quiet()
        scene.say("Tomorrow at three.")
        await scene.quiet()
        scene.hang_up()

    scene = played(caller)
    assert scene.legs.done == ["ring Local/9100@people", "close"]
    assert scene.of(LeadChanged)[-1].slots["callback"].value == "2026-11-22T15:00"


@pytest.mark.parametrize("after", [0.0, 0.5, 3.0, 8.0])
def test_a_call_that_is_cut_off_is_cleared_and_recorded(after: float) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(after)
        scene.running.cancel()

    scene = played(caller)
    assert scene.ended.reason == "shutdown"
    assert scene.legs.done == ["close"]
    assert scene.clock.lines == 0


@pytest.mark.parametrize("after", [0.0, 0.01, 0.5, 2.0, 9.0])
def test_a_caller_may_hang_up_at_any_time(after: float) -> None:
    async def caller(scene: Scene) -> None:
        await asyncio.sleep(after)
        scene.hang_up()

    scene = played(caller)
    assert (scene.ended.reason, scene.legs.done) == ("caller", ["close"])


def test_two_sentences_at_once_are_both_understood() -> None:
    async def caller(scene: Scene) -> None:
        await scene.quiet()
        scene.say("Index funds.")
        scene.say("Fifty thousand dollars.")
        await scene.quiet()
        scene.hang_up()

    slots = played(caller).of(LeadChanged)[-1].slots
    assert (slots["interest"].value, slots["amount"].value) == (["funds"], 50000)


def test_legs_that_end_because_the_agent_hangs_up_are_no_fault() -> None:
    async def act(scene: Scene) -> None:
        async with asyncio.timeout(120):
            while scene.call.state is not State.ENDING:  # noqa: ASYNC110 - a state has no event
                await asyncio.sleep(0.01)
        scene.legs.caller_gone = True
        scene.legs.fault.put_nowait("gone")

    scene = played(act)
    assert scene.ended.reason == "limit"
