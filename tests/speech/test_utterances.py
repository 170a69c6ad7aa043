"""Where an utterance begins, pauses and ends."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.utterances import (
    LONGEST_MS,
    ONSET_WINDOWS,
    WINDOW_MS,
    Began,
    Ended,
    Event,
    Paused,
    Resumed,
    State,
    Utterances,
    Window,
    Windows,
    window_bytes,
)

EARLY, PAUSE = 4, 10
"""Windows."""


def cutter() -> Utterances:
    return Utterances(threshold=0.5, early_ms=EARLY * WINDOW_MS)


def window(number: int) -> Window:
    """A window whose sound is its number, and whose times are 32 ms apart."""
    return Window(pcm=number.to_bytes(4, "little"), began=float(number), ended=number + 0.5)


def numbers(pcm: bytes) -> list[int]:
    return [int.from_bytes(pcm[at : at + 4], "little") for at in range(0, len(pcm), 4)]


def feed(utterances: Utterances, probabilities: Iterable[float], pause: int = PAUSE) -> list[tuple[int, Event]]:
    """Every event with the number of the window that led to it; the words are known at once in each pause."""
    events: list[tuple[int, Event]] = []
    for number, probability in enumerate(probabilities):
        for event in utterances.feed(window(number), probability):
            events.append((number, event))
            if isinstance(event, Paused) and (ended := utterances.settle(pause * WINDOW_MS)):
                events.append((number, ended))
    return events


def sketch(text: str) -> list[float]:
    """`.` is quiet, `-` between the thresholds, `#` speech."""
    return [{".": 0.02, "-": 0.4, "#": 0.9}[mark] for mark in text]


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        pytest.param("....................", [], id="nothing"),
        pytest.param("...#...#...#........", [], id="single windows do not begin an utterance"),
        pytest.param("...--------.........", [], id="nor does what stays below the threshold"),
        pytest.param("...######..........", ["began 4", "paused 12", "ended 18"], id="a word"),
        pytest.param("...##----..........", ["began 4", "paused 12", "ended 18"], id="it goes on below the threshold"),
        pytest.param("...######...####..........", ["began 4", "paused 19", "ended 25"], id="a gap too short to count"),
        pytest.param(
            "...######......####..........",
            ["began 4", "paused 12", "resumed 15", "paused 22", "ended 28"],
            id="goes on",
        ),
        pytest.param("...######......---....", ["began 4", "paused 12", "ended 18"], id="a breath does not resume"),
        pytest.param("...###..........", ["began 4", "ended 9"], id="a click ends early"),
        pytest.param(
            "...###.....######..........", ["began 4", "ended 9", "began 12", "paused 20", "ended 26"], id="click, word"
        ),
    ],
)
def test_events(sound: str, expected: list[str]) -> None:
    events = feed(cutter(), sketch(sound))
    assert [f"{type(event).__name__.lower()} {n}" for n, event in events] == expected


def test_times_and_sound_of_an_utterance() -> None:
    (_, began), (_, paused), (_, ended) = feed(cutter(), sketch("." * 20 + "#" * 6 + "." * 10))
    assert began == Began(at=20.0)
    assert isinstance(paused, Paused)
    assert numbers(paused.pcm) == list(range(10, 30)), "300 ms before, the speech, and the pause so far"
    assert paused.at == 25.5
    assert ended == Ended(pcm=paused.pcm, started=20.0, ended=25.5, until=29.5, pause_ms=PAUSE * WINDOW_MS)


def test_a_click_has_no_sound_and_the_word_after_it_has_both() -> None:
    events = [event for _, event in feed(cutter(), sketch("..........###....######.........."))]
    clicks, words = [event for event in events if isinstance(event, Ended)]
    assert clicks.pcm == b""
    assert set(range(10, 23)) <= set(numbers(words.pcm))


def test_what_was_said_before_a_pause_is_said_after_it_too() -> None:
    events = feed(cutter(), sketch("....######......######.........."))
    ended = events[-1][1]
    assert isinstance(ended, Ended)
    assert numbers(ended.pcm) == list(range(26))
    assert (ended.started, ended.ended) == (4.0, 21.5)


def test_nothing_ends_before_its_words_are_known() -> None:
    utterances = cutter()
    sound = [utterances.feed(window(n), p) for n, p in enumerate(sketch("..######" + "." * 50))]
    assert [type(event) for events in sound for event in events] == [Began, Paused]


@pytest.mark.parametrize(("known_after", "pause", "ended_after"), [(5, 8, 8), (5, 20, 20), (12, 8, 12), (12, 0, 12)])
def test_a_pause_ends_it_when_it_is_long_enough_for_the_words(known_after: int, pause: int, ended_after: int) -> None:
    utterances = cutter()
    ends = []
    for number, probability in enumerate(sketch("..######" + "." * 30), start=-7):
        if any(isinstance(event, Ended) for event in utterances.feed(window(abs(number)), probability)):
            ends.append(number)
        if number == known_after and utterances.settle(pause * WINDOW_MS):
            ends.append(number)
    assert ends == [ended_after]


def test_who_goes_on_is_judged_anew() -> None:
    utterances = cutter()
    for number, probability in enumerate(sketch("..######......")):
        utterances.feed(window(number), probability)
    assert utterances.settle(20 * WINDOW_MS) is None
    events = [event for n, p in enumerate(sketch("####" + "." * 30)) for event in utterances.feed(window(n), p)]
    assert [type(event) for event in events] == [Resumed, Paused]
    assert isinstance(utterances.settle(0), Ended)


def test_words_that_come_after_the_end_are_ignored() -> None:
    utterances = cutter()
    feed(utterances, sketch("..######.........."))
    assert utterances.settle(0) is None


def test_long_speech_is_cut_and_goes_on() -> None:
    most = -(-LONGEST_MS // WINDOW_MS)
    events = [event for _, event in feed(cutter(), [0.9] * (most + 20) + [0.0] * PAUSE)]
    match events:
        case [Began(), Ended() as first, Began(at=again), Paused(), Ended() as second]:
            assert numbers(first.pcm) + numbers(second.pcm) == list(range(most + 20 + EARLY))
            assert again == second.started == first.ended
        case _:
            pytest.fail(f"{events}")


@given(st.lists(st.sampled_from([0.0, 0.3, 0.4, 0.6, 0.99]), max_size=1200), st.integers(EARLY, 40))
def test_no_speech_is_lost(probabilities: list[float], pause: int) -> None:
    utterances = cutter()
    events = feed(utterances, [*probabilities, *[0.0] * pause], pause)
    assert utterances.state is State.QUIET
    covered: set[int] = set()
    for _, event in events:
        if isinstance(event, Ended):
            heard = numbers(event.pcm)
            assert heard == list(range(heard[0], heard[-1] + 1)) if heard else True
            covered |= set(heard) | set(range(int(event.started), int(event.ended) + 1))
    for n in range(len(probabilities) - ONSET_WINDOWS + 1):
        if all(p >= 0.5 for p in probabilities[n : n + ONSET_WINDOWS]):
            assert n in covered


@given(st.lists(st.sampled_from([0.0, 0.4, 0.99]), max_size=400))
def test_events_come_in_order(probabilities: list[float]) -> None:
    """Began, then any number of Paused and Resumed in turn, then Ended."""
    before: Event | None = None
    for _, event in feed(cutter(), probabilities):
        match event:
            case Began():
                assert before is None or isinstance(before, Ended)
            case Paused():
                assert isinstance(before, Began | Resumed)
            case Resumed():
                assert isinstance(before, Paused)
            case Ended():
                assert isinstance(before, Began | Resumed | Paused)
        before = event


@given(st.lists(st.integers(1, 200), max_size=60), st.sampled_from([8000, 16000]))
def test_windows_hold_every_sample_once(lengths: list[int], rate: int) -> None:
    windows, fed, cut = Windows(rate), b"", b""
    for at, length in enumerate(lengths):
        frame = bytes([at]) * (2 * length)
        fed += frame
        windows.feed(float(at), frame)
        while found := windows.next():
            assert len(found.pcm) == window_bytes(rate)
            assert found.began == found.pcm[0]
            assert 0 <= found.pcm[-1] - found.ended < 200 / rate, "the last sample is within its frame"
            cut += found.pcm
    assert fed[: len(cut)] == cut
    assert len(fed) - len(cut) < window_bytes(rate)
