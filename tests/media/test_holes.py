"""Lost sound that reaches us as silence."""

import numpy as np
import pytest

from callcenter.media.g711 import ALAW, ULAW, Codec
from callcenter.media.holes import MOST, Holes
from callcenter.media.pcm import Samples, rms_dbfs, to_pcm, to_samples

FRAME = 160
FADE = np.linspace(1, 0, FRAME, dtype=np.float32) ** 4
SILENT = np.zeros(FRAME, np.float32)


def voice(frames: int, level: float = 0.3) -> list[Samples]:
    moments = np.arange(frames * FRAME) / 8000
    return list((level * np.sin(2 * np.pi * 150 * moments)).astype(np.float32).reshape(frames, FRAME))


def through(frames: list[Samples], codec: Codec = ULAW) -> tuple[list[int], Samples]:
    """How many frames are due with each, and their sound."""
    holes, past, counts = Holes(codec), b"", []
    for frame in frames:
        due = holes.push(codec.encode(to_pcm(frame)), past)
        past += due
        counts.append(len(due) // FRAME)
    return counts, to_samples(codec.decode(past))


@pytest.mark.parametrize("codec", [ULAW, ALAW], ids=lambda codec: codec.name)
@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_a_hole_in_a_voice_is_not_heard(size: int, codec: Codec) -> None:
    whole = voice(10)
    counts, heard = through([*whole[:4], *[SILENT] * size, *whole[4 + size :]], codec)
    assert counts == [1] * 4 + [0] * size + [size + 1] + [1] * (5 - size)
    assert rms_dbfs(heard - np.concatenate(whole)) < rms_dbfs(heard) - 10


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(voice(10), id="no hole"),
        pytest.param([SILENT] * 5 + voice(5), id="a voice that begins"),
        pytest.param([*voice(4), voice(1)[0] * FADE, *[SILENT] * 5], id="a voice that fades"),
        pytest.param([*voice(4, 0.002), *[SILENT] * 2, *voice(4, 0.002)], id="a murmur"),
    ],
)
def test_without_a_hole_there_is_no_delay(frames: list[Samples]) -> None:
    counts, heard = through(frames)
    assert counts == [1] * len(frames)
    assert np.allclose(heard, np.concatenate(frames), atol=0.02)


def test_a_longer_silence_stays_one() -> None:
    counts, heard = through([*voice(4), *[SILENT] * 6, *voice(4)])
    assert counts == [1] * 4 + [0] * MOST + [MOST + 1] + [1] * 6
    assert not heard[4 * FRAME : 10 * FRAME].any()


def test_silence_before_a_soft_sound_stays_silence() -> None:
    soft = voice(1)[0] * FADE[::-1]
    counts, heard = through([*voice(4), SILENT, soft, *voice(2)])
    assert counts == [1, 1, 1, 1, 0, 2, 1, 1]
    assert not heard[4 * FRAME : 5 * FRAME].any()
