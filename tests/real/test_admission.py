"""The caller too many on a real Asterisk: what they hear, where they go, and what the others notice of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from callcenter import config
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Admission, load
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.sentences import clauses
from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, rms_dbfs, to_samples
from callcenter.simulation.handset import Handset
from callcenter.simulation.recording import Track
from callcenter.speech.models import Models
from callcenter.speech.phrases import PhraseCache
from callcenter.speech.piper import Piper
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.store.queries import StoredCall
from tests.real.callers import calling

pytestmark = [pytest.mark.real, pytest.mark.timeout(200)]

WINDOW = NARROWBAND // 10
SLIP = NARROWBAND * 4 // 10
"""A phrase may be held up by so much at most. This machine has other things to do."""
ONE_GAP = 2
"""Windows that one gap can touch."""
ALIKE = 0.98
"""The correlation of 100 ms with a copy by G.711; with 20 ms of it missing it is below 0.9."""
ROOM_FOR_TWO = Admission(max_calls=2, lag_ms=10_000, waiting=1000, latency_ms=1_000_000)
"""However busy this machine is with other things."""
WAIT_S = 2


@pytest_asyncio.fixture
async def small_house(new_asterisk: Callable[[], Awaitable[PrivateAsterisk]], tmp_path: Path) -> AsyncIterator[House]:
    """A house with room for two calls, whose dialplan tries again after two seconds."""
    asterisk = await new_asterisk()
    await asterisk.command(f"dialplan set global BUSY_WAIT_S {WAIT_S}")
    settings = led_to(load(), asterisk, tmp_path / "state").model_copy(update={"admission": ROOM_FOR_TWO})
    daemon = DaemonProcess(settings)
    try:
        yield await House.started(settings, asterisk, daemon)
    finally:
        await daemon.stop()


async def rendered(*texts: str) -> list[Samples]:
    """The sound of each of `texts`, as the daemon has it on disk."""
    settings = config.load()
    piper = await asyncio.to_thread(
        lambda: Piper(Path(Models(settings.paths.cache).locate(settings.talking.voice)), settings.talking)
    )
    try:
        voice = PhraseCache(piper, settings.paths.cache / "phrases")
        return [
            np.concatenate([to_samples((await voice.render(text, NARROWBAND)).pcm) for text in clauses(whole)])
            for whole in texts
        ]
    finally:
        piper.close()


class Tape(Track):
    """What a phone received, frame by frame as it came, whenever that was: this process may be held up itself."""

    def __init__(self, handset: Handset) -> None:
        super().__init__(handset.recording.origin)
        self._frames: list[Samples] = []
        handset.recording.agent = self

    def add(self, at: float, pcm: bytes) -> bool:
        """Keep a frame."""
        self._frames.append(to_samples(pcm))
        return super().add(at, pcm)

    @property
    def sound(self) -> Samples:
        """All frames."""
        return np.concatenate(self._frames)

    def damaged(self, phrase: Samples) -> list[float]:
        """The moments of `phrase`, in seconds, at which something else was received than its sound, in its place."""
        start = place(self.sound, phrase)
        windows = range(0, phrase.size - WINDOW, WINDOW)
        return [
            at / NARROWBAND for at in windows if _likeness(self.sound, phrase[at : at + WINDOW], start + at) < ALIKE
        ]

    @property
    def rings(self) -> bool:
        """Whether the last half second is the tone of a telephone that rings: 440 and 480 Hz, and little else."""
        last = self.sound[-NARROWBAND // 2 :]
        power = np.abs(np.fft.rfft(last)) ** 2
        tone = power[[219, 220, 221, 239, 240, 241]].sum()
        return bool(last.size == NARROWBAND // 2 and rms_dbfs(last) > -40 and tone > 0.9 * power.sum())


def place(recording: Samples, phrase: Samples) -> int:
    """Where in the recording the phrase begins, or most of it would."""
    size = recording.size + phrase.size
    return int(np.argmax(np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(phrase, size)), size)))


def _likeness(recording: Samples, window: Samples, at: int) -> float:
    """The best normalised correlation of `window` with what is around `at`; 1 where there is a pause in it."""
    if min(rms_dbfs(part) for part in np.split(window, 5)) < SILENCE_DBFS:
        return 1.0
    around = recording[max(0, at - SLIP) : at + WINDOW + SLIP]
    if around.size < window.size:
        return 0.0
    pieces = np.lib.stride_tricks.sliding_window_view(around, WINDOW)
    levels = np.linalg.norm(pieces, axis=1) * np.linalg.norm(window)
    return float(np.max(pieces @ window / np.maximum(levels, 1e-9)))


async def comes_to_ring(tape: Tape) -> None:
    async with asyncio.timeout(10):
        while not tape.rings:  # noqa: ASYNC110 - a sound has no event
            await asyncio.sleep(0.05)


async def calls_of(house: House, number: str) -> list[StoredCall]:
    """What the store has of the calls from `number`, newest first."""
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        return [call for call in await queries.calls(session) if call.caller == number]


async def test_the_third_of_two_waits_kindly_and_nobody_else_notices(small_house: House) -> None:
    flow = load_flow("investment")
    greeting, sorry = await rendered(flow.greeting, flow.sentences.too_busy)
    async with AsyncExitStack() as stack, calling(small_house) as second:
        tapes = [Tape(second.handset)]
        first = await stack.enter_async_context(calling(small_house))
        tapes.append(Tape(first.handset))
        async with calling(small_house) as third:
            tape = Tape(third.handset)
            await third.told("end", outcome="busy", reason="full")
            status = await small_house.daemon.status()
            assert {call["caller"] for call in status["calls"]} == {first.number, second.number}
            assert status["admission"] == {"state": "full", "refused": {"full": 1}}
            await comes_to_ring(tape)
            assert len(tape.damaged(sorry)) <= ONE_GAP
            await asyncio.gather(*(caller.told("turn", index=0) for caller in (first, second)))
            assert max(len(tape.damaged(greeting)) for tape in tapes) <= ONE_GAP
            *_, stored = await calls_of(small_house, third.number)
            assert (stored.outcome, stored.reason) == ("busy", "full")

            await stack.aclose()  # the first hangs up
            await third.told("turn", index=0)
            await small_house.asterisk.command("dialplan set global BUSY_TRIES 1")
            async with calling(small_house) as fourth:
                tape = Tape(fourth.handset)
                await fourth.told("end", outcome="busy", reason="full")
                await fourth.left()
                assert len(tape.damaged(sorry)) <= ONE_GAP
                assert tape.sound.size > sorry.size + NARROWBAND * 2
    assert await small_house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
