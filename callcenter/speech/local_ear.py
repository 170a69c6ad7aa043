"""Hearing on this machine: one loop looks for speech in all calls at once, a recogniser turns utterances into text."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

from callcenter.config import Hearing
from callcenter.errors import SpeechError
from callcenter.media.pcm import FrameQueue, Trail, pause_after_sound, to_samples
from callcenter.speech.ear import (
    EarEvent,
    HearingFailed,
    Patience,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Utterance,
)
from callcenter.speech.onset import Levels, Onset, measured
from callcenter.speech.recogniser import Recognised, Recogniser
from callcenter.speech.threads import URGENT, pool
from callcenter.speech.utterances import Began, Ended, Paused, Resumed, State, Utterances, Window, Windows
from callcenter.speech.vad import Detector, Track

log = structlog.get_logger()

TICK_S = 0.003
EAR_S = 0.00003
LONGEST_TICK_S = 0.016
"""Windows are looked for so often, and a little less often for each ear: with 10 ms the agent falls silent 6 ms later,
but larger batches are less work."""
EVENTS = 32
"""An ear that nobody reads keeps so many events and drops the oldest."""
T = TypeVar("T")
Recognise = Callable[[bytes], Coroutine[Any, Any, Recognised]]
LAST_S = 3
"""Of an utterance: enough to find its end in."""
NOTHING = Recognised(text="", confidence=0.0, ms=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a recognition."""

    result: Recognised | SpeechError
    at: float
    """Loop time."""

    @property
    def words(self) -> str | None:
        """None when it failed."""
        return self.result.text if isinstance(self.result, Recognised) else None


