"""What of the decoder's answers is believed, and how much sound it is given at once."""

import pytest

from callcenter.speech.whisper import (
    FRAMES_PER_S,
    FULL_WINDOW,
    MARGIN,
    POSITIONS,
    TOKENS_PER_S,
    TOKENS_SPARE,
    WINDOWS,
    Decoded,
    last_of,
    window_for,
)


@pytest.mark.parametrize(
    ("text", "confidence", "invented"),
    [
        ("Mostly index funds.", 0.9, False),
        ("Yes.", 0.45, False),
        ("Transvestite.", 0.3, True),
        ("Thank you.", 0.9, False),
        ("Thank you.", 0.45, True),
        ("you", 0.5, True),
        ("My number is 555-555-5555.", 0.8, False),
        ("5 5 5 2 3 4 7 8 9 0", 0.8, False),
        ("cryptocurrency like Bitcoin " * 5, 0.8, True),
        ("interest, " * 15, 0.8, True),
    ],
)
def test_what_is_invented(text: str, confidence: float, invented: bool) -> None:
    assert Decoded(text=text, confidence=confidence, cut=False).invented is invented


@pytest.mark.parametrize(
    ("prompted", "plain", "stands"),
    [
        (("Medium risk.", 0.52), ("medium risk.", 0.24), True),
        (("Bonds and stocks.", 0.58), ("bonds and sharks", 0.27), True),
        (("Laura Stein.", 0.56), ("A little rest.", 0.26), False),
        (("Laura Stein.", 0.54), ("Low risk.", 0.33), False),
        (("Laura Stein.", 0.54), ("Low risk.", 0.5), True),
        (("Mardi.", 0.7), ("Ma fille.", 0.29), True),
        (("Mardi.", 0.7), ("Ma fille.", 0.2), False),
        (("Moderate.", 0.42), ("Moderate.", 0.21), False),
        (("Sí.", 0.5), ("¡SI!", 0.3), False),
        (("Sí.", 0.5), ("¡SÍ!", 0.3), True),
    ],
)
def test_what_is_owed_to_the_sound_rather_than_to_the_prompt(
    prompted: tuple[str, float], plain: tuple[str, float], stands: bool
) -> None:
    one, other = (Decoded(text=text, confidence=confidence, cut=False) for text, confidence in (prompted, plain))
    assert one.stands(other) is stands


def test_an_answer_that_was_cut_short_is_still_an_answer() -> None:
    assert not Decoded(text="One, two, three, four and", confidence=0.8, cut=True).invented


@pytest.mark.parametrize(
    ("seconds", "window"),
    [(0.3, 1000), (8, 1000), (8.01, 1250), (10.5, 1250), (13, 1500), (15, 2000), (23, 2500), (23.01, 3000), (30, 3000)],
)
def test_the_window_fits_the_utterance(seconds: float, window: int) -> None:
    assert window_for(round(seconds * 100)) == window


def test_every_window_leaves_room() -> None:
    frames = range(FULL_WINDOW - MARGIN + 1)
    assert {window_for(each) for each in frames} == set(WINDOWS)
    assert min(window_for(each) - each for each in frames) == MARGIN
    assert list(WINDOWS) == sorted(WINDOWS)


@pytest.mark.parametrize(("tokens", "others", "first"), [(54, 60, 0), (223, 60, 0), (224, 60, 1), (999, 60, 776)])
def test_the_end_of_a_long_prompt_is_kept(tokens: int, others: int, first: int) -> None:
    assert last_of(list(range(tokens)), others) == list(range(first, tokens))


@pytest.mark.parametrize("seconds", [0.3, 8, 23, 30])
def test_a_prompt_leaves_room_for_the_answer(seconds: float) -> None:
    others = 5 + TOKENS_SPARE + int(TOKENS_PER_S * seconds)
    kept = last_of([7] * 999, others)
    assert 180 < len(kept) <= POSITIONS - others


def test_the_longest_utterance_leaves_room_for_a_prompt() -> None:
    assert POSITIONS - TOKENS_SPARE - TOKENS_PER_S * FULL_WINDOW // FRAMES_PER_S > 160
