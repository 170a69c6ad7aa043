"""Voices brought up together."""

import sys
from pathlib import Path

import pytest

from callcenter.config import Talking
from callcenter.errors import ConfigurationError, MissingPartError, innermost
from callcenter.speech.espeak import Espeak
from callcenter.speech.voice import VoiceName
from callcenter.speech.voices import Voices, load

PROGRAM = f"""#!{sys.executable}
import sys
if sys.argv[-1].startswith("--voices"):
    print("5  fr-fr  --/M  French_(France)  roa/fr  (fr 5)\\n5  es  --/M  Spanish  roa/es  (es 5)")
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs with an espeak-ng that knows French and Spanish, and says nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def named(*texts: str) -> list[VoiceName]:
    return [VoiceName.parse(text) for text in texts]


def test_a_name_is_read_as_it_is_shown() -> None:
    name = VoiceName.parse("piper:/voices/a:b.onnx")
    assert (name.engine, name.name, str(name)) == ("piper", "/voices/a:b.onnx", "piper:/voices/a:b.onnx")


@pytest.mark.usefixtures("programs")
async def test_each_is_brought_up_once_and_they_keep_apart(tmp_path: Path) -> None:
    french, spanish, again = named("espeak:fr", "espeak:es", "espeak:fr")
    voices = await Voices.brought_up([french, spanish, again], Talking(), tmp_path)
    assert voices[french] is voices[again]
    assert voices[french].name != voices[spanish].name
    voices.close()


@pytest.mark.usefixtures("programs")
async def test_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await Voices.brought_up(named("espeak:fr", "espeak:xx"), Talking(), tmp_path)
    error = innermost(caught.value)
    assert isinstance(error, MissingPartError)
    assert "no voice 'xx'" in str(error)


def test_two_that_could_be_taken_for_each_other_are_refused(tmp_path: Path) -> None:
    first, second = named("espeak:a", "piper:b")
    engines = {first: Espeak("x", [], Talking()), second: Espeak("x", [], Talking())}
    with pytest.raises(ConfigurationError, match="espeak:a and piper:b are both called"):
        Voices(engines, tmp_path)


def test_a_piper_voice_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="models fetch"):
        load(VoiceName.parse("piper:joe-us"), Talking(), tmp_path)