class LocalEar:
    """Listens to one call."""

    def __init__(self, frames: FrameQueue, played: Trail, settings: Hearing, recognise: Recognise) -> None:
        self.track = Track(frames.rate)
        self.closed = False
        self._settings = settings
        self.patience: Patience = lambda words: settings.pause_ms
        self._frames = frames
        self._recognise = recognise
        self._windows = Windows(frames.rate)
        self._onset = Onset(settings.vad_threshold, played)
        self._utterances = Utterances(threshold=settings.vad_threshold, early_ms=settings.early_ms)
        self._events: asyncio.Queue[EarEvent] = asyncio.Queue(EVENTS)
        self._considering: asyncio.Task[None] | None = None
        self._words: Outcome | None = None
        self._telling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        # Tasks run in the call's context, which its log lines take the call's id from.
        self._context = copy_context()

    async def next(self) -> EarEvent:
        """Wait for the next event."""
        return await self._events.get()

    def close(self) -> None:
        """Stop listening and drop what is being recognised."""
        self.closed = True
        for task in self._tasks:
            task.cancel()

    def drain(self) -> bool:
        """Take what the line has received; whether it was anything."""
        frames = self._frames.drain()
        for at, frame in frames:
            self._windows.feed(at, frame)
        return bool(frames)

    def window(self) -> Window | None:
        """The next window to be judged."""
        return self._windows.next()

    def rests(self, levels: Levels) -> bool:
        """Whether the VAD need not see the next window."""
        return self.track.is_faint(max(levels.blocks)) and self._utterances.state is State.QUIET

    def follow(self, window: Window, probability: float, levels: Levels, group: asyncio.TaskGroup) -> None:
        """Act on the judgement of a window; recognition runs in `group`."""
        judgement = self._onset.judge(window, probability, levels, self._utterances.state)
        for event in self._utterances.feed(window, judgement.probability, judgement.begins):
            match event:
                case Began():
                    self._put(SpeechStarted(at=event.at))
                case Paused():
                    self._put(SpeechPaused(at=event.at))
                    self._considering = self._spawn(self._consider(event.pcm, group), group)
                case Resumed():
                    self._put(SpeechResumed())
                    self._forget()
                case Ended():
                    self._end(event, group)

    async def _consider(self, pcm: bytes, group: asyncio.TaskGroup) -> None:
        """Find out the words so far: they decide how long to wait for more."""
        self._words = await self._attempt(pcm)
        if ended := self._utterances.settle(self._pause_after(self._words.words)):
            self._end(ended, group)

    def _pause_after(self, words: str | None) -> int:
        try:
            return self.patience(words)
        except Exception:  # the edge of one call: all calls share the group that this would end
            log.exception("! patience")
            return self._settings.pause_ms

    def _forget(self) -> None:
        """The caller goes on, so the words so far are not all."""
        if self._considering is not None:
            self._considering.cancel()
        self._considering = self._words = None

    def _end(self, ended: Ended, group: asyncio.TaskGroup) -> None:
        words = self._words
        if self._considering is not asyncio.current_task():
            self._forget()
        self._words = self._considering = None
        self._telling = self._spawn(self._tell(ended, words, self._telling), group)

    def _spawn(self, work: Coroutine[Any, Any, T], group: asyncio.TaskGroup) -> asyncio.Task[T]:
        task = group.create_task(work, context=self._context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _attempt(self, pcm: bytes) -> Outcome:
        result: Recognised | SpeechError = NOTHING
        try:
            if pcm:
                result = await self._recognise(pcm)
        except SpeechError as error:
            log.warning("! recognise", error=str(error))
            result = error
        except Exception as error:  # the edge of one call: all calls share the group that this would end
            log.exception("! recognise")
            result = SpeechError(f"the recogniser failed: {error!r}")
        return Outcome(result=result, at=asyncio.get_running_loop().time())

    async def _tell(self, ended: Ended, words: Outcome | None, earlier: asyncio.Task[None] | None) -> None:
        """Put the utterance's event, once it is recognised and the one before it is told."""
        decided = asyncio.get_running_loop().time()
        if words is None or words.words is None:
            words = await self._attempt(ended.pcm)
        if earlier is not None:
            await earlier
        match words.result:
            case SpeechError() as error:
                self._put(HearingFailed(reason=str(error), started=ended.started, ended=ended.ended))
            case Recognised() as recognised:
                self._put(self._utterance(ended, recognised, words.at, decided))

    def _utterance(self, ended: Ended, recognised: Recognised, recognised_at: float, decided: float) -> Utterance:
        known = max(decided, recognised_at)
        quiet_since = _end_of_sound(ended, self._frames.rate)
        late = max(0.0, recognised_at - ended.ended - ended.pause_ms / 1000)
        timings = {
            "endpoint": (known - quiet_since - late) * 1000,
            "recognise": late * 1000,
            "recogniser": recognised.ms,
            "waited": recognised.waited_ms,
        }
        return Utterance(
            text=recognised.text,
            confidence=recognised.confidence,
            started=ended.started,
            ended=quiet_since,
            known=known,
            timings=timings,
        )

    def _put(self, event: EarEvent) -> None:
        if self._events.full():
            log.warning("x ear event", dropped=self._events.get_nowait())
        self._events.put_nowait(event)


def _end_of_sound(ended: Ended, rate: int) -> float:
    """Loop time at which the caller fell silent; the model's own judgement lags behind the sound, or runs ahead."""
    last = to_samples(ended.pcm[-LAST_S * rate * 2 :])
    pause_ms = pause_after_sound(last, rate) if ended.until > ended.ended else None
    return ended.ended if pause_ms is None else ended.until - pause_ms / 1000


class LocalHearing:
    """The ears of all calls, in front of one VAD and one recogniser."""

    def __init__(self, settings: Hearing, detector: Detector, recogniser: Recogniser) -> None:
        self._settings = settings
        self._detector = detector
        self._recogniser = recogniser
        self._ears: set[LocalEar] = set()

    def listen(self, frames: FrameQueue, played: Trail, *, language: str = "en", prompt: str = "") -> LocalEar:
        """A new ear on what a line receives while it has `played` something; it hears while `run` runs."""
        recognise = partial(self._recogniser.recognise, rate=frames.rate, language=language, prompt=prompt)
        ear = LocalEar(frames, played, self._settings, recognise)
        self._ears.add(ear)
        return ear

    @property
    def ears(self) -> int:
        """How many calls are listened to."""
        return len(self._ears)

    async def run(self) -> None:
        """Listen to all ears until cancelled."""
        with pool(1, "vad", URGENT) as thread:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._judge(thread, group)
                    await asyncio.sleep(min(TICK_S + EAR_S * len(self._ears), LONGEST_TICK_S))

    async def _judge(self, thread: ThreadPoolExecutor, group: asyncio.TaskGroup) -> None:
        """Have all windows judged that are due, one of each call at a time."""
        self._ears = {ear for ear in self._ears if not ear.closed}
        ears = [ear for ear in self._ears if ear.drain()]
        while due := [(ear, window) for ear in ears if (window := ear.window())]:
            examined = await asyncio.get_running_loop().run_in_executor(thread, self._examined, due)
            for (ear, window), (probability, levels) in zip(due, examined, strict=True):
                if not ear.closed:
                    ear.follow(window, probability, levels, group)
            ears = [ear for ear, _ in due]

    def _examined(self, due: Sequence[tuple[LocalEar, Window]]) -> Iterable[tuple[float, Levels]]:
        """Each window's probability of speech, and its levels. Blocks."""
        levels = measured([window.pcm for _, window in due])
        probabilities = [0.0] * len(due)
        awake = [place for place, (ear, _) in enumerate(due) if not ear.rests(levels[place])]
        judged = self._detector.step([(due[place][0].track, due[place][1].pcm) for place in awake])
        for place, probability in zip(awake, judged, strict=True):
            probabilities[place] = probability
        return zip(probabilities, levels, strict=True)
