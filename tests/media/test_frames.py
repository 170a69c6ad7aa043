"""A stream of bytes as frames, its holes filled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.frames import Frames
from callcenter.media.pcm import frame_bytes, rms_dbfs, to_pcm, to_samples

RATES = [8000, 16_000]


def voice(rate: int, frames: int) -> bytes:
    """A vowel."""
    moments = np.arange(rate * frames // 50) / rate
    harmonics = [0.2 / number * np.sin(2 * np.pi * 125 * number * moments) for number in range(1, 6)]
    return to_pcm(np.sum(harmonics, axis=0, dtype=np.float32))


@pytest.mark.parametrize("rate", RATES)
@given(cuts=st.lists(st.integers(1, 700), min_size=1, max_size=40), seed=st.integers(0, 9))
def test_whatever_the_pieces_the_frames_are_the_same(rate: int, cuts: list[int], seed: int) -> None:
    sound = np.random.default_rng(seed).bytes(sum(cuts))
    frames, start, out = Frames(rate), 0, b""
    for cut in cuts:
        for frame in frames.push(sound[start : start + cut]):
            assert len(frame) == frame_bytes(rate)
            out += frame
        start += cut
    assert out == sound[: len(out)]
    assert len(sound) - len(out) < frame_bytes(rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_hole_in_a_voice_is_filled(rate: int, lost: int) -> None:
    size, sound = frame_bytes(rate), voice(rate, 20)
    holed = sound[: 8 * size] + bytes(lost * size) + sound[(8 + lost) * size :]
    frames = Frames(rate).push(holed)
    assert len(frames) == 20
    filled = to_samples(b"".join(frames[8 : 8 + lost]))
    assert rms_dbfs(filled) == pytest.approx(rms_dbfs(to_samples(sound)), abs=4)
    assert b"".join(frames[:8] + frames[8 + lost :]) == sound[: 8 * size] + sound[(8 + lost) * size :]


@pytest.mark.parametrize("rate", RATES)
def test_a_pause_stays_one_and_is_late_by_three_frames_at_most(rate: int) -> None:
    size, frames = frame_bytes(rate), Frames(rate)
    assert len(frames.push(voice(rate, 5))) == 5
    came = [len(frames.push(bytes(size))) for _ in range(6)]
    assert sum(came) == 6
    assert came == [0, 0, 0, 4, 1, 1]
