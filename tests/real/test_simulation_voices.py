"""Callers' voices, with the real engines."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from callcenter import debian
from callcenter.config import load
from callcenter.errors import SimulationError
from callcenter.media.pcm import NARROWBAND, Samples, rms_dbfs, sounding, to_pcm
from callcenter.simulation.persona import Persona, Voice
from callcenter.simulation.voices import Order, Voices
from callcenter.speech.models import Models
from callcenter.speech.whisper import Whisper

pytestmark = pytest.mark.real

TEXTS = {
    "de": "Ich möchte bitte einen Termin.",
    "en": "Mostly index funds, please.",
    "es": "Quiero pedir una cita para la semana que viene.",
    "fr": "Je voudrais prendre rendez-vous pour la semaine prochaine.",
    "it": "Vorrei un appuntamento, per favore.",
    "pt": "Eu queria falar com a Ana Silva, por favor.",
}


def order(voice: Voice, language: str = "en", text: str = "") -> Order:
    return Order(voice=voice, language=language, text=text or TEXTS[language])


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


@pytest.fixture
async def brought(tmp_path: Path) -> Path:
    """A cache in which nothing is spoken yet, but the programs are there."""
    cache = load().paths.cache
    for bundle in (debian.VOICES, debian.PICO, debian.RHVOICE):
        tree = await debian.bring(bundle, cache, lambda _: None)
        (tmp_path / tree.root.name).symlink_to(tree.root)
    return tmp_path


@pytest.mark.parametrize(
    ("engine", "language"), [("flite", "en"), ("espeak", "en"), ("piper", "en"), ("pico", "fr"), ("rhvoice", "pt")]
)
async def test_tempo_and_pitch(brought: Path, models: Path, engine: str, language: str) -> None:
    (brought / "models").symlink_to(models / "models")
    voices = Voices(brought)
    plain, fast, high = [
        await voices.speak(order(Voice.model_validate({"engine": engine, **changes}), language))
        for changes in ({}, {"tempo": 1.5}, {"pitch": 400})
    ]
    assert 1.2 < plain.size / NARROWBAND < 4
    assert fast.size / plain.size == pytest.approx(1 / 1.5, abs=0.12)
    assert high.size / plain.size == pytest.approx(1, abs=0.12)
    assert octaves_higher(high, plain) == pytest.approx(400 / 1200, abs=0.1)
    assert octaves_higher(plain, plain) == 0


async def test_clip_is_its_speech_and_nothing_more(brought: Path) -> None:
    samples = await Voices(brought).speak(order(Voice()))
    start, end = sounding(samples, NARROWBAND)
    assert start == 0
    assert samples.size - end <= NARROWBAND // 100
    assert -26 < rms_dbfs(samples) < -18


async def test_spoken_once_and_kept(brought: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await Voices(brought).speak(order(Voice()))
    monkeypatch.setenv("PATH", str(brought))
    for tree in brought.glob("voices-*"):
        tree.unlink()
    again = await Voices(brought).speak(order(Voice()))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("engine", "language"),
    [("flite", "en"), ("espeak", "fr"), *(("pico", language) for language in ("de", "es", "it")), ("rhvoice", "pt")],
)
async def test_programs_that_are_not_installed_are_brought(
    brought: Path, monkeypatch: pytest.MonkeyPatch, engine: str, language: str
) -> None:
    monkeypatch.setenv("PATH", str(brought))
    samples = await Voices(brought).speak(order(Voice.model_validate({"engine": engine}), language))
    assert NARROWBAND < samples.size < 5 * NARROWBAND


@pytest.fixture(scope="module")
def whisper() -> Iterator[Whisper]:
    models = Models(load().paths.cache)
    asyncio.run(models.fetch(["base"]))
    whisper = Whisper(str(models.path("base")), load().hearing)
    yield whisper
    whisper.close()


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
async def test_a_language_s_usual_voice_is_understood(brought: Path, whisper: Whisper, language: str) -> None:
    samples = await Voices(brought).speak(order(Voice(), language))
    pcm = bytes(NARROWBAND) + to_pcm(samples) + bytes(NARROWBAND)
    heard = await whisper.recognise(pcm, rate=NARROWBAND, language=language, prompt="")
    assert re.findall(r"\w+", heard.text.lower()) == re.findall(r"\w+", TEXTS[language].lower())


async def test_voice_that_does_not_exist(brought: Path) -> None:
    with pytest.raises(SimulationError, match="espeak-ng has no voice 'no-such-voice'"):
        await Voices(brought).speak(order(Voice(engine="espeak", name="no-such-voice")))


@pytest.mark.parametrize(
    ("language", "says"), [("en", "makes no sound of"), ("fr", "makes no sound of"), ("pt", "did not speak")]
)
async def test_text_without_sound(brought: Path, language: str, says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        await Voices(brought).speak(order(Voice(), language, "..."))


@pytest.mark.parametrize("text", ["Oui < non > peut-être.", 'Oui, <speed level="400"> non, peut-être.'])
async def test_marks_of_pico_s_own_commands_are_not_obeyed(brought: Path, text: str) -> None:
    voices = Voices(brought)
    marked, plain = [
        await voices.speak(order(Voice(), "fr", words)) for words in (text, text.replace("<", " ").replace(">", " "))
    ]
    assert np.array_equal(marked, plain)


async def test_a_voice_that_pico_lacks_ends_only_that_caller(brought: Path) -> None:
    with pytest.raises(SimulationError, match=r"pico did not speak: .* has no voice 'sv-SE'"):
        await Voices(brought).speak(order(Voice(name="sv-SE"), "fr"))


async def test_rhvoice_says_which_tempo_it_cannot_speak_at(brought: Path) -> None:
    with pytest.raises(SimulationError, match=r"at 40 % of its usual tempo.* allowed are 50 to 200 %"):
        await Voices(brought).speak(order(Voice(tempo=0.5, pitch=400), "pt"))


async def test_all_that_a_persona_says_is_rehearsed(brought: Path) -> None:
    lines = [{"on": "a", "say": "Yes."}, {"on": "b", "say": "Yes."}, {"on": "c", "say": ""}, {"on": "d", "dtmf": "1"}]
    persona = Persona.model_validate(
        {"name": "n", "lines": lines, "otherwise": "Pardon?", "expect": {"outcome": "partial"}}
    )
    sounds = await Voices(brought).rehearse(persona)
    assert set(sounds) == {"Yes.", "Pardon?"}


async def test_a_pause_inside_is_as_long_as_it_says(brought: Path) -> None:
    text = "My number is [700] five five five."
    persona = Persona.model_validate(
        {"name": "n", "lines": [{"on": ".", "say": text}], "expect": {"outcome": "partial"}}
    )
    samples = (await Voices(brought).rehearse(persona))[text]
    loud = np.flatnonzero(np.abs(samples) > 0.003)
    gaps = np.diff(loud)
    assert gaps.max() / NARROWBAND == pytest.approx(0.7, abs=0.02)
    first, rest = loud[np.argmax(gaps)], samples.size - loud[np.argmax(gaps) + 1]
    assert 0.4 < first / NARROWBAND < 1.2
    assert 0.7 < rest / NARROWBAND < 1.8
    assert loud[0] < 200
    assert loud[-1] > samples.size - 200
