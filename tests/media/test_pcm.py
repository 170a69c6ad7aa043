import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.pcm import (
    Clip,
    FrameQueue,
    Samples,
    frame_bytes,
    normalise_loudness,
    peak_dbfs,
    resample,
    rms_dbfs,
    sounding,
    to_pcm,
    to_samples,
    trim_silence,
)


def tone(seconds: float, rate: int = 8000, hertz: float = 400, amplitude: float = 0.5) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def silence(seconds: float, rate: int = 8000) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


@pytest.mark.parametrize(("rate", "size"), [(8000, 320), (16000, 640), (24000, 960)])
def test_frame_bytes(rate: int, size: int) -> None:
    assert frame_bytes(rate) == size


def test_a_clip_knows_its_length() -> None:
    assert Clip(text="hello", pcm=bytes(16000), rate=8000).seconds == 1.0


def test_a_full_queue_drops_its_oldest_frame() -> None:
    queue = FrameQueue(limit=2)
    for number in range(3):
        queue.put(bytes([number]), at=number)
    assert queue.dropped == 1
    assert queue.drain() == [(1, b"\1"), (2, b"\2")]
    assert queue.drain() == []


@given(values=st.lists(st.integers(-32768, 32767)))
def test_pcm_survives_the_way_to_float_and_back(values: list[int]) -> None:
    pcm = np.array(values, "<i2").tobytes()
    assert to_pcm(to_samples(pcm)) == pcm


def test_what_is_beyond_full_scale_is_clipped() -> None:
    assert np.frombuffer(to_pcm(np.array([-2, -1, 1, 2], np.float32)), "<i2").tolist() == [-32768, -32768, 32767, 32767]


@pytest.mark.parametrize(("from_rate", "to_rate"), [(8000, 16000), (22050, 8000), (24000, 8000), (8000, 8000)])
def test_a_tone_keeps_its_place_length_and_level_at_another_rate(from_rate: int, to_rate: int) -> None:
    sound = np.concatenate([silence(0.1, from_rate), tone(0.3, from_rate), silence(0.1, from_rate)])
    there = resample(sound, from_rate, to_rate)
    expected = np.concatenate([silence(0.1, to_rate), tone(0.3, to_rate), silence(0.1, to_rate)])
    assert there.dtype == np.float32
    assert abs(there.size - expected.size) <= 1
    size = min(there.size, expected.size)
    assert rms_dbfs(there[:size] - expected[:size]) < -45


def test_nothing_at_another_rate_is_nothing() -> None:
    assert resample(silence(0), 8000, 16000).size == 0


@pytest.mark.parametrize(
    ("samples", "peak", "rms"),
    [
        (np.ones(100, np.float32), 0.0, 0.0),
        (tone(1.0, amplitude=1.0), 0.0, -3.01),
        (tone(1.0, amplitude=0.1), -20.0, -23.01),
        (silence(1.0), -math.inf, -math.inf),
        (silence(0), -math.inf, -math.inf),
    ],
)
def test_levels(samples: Samples, peak: float, rms: float) -> None:
    assert peak_dbfs(samples) == pytest.approx(peak, abs=0.01)
    assert rms_dbfs(samples) == pytest.approx(rms, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.concatenate([silence(0.2), tone(0.5), silence(0.3)]), (1600, 5600)),
        (tone(0.505), (0, 4040)),
        (np.concatenate([silence(0.2), tone(0.1), silence(0.5), tone(0.1)]), (1600, 7200)),
        (tone(0.5, amplitude=0.001), (0, 0)),
        (silence(1.0), (0, 0)),
        (silence(0), (0, 0)),
    ],
    ids=["in the middle", "all", "with a pause", "too quiet", "silence", "nothing"],
)
def test_sounding(samples: Samples, expected: tuple[int, int]) -> None:
    assert sounding(samples, 8000) == expected


def test_trimming_keeps_a_little_silence() -> None:
    samples = np.concatenate([silence(0.2), tone(0.5), silence(0.3)])
    assert trim_silence(samples, 8000).size == round(0.56 * 8000)
    assert trim_silence(tone(0.5), 8000).size == round(0.5 * 8000)
    assert trim_silence(silence(1.0), 8000).size == 0


@pytest.mark.parametrize("amplitude", [0.01, 0.1, 0.5, 1.0])
def test_loudness_is_that_of_the_sounding_parts(amplitude: float) -> None:
    samples = np.concatenate([silence(1.0), tone(0.5, amplitude=amplitude), silence(2.0)])
    louder = normalise_loudness(samples, 8000, target_dbfs=-20)
    assert louder.dtype == np.float32
    assert rms_dbfs(louder[8000:12000]) == pytest.approx(-20, abs=0.1)


def test_peaks_stay_below_their_limit() -> None:
    click = silence(1.0)
    click[4000] = 0.5
    assert peak_dbfs(normalise_loudness(click, 8000)) == pytest.approx(-1, abs=0.01)


def test_silence_is_not_made_louder() -> None:
    assert not normalise_loudness(silence(0.1), 8000).any()
