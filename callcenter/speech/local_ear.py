"""Hearing on this machine: one loop looks for speech in all calls at once, a recogniser turns utterances into text."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

from callcenter.config import Hearing
from callcenter.errors import SpeechError
from callcenter.media.pcm import FrameQueue
from callcenter.speech.ear import EarEvent, HearingFailed, SpeechStarted, Utterance
from callcenter.speech.recogniser import Recognised, Recogniser
from callcenter.speech.utterances import Began, Ended, Paused, Resumed, Utterances, Window, Windows
from callcenter.speech.vad import Detector, Track

log = structlog.get_logger()

TICK_S = 0.01
EVENTS = 32
"""An ear that nobody reads keeps so many events and drops the oldest."""
T = TypeVar("T")
Recognise = Callable[[bytes], Coroutine[Any, Any, Recognised]]
NOTHING = Recognised(text="", confidence=0.0, ms=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a recognition."""

    result: Recognised | SpeechError
    at: float
    """Loop time."""


class LocalEar:
    """Listens to one call."""

    def __init__(self, frames: FrameQueue, settings: Hearing, recognise: Recognise) -> None:
        self.track = Track(frames.rate)
        self.closed = False
        self._frames = frames
        self._recognise = recognise
        self._windows = Windows(frames.rate)
        self._utterances = Utterances(
            threshold=settings.vad_threshold, early_ms=settings.early_ms, pause_ms=settings.pause_ms
        )
        self._events: asyncio.Queue[EarEvent] = asyncio.Queue(EVENTS)
        self._early: asyncio.Task[Outcome] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        # Tasks run in the call's context, which its log lines take the call's id from.
        self._context = copy_context()

    @property
    def pause_ms(self) -> int:
        """How long a pause ends an utterance."""
        return self._utterances.pause_ms

    @pause_ms.setter
    def pause_ms(self, ms: int) -> None:
        self._utterances.pause_ms = ms

    async def next(self) -> EarEvent:
        """Wait for the next event."""
        return await self._events.get()

    def close(self) -> None:
        """Stop listening and drop what is being recognised."""
        self.closed = True
        for task in self._tasks:
            task.cancel()

    def drain(self) -> None:
        """Take what the line has received."""
        for at, frame in self._frames.drain():
            self._windows.feed(at, frame)

    def window(self) -> Window | None:
        """The next window to be judged."""
        return self._windows.next()

    def follow(self, window: Window, probability: float, group: asyncio.TaskGroup) -> None:
        """Act on the judgement of a window; recognition runs in `group`."""
        for event in self._utterances.feed(window, probability):
            match event:
                case Began():
                    self._put(SpeechStarted(at=event.at))
                case Paused():
                    self._early = self._start(event.pcm, group)
                case Resumed():
                    self._drop_early()
                case Ended():
                    self._end(event, group)

    def _start(self, pcm: bytes, group: asyncio.TaskGroup) -> asyncio.Task[Outcome]:
        return self._spawn(self._attempt(pcm), group)

    def _drop_early(self) -> None:
        if self._early is not None:
            self._early.cancel()
            self._early = None

    def _end(self, ended: Ended, group: asyncio.TaskGroup) -> None:
        outcome = self._early or self._start(ended.pcm, group)
        self._early = None
        decided = asyncio.get_running_loop().time()
        self._telling = self._spawn(self._tell(ended, outcome, self._telling, decided), group)

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

    async def _tell(
        self, ended: Ended, recognition: asyncio.Task[Outcome], earlier: asyncio.Task[None] | None, decided: float
    ) -> None:
        """Put the utterance's event, once it is recognised and the one before it is told."""
        outcome = await recognition
        if earlier is not None:
            await earlier
        match outcome.result:
            case SpeechError() as error:
                self._put(HearingFailed(reason=str(error), started=ended.started, ended=ended.ended))
            case Recognised(text=text, confidence=confidence, ms=ms):
                timings = {
                    "endpoint": (decided - ended.ended) * 1000,
                    "recognise": max(0.0, outcome.at - decided) * 1000,
                    "recogniser": ms,
                }
                self._put(
                    Utterance(
                        text=text, confidence=confidence, started=ended.started, ended=ended.ended, timings=timings
                    )
                )

    def _put(self, event: EarEvent) -> None:
        if self._events.full():
            log.warning("x ear event", dropped=self._events.get_nowait())
        self._events.put_nowait(event)


class LocalHearing:
    """The ears of all calls, in front of one VAD and one recogniser."""

    def __init__(self, settings: Hearing, detector: Detector, recogniser: Recogniser) -> None:
        self._settings = settings
        self._detector = detector
        self._recogniser = recogniser
        self._ears: set[LocalEar] = set()

    def listen(self, frames: FrameQueue, *, language: str = "en", prompt: str = "") -> LocalEar:
        """A new ear on what a line receives; it hears while `run` runs."""
        recognise = partial(self._recogniser.recognise, rate=frames.rate, language=language, prompt=prompt)
        ear = LocalEar(frames, self._settings, recognise)
        self._ears.add(ear)
        return ear

    async def run(self) -> None:
        """Listen to all ears until cancelled."""
        with ThreadPoolExecutor(1, thread_name_prefix="vad") as thread:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._judge(thread, group)
                    await asyncio.sleep(TICK_S)

    async def _judge(self, thread: ThreadPoolExecutor, group: asyncio.TaskGroup) -> None:
        """Have all windows judged that are due, one of each call at a time."""
        self._ears = {ear for ear in self._ears if not ear.closed}
        for ear in self._ears:
            ear.drain()
        while due := [(ear, window) for ear in self._ears if (window := ear.window())]:
            batch = [(ear.track, window.pcm) for ear, window in due]
            probabilities = await asyncio.get_running_loop().run_in_executor(thread, self._detector.step, batch)
            for (ear, window), probability in zip(due, probabilities, strict=True):
                if not ear.closed:
                    ear.follow(window, probability, group)
