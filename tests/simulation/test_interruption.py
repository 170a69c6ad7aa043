"""The agent's turns and the caller's words over them, from tones placed by hand."""

from typing import Any

import numpy as np
import pytest

from callcenter.media.pcm import to_pcm
from callcenter.simulation.interruption import Closed, interruptions, spoken, timed
from callcenter.simulation.measure import Activity, Span
from callcenter.simulation.recording import Recording
from callcenter.simulation.transcript import Placed, Turn

ASIDES = frozenset({"[cough]"})
Stretches = list[tuple[float, float]]


def placed(agent: Stretches, *turns: Turn) -> Placed:
    """A call of 10 s."""
    recording = Recording(100.0)
    for side, stretches in (
        (recording.agent, agent),
        (recording.caller, [(turn.speech.start, turn.speech.end) for turn in turns if turn.speech]),
    ):
        for tick in range(500):
            moments = tick * 0.02 + np.arange(160) / 8000
            inside = np.any([(moments >= start) & (moments < end) for start, end in stretches] or [moments < 0], axis=0)
            samples = 0.3 * np.sin(2 * np.pi * 400 * moments) * inside
            side.add(100.0 + tick * 0.02, to_pcm(samples.astype(np.float32)))
    return Placed(
        turns=turns,
        recording=recording,
        answered=0.0,
        ended=10.0,
        ended_by="agent",
        lead={"status": "new", "slots": {}},
        outcome="hung_up",
    )


def words(start: float, end: float, *, interrupted: bool = True, caller: str = "Wait.") -> Turn:
    return Turn(agent="", caller=caller, speech=Span(start=start, end=end), interrupted=interrupted)


def closed(at: float, said: str = "one two", heard: str | None = None, **changes: Any) -> Closed:
    return Closed(at=at, said=said, heard_by_caller=said if heard is None else heard, **changes)


def test_sound_belongs_to_the_turn_that_was_closed_after_it() -> None:
    call = placed([(1.0, 1.5), (1.8, 2.5), (4.0, 5.0)], words(3.0, 3.5, interrupted=False))
    first, second = spoken(call, [closed(2.6, "Hello. Who is there?"), closed(5.1, "Thank you.")], ASIDES)
    assert (first.said, first.sound.start, first.sound.end) == pytest.approx(
        ("Hello. Who is there?", 1.0, 2.5), abs=0.01
    )
    assert first.gaps == pytest.approx((0.3,), abs=0.01)
    assert (second.sound.start, second.sound.end) == pytest.approx((4.0, 5.0), abs=0.01)
    assert (first.complete, first.talked_over, first.aside) == (True, False, False)


@pytest.mark.parametrize(
    "turn",
    [
        closed(2.6, "", ""),
        closed(2.6, filler=True),
        closed(0.5),
        closed(10.0, heard="one"),
    ],
    ids=["nothing-said", "filler", "no-sound", "cut-by-the-end"],
)
def test_turns_that_tell_nothing_are_left_out(turn: Closed) -> None:
    assert spoken(placed([(1.0, 2.5)]), [turn], ASIDES) == ()


@pytest.mark.parametrize(
    ("turn", "talked_over", "aside"),
    [
        (words(2.0, 2.4), True, False),
        (words(2.0, 2.4, caller="[cough]"), False, True),
        (words(2.95, 3.4), True, False),
        (words(3.5, 4.0), False, False),
        (words(3.5, 4.0, caller="[cough]"), False, False),
        (words(0.4, 0.9), False, False),
    ],
)
def test_what_the_caller_does_meanwhile(turn: Turn, talked_over: bool, aside: bool) -> None:
    """The agent talks from 1 to 2.9 s."""
    (found,) = spoken(placed([(1.0, 2.9)], turn), [closed(3.4)], ASIDES)
    assert (found.talked_over, found.aside) == (talked_over, aside)


def test_a_caller_who_speaks_into_a_false_pause_has_not_caused_it() -> None:
    """The agent breaks off at 2 s for nothing; the caller takes it for the end, and begins at 2.9 s."""
    (found,) = spoken(placed([(1.0, 2.0)], words(2.9, 3.5, interrupted=False)), [closed(4.0, heard="one")], ASIDES)
    assert (found.complete, found.talked_over) == (False, False)


