"""Real Whisper: windows that fit, and the wait for a worker."""

import asyncio
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter import config
from callcenter.speech.models import Models
from callcenter.speech.whisper import MARGIN, WINDOWS, Whisper

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).parents[1] / "captures" / "speech"
RATE = 8000


def pcm(name: str) -> bytes:
    with wave.open(str(CAPTURES / f"{name}.wav"), "rb") as file:
        return file.readframes(file.getnframes())


@pytest.fixture(scope="module")
def whisper() -> Iterator[Whisper]:
    models = Models(config.load().paths.cache)
    asyncio.run(models.fetch())
    whisper = Whisper(str(models.path("base")), config.Hearing(workers=1, waiting=2))
    yield whisper
    whisper.close()


@pytest.mark.parametrize("window", WINDOWS)
async def test_a_number_is_heard_in_every_window(whisper: Whisper, window: int) -> None:
    """The same words, after as much silence as makes the utterance fill the window."""
    said = pcm("phone_number")
    before = bytes(max(0, (window - MARGIN) * RATE // 100 * 2 - len(said)))
    heard = await whisper.recognise(before + said, rate=RATE, language="en", prompt="")
    assert re.sub(r"\D", "", heard.text) == "5552347890"


@pytest.mark.parametrize("seconds", [4, 29])
async def test_a_prompt_of_any_length_is_no_failure(whisper: Whisper, seconds: int) -> None:
    """The decoder has 448 places, of which thirty seconds of speech may need 256."""
    said = pcm("phone_number")
    before = bytes(max(0, seconds * RATE * 2 - len(said)))
    prompt = "Stocks, bonds, funds, property, pension, crypto. " * 60
    heard = await whisper.recognise(before + said, rate=RATE, language="en", prompt=prompt)
    assert re.sub(r"\D", "", heard.text) == "5552347890"


async def test_the_wait_for_a_worker_is_told(whisper: Whisper) -> None:
    async with asyncio.TaskGroup() as group:
        first, second = [
            group.create_task(whisper.recognise(pcm("yes"), rate=RATE, language="en", prompt="")) for _ in range(2)
        ]
    assert 0 <= first.result().waited_ms < first.result().ms / 2 < second.result().waited_ms
