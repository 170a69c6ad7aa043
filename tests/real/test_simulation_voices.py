"""Callers' voices, with the real engines."""

from pathlib import Path

import numpy as np
import pytest

from callcenter import debian
from callcenter.config import load
from callcenter.errors import SimulationError
from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, sounding
from callcenter.simulation.persona import Persona, Voice
from callcenter.simulation.voices import Order, Voices
from callcenter.speech.models import Models

pytestmark = pytest.mark.real

TEXT = "Mostly index funds, please."


def order(voice: Voice, language: str = "en", text: str = TEXT) -> Order:
    return Order(voice=voice, language=language, text=text)


@pytest.fixture
async def models() -> Path:
    cache = load().paths.cache
    await Models(cache).fetch(["joe-us"])
    return cache


def octaves_higher(high: Samples, plain: Samples) -> float:
    """By how much the long-term spectrum of `high` lies above that of `plain`: where they fit each other best."""
    steps = 96
    octaves = np.arange(0, 5, 1 / steps)

    def spectrum(samples: Samples) -> Samples:
        frames = samples[: samples.size - samples.size % 512].reshape(-1, 512) * np.hanning(512)
        power = np.mean(np.abs(np.fft.rfft(frames, 8192)) ** 2, axis=0)
        level = np.log(np.interp(100 * 2**octaves, np.fft.rfftfreq(8192, 1 / NARROWBAND), power))
        return np.asarray(level, np.float32)

    first, second = spectrum(plain), spectrum(high)
    fits = [np.corrcoef(first[: first.size - shift], second[shift:])[0, 1] for shift in range(steps)]
    return int(np.argmax(fits)) / steps


@pytest.mark.parametrize("engine", ["flite", "espeak", "piper"])
async def test_tempo_and_pitch(tmp_path: Path, models: Path, engine: str) -> None:
    cache = tmp_path
    (cache / "models").symlink_to(models / "models")
    voices = Voices(cache)
    plain, fast, high = [
        await voices.speak(order(Voice.model_validate({"engine": engine, **changes})))
        for changes in ({}, {"tempo": 1.5}, {"pitch": 400})
    ]
    assert 1.2 < plain.size / NARROWBAND < 3
    assert fast.size / plain.size == pytest.approx(1 / 1.5, abs=0.12)
    assert high.size / plain.size == pytest.approx(1, abs=0.12)
    assert octaves_higher(high, plain) == pytest.approx(400 / 1200, abs=0.1)
    assert octaves_higher(plain, plain) == 0


async def test_clip_is_its_speech_and_nothing_more(tmp_path: Path) -> None:
    samples = await Voices(tmp_path).speak(order(Voice()))
    start, end = sounding(samples, NARROWBAND)
    assert start == 0
    assert samples.size - end <= NARROWBAND // 100
    assert -26 < rms_dbfs(samples) < -18


async def test_spoken_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await Voices(tmp_path).speak(order(Voice()))
    monkeypatch.setenv("PATH", str(tmp_path))
    again = await Voices(tmp_path).speak(order(Voice()))
    assert np.array_equal(first, again)


async def test_programs_that_are_not_installed_are_brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = load().paths.cache
    tree = await debian.bring(debian.VOICES, cache, lambda _: None)
    (tmp_path / tree.root.name).symlink_to(tree.root)
    monkeypatch.setenv("PATH", str(tmp_path))
    voices = Voices(tmp_path)
    for voice, language in ((Voice(name="slt"), "en"), (Voice(engine="espeak"), "fr")):
        samples = await voices.speak(order(voice, language))
        assert samples.size > NARROWBAND


async def test_voice_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="espeak-ng has no voice 'no-such-voice'"):
        await Voices(tmp_path).speak(order(Voice(engine="espeak", name="no-such-voice")))


async def test_text_without_sound(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="makes no sound of"):
        await Voices(tmp_path).speak(order(Voice(), text="..."))


async def test_all_that_a_persona_says_is_rehearsed(tmp_path: Path) -> None:
    lines = [{"on": "a", "say": "Yes."}, {"on": "b", "say": "Yes."}, {"on": "c", "say": ""}, {"on": "d", "dtmf": "1"}]
    persona = Persona.model_validate(
        {"name": "n", "lines": lines, "otherwise": "Pardon?", "expect": {"outcome": "partial"}}
    )
    sounds = await Voices(tmp_path).rehearse(persona)
    assert set(sounds) == {"Yes.", "Pardon?"}


async def test_a_pause_inside_is_as_long_as_it_says(tmp_path: Path) -> None:
    text = "My number is [700] five five five."
    persona = Persona.model_validate(
        {"name": "n", "lines": [{"on": ".", "say": text}], "expect": {"outcome": "partial"}}
    )
    samples = (await Voices(tmp_path).rehearse(persona))[text]
    loud = np.flatnonzero(np.abs(samples) > 0.003)
    gaps = np.diff(loud)
    assert gaps.max() / NARROWBAND == pytest.approx(0.7, abs=0.02)
    first, rest = loud[np.argmax(gaps)], samples.size - loud[np.argmax(gaps) + 1]
    assert 0.4 < first / NARROWBAND < 1.2
    assert 0.7 < rest / NARROWBAND < 1.8
    assert loud[0] < 200
    assert loud[-1] > samples.size - 200