@pytest.mark.parametrize(
    ("agent", "turn", "outcome", "stop_ms"),
    [
        ([(1.0, 2.127)], closed(3.5, heard="one"), "stopped", 127),
        ([(1.0, 2.127), (3.2, 3.8)], closed(3.9), "stopped", 127),
        ([(1.0, 2.127), (2.3, 2.35)], closed(3.5, heard="one"), "stopped", 350),
        ([(1.0, 4.0)], closed(4.1), "missed", None),
        ([(1.0, 3.2)], closed(4.1, heard="one"), "missed", None),
        ([(1.0, 2.3)], closed(4.1), "missed", None),
        ([(1.0, 2.2)], closed(2.3), "over", None),
        ([(1.0, 1.9)], closed(3.0, heard="one"), "over", None),
        ([(1.0, 2.03)], closed(3.0, heard="one"), "over", None),
    ],
    ids=[
        "stops",
        "stops-and-goes-on",
        "stammers",
        "talks-on",
        "stops-late",
        "comes-to-its-end",
        "just-over",
        "silent",
        "too-soon",
    ],
)
def test_interruptions(agent: Stretches, turn: Closed, outcome: str, stop_ms: float | None) -> None:
    """The caller's first sound comes at 2 s."""
    call = placed(agent, words(2.0, 2.6))
    own = Activity.of(call.recording.caller.samples())
    (found,) = interruptions(call, spoken(call, [turn], ASIDES), own, ASIDES)
    assert found.outcome == outcome
    assert found.stop_ms == (None if stop_ms is None else pytest.approx(stop_ms, abs=3))
    assert found.at == pytest.approx(2.0, abs=0.002)
    assert found.after_s == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "turn", [words(2.0, 2.6, interrupted=False), words(2.0, 2.6, caller="[cough]")], ids=["in-turn", "cough"]
)
def test_no_interruption(turn: Turn) -> None:
    call = placed([(1.0, 2.1)], turn)
    assert interruptions(call, spoken(call, [closed(3.0)], ASIDES), None, ASIDES) == ()


def test_an_answer_after_a_filler_can_be_interrupted() -> None:
    """It is not taken for a stop of the turn before it, which had come to its end."""
    call = placed([(1.0, 2.0), (4.0, 4.5), (5.0, 6.3)], words(6.0, 7.0))
    told = [closed(2.5), closed(6.5, heard="one", filler=True)]
    (found,) = interruptions(call, spoken(call, told, ASIDES, fillers=True), None, ASIDES)
    assert found.outcome == "stopped"
    assert found.stop_ms == pytest.approx(300, abs=21)
    assert len(spoken(call, told, ASIDES)) == 1


def test_an_interruption_counts_from_the_first_sound_not_from_the_clip() -> None:
    """The clip begins 80 ms before it sounds. Where noise sounds too that cannot be seen, and its beginning counts."""
    call = placed([(1.0, 2.2)], words(2.08, 2.6))
    early = Placed(**{name: getattr(call, name) for name in Placed.__slots__} | {"turns": (words(2.0, 2.6),)})
    turns = spoken(early, [closed(3.0, heard="one")], ASIDES)
    (seen,) = interruptions(early, turns, Activity.of(early.recording.caller.samples()), ASIDES)
    (noisy,) = interruptions(early, turns, None, ASIDES)
    assert seen.stop_ms == pytest.approx(120, abs=3)
    assert noisy.stop_ms == pytest.approx(200, abs=3)


@pytest.mark.parametrize(
    ("timings", "sound_ms", "expected"),
    [
        ({"total": 700.0}, 730.0, 730.0),
        ({"total": 2400.0, "filler": 1500.0}, 1530.0, 2430.0),
        ({"total": 2400.0, "filler": 1500.0}, None, None),
        ({}, 730.0, 730.0),
    ],
)
def test_a_filler_is_no_answer(timings: dict[str, float], sound_ms: float | None, expected: float | None) -> None:
    assert timed(Turn(agent="", timings=timings), sound_ms) == expected
