"""The real espeak-ng, installed or brought without root, with the languages that flows speak."""

from pathlib import Path

import numpy as np
import pytest

from callcenter import config, debian
from callcenter.config import Talking
from callcenter.errors import MissingPartError
from callcenter.speech.espeak import Espeak, program

pytestmark = pytest.mark.real

SAID = {
    "en": "Your number is five five five, two three four.",
    "fr": "Votre numéro est le zéro six, douze, trente-quatre.",
    "es": "Su número es el seis uno dos, tres cuatro cinco.",
    "pt": "O seu número é o nove um dois, três quatro cinco.",
}


@pytest.fixture(scope="module")
def command() -> list[str]:
    return program(config.load().paths.cache)


@pytest.mark.parametrize("voice", [*SAID, "pt-br", "fr+f3"])
async def test_a_language_is_spoken_at_the_lines_level(command: list[str], voice: str) -> None:
    espeak = Espeak(voice, command, Talking())
    await espeak.start()
    clip = await espeak.render(SAID[voice[:2]], 8000)
    samples = np.frombuffer(clip.pcm, "<i2") / 32768
    assert 2 < clip.seconds < 6
    assert 0.04 < np.sqrt(np.mean(samples**2)) < 0.11
    assert np.abs(samples).max() <= 0.91


async def test_accents_are_read_as_such(command: list[str]) -> None:
    """Whatever the locale: two bytes read as two letters would be longer."""
    espeak = Espeak("fr", command, Talking())
    plain, accented = [await espeak.render(text, 8000) for text in ("ete, cle, cafe, bebe", "été, clé, café, bébé")]
    assert accented.seconds == pytest.approx(plain.seconds, rel=0.3)


async def test_nothing_is_said_for_nothing(command: list[str]) -> None:
    assert (await Espeak("fr", command, Talking()).render("", 8000)).pcm == b""


@pytest.mark.parametrize("voice", ["xx", "fr+nobody"])
async def test_a_voice_that_is_not_there_is_said(command: list[str], voice: str) -> None:
    with pytest.raises(MissingPartError, match=r"has no voice '.*--voices"):
        await Espeak(voice, command, Talking()).start()


async def test_the_one_that_was_brought_speaks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = await debian.bring(debian.VOICES, config.load().paths.cache, lambda _: None)
    (tmp_path / tree.root.name).symlink_to(tree.root)
    monkeypatch.setenv("PATH", str(tmp_path))
    espeak = Espeak("es", program(tmp_path), Talking())
    await espeak.start()
    assert (await espeak.render(SAID["es"], 8000)).seconds > 2
