"""Voices brought up together."""

import sys
from pathlib import Path

import pytest

from callcenter.config import Deepgram, OpenAI, Talking
from callcenter.errors import ConfigurationError, MissingPartError, SpeechError, innermost
from callcenter.speech.espeak import Espeak
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.voice import VoiceName
from callcenter.speech.voice_ladder import VoiceLadder
from callcenter.speech.voices import Sources, Voices, opened

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


def sources(cache: Path) -> Sources:
    """Of which the clouds cannot be reached: nobody listens on that port."""
    return Sources(
        talking=Talking(),
        openai=OpenAI(url="http://127.0.0.1:9/v1"),
        deepgram=Deepgram(url="http://127.0.0.1:9"),
        cache=cache,
    )


def test_a_name_is_read_as_it_is_shown() -> None:
    name = VoiceName.parse("piper:/voices/a:b.onnx")
    assert (name.engine, name.name, str(name)) == ("piper", "/voices/a:b.onnx", "piper:/voices/a:b.onnx")
    assert not name.elsewhere
    assert VoiceName.parse("openai:coral").elsewhere


@pytest.mark.usefixtures("programs")
async def test_each_is_brought_up_once_and_they_keep_apart(tmp_path: Path) -> None:
    french, spanish, again = named("espeak:fr", "espeak:es", "espeak:fr")
    async with Voices.opened([french, spanish, again], sources(tmp_path)) as voices:
        assert isinstance(voices[(french,)], PhraseCache)
        assert voices[(french,)] is voices[(again,)]
        assert voices[(french,)].name != voices[(spanish,)].name
        assert voices.report() == []


@pytest.mark.usefixtures("programs")
async def test_several_are_a_ladder_and_so_is_one_that_may_fail(tmp_path: Path) -> None:
    french, coral, spanish = named("espeak:fr", "openai:coral", "espeak:es")
    async with Voices.opened([coral, french, spanish], sources(tmp_path)) as voices:
        for choice in ((french, spanish), (coral,), (coral, french)):
            assert isinstance(voices[choice], VoiceLadder)
            assert voices[choice].name == voices[choice[:1]].name
        assert [line["name"] for line in voices[coral, french].report()] == ["openai:coral", "espeak:fr"]
        assert [line["name"] for line in voices.report()] == ["openai:coral"]


@pytest.mark.usefixtures("programs")
async def test_all_calls_share_what_is_known_of_a_cloud(tmp_path: Path) -> None:
    coral, french, spanish = named("openai:coral", "espeak:fr", "espeak:es")
    async with Voices.opened([coral, french, spanish], sources(tmp_path)) as voices:
        with pytest.raises(SpeechError, match="no voice can say 'zéro': openai:coral cannot be reached"):
            await voices[(coral,)].prepare(["zéro"], 8000)
        for text in ("un", "deux"):
            with pytest.raises(SpeechError, match="openai:coral"):
                await voices[(coral,)].render(text, 8000)
        assert [line["state"] for line in voices[coral, spanish].report()] == ["open", "closed"]


@pytest.mark.usefixtures("programs")
async def test_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with Voices.opened(named("espeak:fr", "espeak:xx"), sources(tmp_path)):
            pass
    error = innermost(caught.value)
    assert isinstance(error, MissingPartError)
    assert "no voice 'xx'" in str(error)


def test_two_that_could_be_taken_for_each_other_are_refused(tmp_path: Path) -> None:
    first, second = named("espeak:a", "piper:b")
    engines = {first: Espeak("x", [], Talking()), second: Espeak("x", [], Talking())}
    with pytest.raises(ConfigurationError, match="espeak:a and piper:b are both called"):
        Voices(engines, sources(tmp_path))


async def test_a_piper_voice_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="models fetch"):
        async with opened(VoiceName.parse("piper:joe-us"), sources(tmp_path)):
            pass
