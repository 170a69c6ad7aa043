"""Recordings as clips, and which voice an order means; the engines themselves are in tests/real."""

import wave
from pathlib import Path

import numpy as np
import pytest

from callcenter.errors import SimulationError
from callcenter.media.pcm import NARROWBAND
from callcenter.simulation.persona import Line, Persona, Voice
from callcenter.simulation.voices import Order, Voices, clip, recorded


def written(path: Path, *, rate: int = 8000, channels: int = 1, width: int = 2) -> Path:
    """Half a second of silence, one of a tone at 400 Hz, and half a second of silence."""
    moments = np.arange(2 * rate) / rate
    tone = 8000 * np.sin(2 * np.pi * 400 * moments) * ((moments >= 0.5) & (moments < 1.5))
    samples = np.repeat(tone, channels).astype("<i2" if width == 2 else "i1")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2)])
def test_recording_is_brought_to_the_line(tmp_path: Path, rate: int, channels: int) -> None:
    samples = recorded(written(tmp_path / "a.wav", rate=rate, channels=channels))
    assert samples.size == pytest.approx(NARROWBAND, abs=NARROWBAND // 50)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * NARROWBAND / samples.size == pytest.approx(400, abs=2)
    assert np.sqrt(np.mean(np.square(samples))) == pytest.approx(0.1, abs=0.01)


def test_not_a_recording(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("not a WAV file", encoding="utf-8")
    for path in (tmp_path / "text.wav", tmp_path / "missing.wav", written(tmp_path / "8bit.wav", width=1)):
        with pytest.raises(SimulationError, match="is not a WAV file that can be played"):
            recorded(path)


async def test_recordings_of_a_persona_are_its_clips(tmp_path: Path) -> None:
    line = Line(on="hello", wav=written(tmp_path / "a.wav"))
    persona = Persona.model_validate({"name": "n", "lines": [line], "expect": {"outcome": "partial"}})
    sounds = await Voices(tmp_path).rehearse(persona)
    samples = clip(line, sounds)
    assert samples is not None
    assert samples.size == pytest.approx(NARROWBAND, abs=200)


@pytest.mark.parametrize("line", [Line(on="a", dtmf="1"), Line(on="a", hang_up=True), Line(on="a", say="")])
def test_lines_without_sound(line: Line) -> None:
    assert clip(line, {}) is None


@pytest.mark.parametrize(
    ("voice", "language", "speaker", "stretch"),
    [
        (Voice(), "en", "flite rms", 1.0),
        (Voice(), "fr", "pico fr-FR", 1.0),
        (Voice(), "pt-BR", "rhvoice letícia-f123", 1.0),
        (Voice(), "sv", "espeak sv", 1.0),
        (Voice(engine="espeak"), "fr", "espeak fr", 1.0),
        (Voice(engine="espeak", tempo=2.0), "pt-BR", "espeak pt-br", 0.5),
        (Voice(engine="piper", pitch=1200), "en", "piper joe-us", 2.0),
        (Voice(name="slt", tempo=2.0, pitch=-1200), "en", "flite slt", 0.25),
        (Voice(tempo=0.5), "es", "pico es-ES", 2.0),
    ],
)
def test_orders(voice: Voice, language: str, speaker: str, stretch: float) -> None:
    order = Order(voice=voice, language=language, text="Hello.")
    assert (f"{order.engine} {order.name}", order.stretch) == (speaker, stretch)


def test_every_difference_makes_another_sound() -> None:
    voices = [Voice(), Voice(name="slt"), Voice(tempo=1.1), Voice(pitch=100), Voice(engine="espeak", name="en")]
    orders = [Order(voice=voice, language="en", text=text) for voice in voices for text in ("Yes.", "No.")]
    orders.append(Order(voice=Voice(engine="espeak"), language="fr", text="Yes."))
    orders.append(Order(voice=Voice(), language="fr", text="Yes."))
    assert len({order.key for order in orders}) == len(orders)
