"""What comes back from a loudspeaker."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, to_pcm
from callcenter.simulation.echo import EchoPath
from callcenter.simulation.keypad import FRAME
from callcenter.simulation.persona import Echo

NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, 100 * FRAME).astype(np.float32)


def returned(path: EchoPath, arrivals: list[float], ticks: list[float]) -> Samples:
    """What `path` sends at `ticks` while the frames of NOISE arrive at `arrivals`."""
    sent, left = [], list(zip(arrivals, NOISE.reshape(-1, FRAME), strict=False))
    for tick in ticks:
        while left and left[0][0] < tick:
            at, frame = left.pop(0)
            path.hear(to_pcm(frame), at)
        sent.append(path.frame(tick))
    return np.concatenate(sent)


def times(count: int, first: float = 0.0, jitter: list[float] | None = None) -> list[float]:
    return [first + 0.02 * number + (jitter[number % len(jitter)] if jitter else 0.0) for number in range(count)]


@pytest.mark.parametrize("phase", [0.001, 0.013])
@pytest.mark.parametrize(("db", "delay_ms"), [(-20.0, 120.0), (-6.0, 35.0)])
def test_comes_so_much_quieter_and_so_much_later(db: float, delay_ms: float, phase: float) -> None:
    sent = returned(EchoPath(Echo(db=db, delay_ms=delay_ms)), times(100, 1 + phase), times(120, 1))
    lag = int(np.argmax(np.correlate(sent, NOISE[: 40 * FRAME], "valid")))
    assert lag == round((phase + delay_ms / 1000) * NARROWBAND)
    assert rms_dbfs(sent[lag : lag + 90 * FRAME]) - rms_dbfs(NOISE) == pytest.approx(db, abs=0.1)


@given(st.lists(st.floats(0, 0.015), min_size=1, max_size=7), st.lists(st.floats(0, 0.003), min_size=1, max_size=5))
def test_jitter_of_either_clock_cuts_up_nothing(arriving: list[float], ticking: list[float]) -> None:
    path = EchoPath(Echo(db=-0.1, delay_ms=120))
    sent = returned(path, times(60, 1, arriving), times(70, 1, ticking))
    lag = int(np.argmax(np.correlate(sent, NOISE[: 10 * FRAME], "valid")))
    heard, expected = sent[lag : lag + 60 * FRAME], NOISE[: min(60 * FRAME, sent.size - lag)]
    assert np.allclose(heard[: expected.size], expected * 10 ** (-0.1 / 20), atol=1e-3)


def test_silence_comes_back_as_silence() -> None:
    assert not returned(EchoPath(Echo()), [], times(5)).any()


def test_frames_that_are_left_out_move_it_on() -> None:
    """The phone's clock stalls for 0.3 s: what would have been sent in that time is lost."""
    ticks = times(20, 1) + times(40, 1.7)
    sent = returned(EchoPath(Echo(db=-0.1, delay_ms=50)), times(100, 1.001), ticks)
    after = sent[20 * FRAME :]
    lag = int(np.argmax(np.correlate(NOISE, after[10 * FRAME : 20 * FRAME], "valid")))
    assert lag / NARROWBAND == pytest.approx(1.7 + 0.2 - 0.05 - 1.001, abs=0.001)
