import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, frame_bytes, to_pcm, to_samples
from callcenter.outbound.beep import BeepListener, Verdict

RATE = NARROWBAND
Sound = NDArray[np.float32]
SPEECH = sorted((Path(__file__).parents[1] / "captures/speech").glob("*.wav"))


def tone(hz: float, ms: int, level: float = 0.3) -> Sound:
    time = np.arange(RATE * ms // 1000) / RATE
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def noise(ms: int, level: float) -> Sound:
    return np.random.default_rng(1).normal(0, level, RATE * ms // 1000).astype(np.float32)


def silence(ms: int) -> Sound:
    return np.zeros(RATE * ms // 1000, np.float32)


def heard(*parts: Sound) -> list[tuple[int, Verdict]]:
    """What is noticed, each change with the milliseconds from the beginning."""
    listener, pcm = BeepListener(RATE), to_pcm(np.concatenate(parts))
    size = frame_bytes(RATE)
    verdicts = [listener.hear(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]
    return [(index * 20, verdict) for index, verdict in enumerate(verdicts) if verdict is not Verdict.TALKS]


@pytest.mark.parametrize("hz", [440, 853, 1000, 1400, 2000])
@pytest.mark.parametrize("ms", [180, 400, 1000])
@pytest.mark.parametrize("noise_level", [0.0, 0.01])
def test_beeps(hz: float, ms: int, noise_level: float) -> None:
    line = noise(1000 + ms + 500, noise_level)
    line[RATE : RATE + RATE * ms // 1000] += tone(hz, ms)
    found = [at for at, verdict in heard(line) if verdict is Verdict.BEEPED]
    assert len(found) == 1
    assert 1000 + ms - 40 <= found[0] <= 1000 + ms + 40


@pytest.mark.parametrize(
    "sound",
    [
        tone(1000, 100),
        tone(1000, 4000),
        tone(440, 1000) + tone(480, 1000) + tone(620, 1000),
        tone(200, 500),
        noise(2000, 0.2),
        np.concatenate([tone(600 + 25 * step, 20) for step in range(40)]),
        tone(1000, 500, 0.003),
    ],
    ids=["click", "off hook", "chord", "hum", "noise", "siren", "faint"],
)
def test_what_is_no_beep(sound: Sound) -> None:
    assert [verdict for _, verdict in heard(silence(500), sound, silence(500)) if verdict is Verdict.BEEPED] == []


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.stem)
def test_speech_is_no_beep(path: Path) -> None:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        sound = to_samples(file.readframes(file.getnframes()))
    assert [verdict for _, verdict in heard(sound) if verdict is Verdict.BEEPED] == []


def test_a_machine_that_does_not_beep() -> None:
    found = heard(noise(1000, 0.1), silence(3500))
    assert found[0] == (3980, Verdict.QUIET)
