"""The voice of espeak-ng with small programs in its place that do what the real one should not."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from callcenter.config import Talking
from callcenter.errors import MissingPartError, Overloaded, SpeechError
from callcenter.speech import espeak
from callcenter.speech.espeak import Espeak, program

TONE = """
import sys, wave
import numpy as np
sys.stdin.read()
with wave.open(sys.stdout.buffer, "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(22050), file.setnframes(22050)
    file.writeframesraw((3000 * np.sin(np.arange(22050) / 10)).astype("<i2").tobytes())
"""
SLOW = "import time; time.sleep(60)"
BROKEN = "import sys; sys.stdin.read(); sys.stderr.write('no phonemes'); sys.exit(3)"
TEXT = "Bonjour."


def speaking(script: str, waiting: int = 10) -> Espeak:
    """A voice of the program that is `script`."""
    return Espeak("fr", [sys.executable, "-c", script], Talking(waiting=waiting))


async def test_its_sound_is_resampled_and_levelled() -> None:
    for rate in (8000, 16000):
        clip = await speaking(TONE).render(TEXT, rate)
        samples = np.frombuffer(clip.pcm, "<i2") / 32768
        assert (clip.rate, clip.text) == (rate, TEXT)
        assert clip.seconds == pytest.approx(1.0, abs=0.05)
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (BROKEN, "no phonemes"),
        ("import sys; sys.exit(4)", "status 4"),
        ("print('no sound')", "wrote no sound"),
    ],
    ids=["complains", "fails", "writes text"],
)
async def test_a_program_that_fails_is_a_speech_error(script: str, said: str) -> None:
    with pytest.raises(SpeechError, match=said):
        await speaking(script).render(TEXT, 8000)


async def test_a_program_that_writes_nothing_is_silent() -> None:
    assert (await speaking("").render("...", 8000)).pcm == b""


async def test_a_program_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "SPEAK_S", 0.2)
    with pytest.raises(SpeechError, match=r"within 0\.2 s"):
        await speaking(SLOW).render(TEXT, 8000)


async def test_who_is_cancelled_takes_the_process_along(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    voice = speaking(f"import os, time; open({str(told)!r}, 'w').write(f'{{os.getpid()}}.'); time.sleep(60)")
    rendering = asyncio.create_task(voice.render(TEXT, 8000))
    async with asyncio.timeout(10):
        while not (told.is_file() and told.read_text().endswith(".")):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    async with asyncio.timeout(10):
        while Path(f"/proc/{told.read_text()[:-1]}").exists():  # noqa: ASYNC110 - its thread has yet to notice
            await asyncio.sleep(0.01)


async def test_too_many_texts_are_refused_and_who_leaves_makes_room() -> None:
    voice = speaking(SLOW, waiting=1)
    waiting = [asyncio.create_task(voice.render(TEXT, 8000)) for _ in range(espeak.WORKERS + 1)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await voice.render(TEXT, 8000)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    late = asyncio.create_task(voice.render(TEXT, 8000))
    await asyncio.sleep(0.05)
    assert not late.done()
    late.cancel()
    await asyncio.wait([late])


async def test_a_program_that_is_not_there_cannot_be_started() -> None:
    with pytest.raises(SpeechError, match="No such file"):
        await Espeak("fr", ["/nowhere/espeak-ng"], Talking()).render(TEXT, 8000)
    with pytest.raises(MissingPartError, match="No such file"):
        await Espeak("fr", ["/nowhere/espeak-ng"], Talking()).start()


def test_without_the_program_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="apt install espeak-ng"):
        program(tmp_path)


def test_the_installed_program_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "espeak-ng").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program(tmp_path) == [str(tmp_path / "espeak-ng")]


async def test_what_it_takes_for_phonemes_is_not_handed_over(tmp_path: Path) -> None:
    told = tmp_path / "text"
    await speaking(f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())").render("[[h@l'oU]]", 8000)
    assert "[[" not in told.read_text()
