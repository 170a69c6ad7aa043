"""Frames placed on one timeline."""

import wave
from pathlib import Path

import numpy as np
import pytest

from callcenter.media.pcm import to_samples
from callcenter.simulation.recording import Recording, Track

LOUD = (np.full(160, 8000, "<i2")).tobytes()
QUIET = bytes(320)


def starts(track: Track) -> list[int]:
    """The first sample of each stretch of sound."""
    sounding = np.concatenate([[False], np.abs(track.samples()) > 0])
    return [int(index) for index in np.flatnonzero(~sounding[:-1] & sounding[1:])]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([(10.0, LOUD)], [0]),
        ([(10.5, LOUD)], [4000]),
        ([(10.1, LOUD), (10.125, LOUD), (10.139, LOUD)], [800]),
        ([(10.1, LOUD), (10.3, LOUD)], [800, 2400]),
        ([(10.1, LOUD), (10.12, QUIET), (10.145, LOUD)], [800, 1160]),
        ([(9.9, LOUD), (10.1, LOUD)], [800]),
        ([(10.1, LOUD), (10.11, LOUD), (10.12, LOUD)], [800]),
    ],
)
def test_placed_by_arrival_but_words_are_not_cut(frames: list[tuple[float, bytes]], expected: list[int]) -> None:
    track = Track(10.0)
    for at, pcm in frames:
        track.add(at, pcm)
    assert starts(track) == expected


def test_says_what_sounds() -> None:
    track = Track(0.0)
    assert [track.add(0.0, LOUD), track.add(0.02, QUIET)] == [True, False]


def test_length_can_be_given() -> None:
    track = Track(0.0)
    track.add(0.0, LOUD)
    assert [track.samples().size, track.samples(100).size, track.samples(500).size] == [160, 100, 500]


def test_saved_with_the_caller_on_the_left(tmp_path: Path) -> None:
    recording = Recording(5.0)
    recording.caller.add(5.0, LOUD)
    recording.agent.add(5.02, LOUD)
    path = tmp_path / "calls" / "one.wav"
    recording.save(path)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 320)
        sides = to_samples(file.readframes(320)).reshape(-1, 2)
    assert np.flatnonzero(sides[:, 0]).tolist() == list(range(160))
    assert np.flatnonzero(sides[:, 1]).tolist() == list(range(160, 320))
    assert recording.seconds(6.5) == 1.5
