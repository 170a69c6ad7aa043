"""Hearing on this machine: one loop looks for speech in all calls at once, a recogniser turns utterances into text."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import structlog

from callcenter.config import Hearing
from callcenter.media.pcm import FrameQueue, Trail
from callcenter.speech.ear import EarEvent, Patience, SpeechPaused, SpeechResumed, SpeechStarted
from callcenter.speech.ear_events import Events, result
from callcenter.speech.errands import Errands
from callcenter.speech.onset import Levels, Onset, measured
from callcenter.speech.recogniser import Recogniser
from callcenter.speech.threads import URGENT, pool
from callcenter.speech.utterances import (
    PRE_ROLL_MS,
    Began,
    Ended,
    Paused,
    Resumed,
    State,
    Utterances,
    Window,
    Windows,
)
from callcenter.speech.vad import Detector, Track
from callcenter.speech.words import Outcome, StreamRung, Streams, Words, attempted

log = structlog.get_logger()

TICK_S = 0.003
EAR_S = 0.00003
LONGEST_TICK_S = 0.016
"""Windows are looked for so often, and a little less often for each ear: with 10 ms the agent falls silent 6 ms later,
but larger batches are less work."""
AT_ONCE = 8
"""Windows of one call that are judged at once: after a stall many wait, and on a busy machine the thread is long in
coming each time that it is asked. What waits for more than 2 s is lost."""


@dataclass(slots=True, kw_only=True)
class Pause:
    """The caller has fallen silent for long enough to find out the words so far."""

    at: float
    """Loop time of the last window with speech."""
    considering: asyncio.Task[None] | None = None
    outcome: Outcome | None = None


class LocalEar:
    """Listens to one call."""

    def __init__(self, frames: FrameQueue, played: Trail, settings: Hearing, words: Words) -> None:
        self.track = Track(frames.rate)
        self.patience: Patience = lambda words: settings.pause_ms
        self._settings = settings
        self._frames = frames
        self._words = words
        self._windows = Windows(frames.rate)
        self._onset = Onset(settings.vad_threshold, played)
        self._utterances = Utterances(threshold=settings.vad_threshold, early_ms=settings.early_ms)
        self._events = Events()
        self._errands = Errands()
        self._pause: Pause | None = None
        self._turn_until = -math.inf
        """Loop time up to which somebody has heard the caller finish."""

    async def next(self) -> EarEvent:
        """Wait for the next event."""
        return await self._events.next()

    @property
    def seconds_heard(self) -> Mapping[str, float]:
        """Of sound, by provider elsewhere."""
        return self._words.seconds

    @property
    def heard_along_by(self) -> str:
        """Who elsewhere listens along at this moment; empty for nobody."""
        return self._words.along_with

    @property
    def closed(self) -> bool:
        """Whether nobody listens any more."""
        return self._errands.closed

    def close(self) -> None:
        """Stop listening, and drop what is being recognised."""
        self._errands.close()

    def attend(self, group: asyncio.TaskGroup) -> None:
        """Have somebody listen along, if there is anybody to, in `group`."""
        self._words.turn_ended = partial(self._turn_ended, group)
        self._errands.start(self._words.listen(), group)

    def drain(self) -> bool:
        """Take what the line has received; whether it was anything."""
        frames = self._frames.drain()
        for at, frame in frames:
            self._windows.feed(at, frame)
        return bool(frames)

    def windows(self) -> list[Window]:
        """The next windows to be judged, usually one; none when there is too little for one."""
        return list(islice(iter(self._windows.next, None), AT_ONCE))

    def rests(self, levels: Levels) -> bool:
        """Whether the VAD need not see the next window."""
        return self.track.is_faint(max(levels.blocks)) and self._utterances.state is State.QUIET

    def follow(self, window: Window, probability: float, levels: Levels, group: asyncio.TaskGroup) -> None:
        """Act on the judgement of a window; recognition runs in `group`."""
        self._words.feed(window.pcm, window.ended)
        judgement = self._onset.judge(window, probability, levels, self._utterances.state)
        for event in self._utterances.feed(window, judgement.probability, judgement.begins):
            match event:
                case Began():
                    self._words.begin(_before(event, window))
                    self._events.put(SpeechStarted(at=event.at))
                case Paused():
                    self._events.put(SpeechPaused(at=event.at))
                    self._pause = Pause(at=event.at)
                    self._pause.considering = self._errands.start(self._consider(self._pause, event.pcm, group), group)
                case Resumed():
                    self._events.put(SpeechResumed())
                    self._forget()
                case Ended():
                    self._end(event, group)

    async def _consider(self, pause: Pause, pcm: bytes, group: asyncio.TaskGroup) -> None:
        """Find out the words so far: they decide how long to wait for more."""
        pause.outcome = await attempted(self._words.so_far(pcm))
        self._settle(pause, group)

    def _settle(self, pause: Pause, group: asyncio.TaskGroup) -> None:
        """End the utterance once the pause is long enough; at once if somebody has heard the caller finish."""
        finished = self._turn_until >= pause.at
        enough_ms = self._settings.early_ms if finished else self._pause_after(pause.outcome)
        if ended := self._utterances.settle(enough_ms):
            self._end(ended, group)

    def _turn_ended(self, group: asyncio.TaskGroup, until: float) -> None:
        """Somebody who listens along has heard the caller finish by `until`; if they go on meanwhile, that is void."""
        self._turn_until = until
        if self._pause is not None and self._pause.outcome is not None and until >= self._pause.at:
            self._settle(self._pause, group)

    def _pause_after(self, outcome: Outcome | None) -> int:
        try:
            return self.patience(outcome.words if outcome else None)
        except Exception:  # the edge of one call: all calls share the group that this would end
            log.exception("! patience")
            return self._settings.pause_ms

    def _forget(self) -> None:
        """The words so far are not all, or nobody asks for them any more."""
        pause, self._pause = self._pause, None
        if pause and pause.considering and pause.considering is not asyncio.current_task():
            pause.considering.cancel()

    def _end(self, ended: Ended, group: asyncio.TaskGroup) -> None:
        outcome = self._pause.outcome if self._pause else None
        self._forget()
        if not ended.pcm:
            log.info("x sound", seconds=round(ended.ended - ended.started, 2), reason="too short for speech")
        self._events.telling = self._errands.start(self._tell(ended, outcome, self._events.telling), group)

    async def _tell(self, ended: Ended, outcome: Outcome | None, earlier: asyncio.Task[None] | None) -> None:
        """Put the utterance's event, once it is recognised and the one before it is told.

        Who listens along is not asked: they may follow the next utterance by now.
        """
        decided = asyncio.get_running_loop().time()
        if outcome is None or outcome.words is None:
            outcome = await attempted(self._words.of(ended.pcm))
        if earlier is not None:
            await earlier
        self._events.put(result(ended, outcome, decided, self._frames.rate))


Batch = Sequence[tuple[LocalEar, Window]]
"""At most one window of each call."""


def _batches(due: Sequence[tuple[LocalEar, Sequence[Window]]]) -> list[Batch]:
    """The first windows of all, the second ones, and so on."""
    longest = max(len(windows) for _, windows in due)
    return [[(ear, windows[turn]) for ear, windows in due if turn < len(windows)] for turn in range(longest)]


def _before(began: Began, window: Window) -> float:
    """Seconds up to the end of `window` that are part of what has begun; none of it where a long one was cut."""
    return window.ended - began.at + PRE_ROLL_MS / 1000 if began.at < window.ended else 0.0


class LocalHearing:
    """The ears of all calls, in front of one VAD and one recogniser."""

    def __init__(
        self, settings: Hearing, detector: Detector, recogniser: Recogniser, streams: Sequence[StreamRung] = ()
    ) -> None:
        """`streams` may listen along, first choice first; where none can, `recogniser` is asked."""
        self._settings = settings
        self._detector = detector
        self._recogniser = recogniser
        self._streams = tuple(streams)
        self._ears: set[LocalEar] = set()
        self._arrived: list[LocalEar] = []

    def listen(self, frames: FrameQueue, played: Trail, *, language: str = "en", prompt: str = "") -> LocalEar:
        """A new ear on what a line receives while it has `played` something; it hears while `run` runs."""
        recognise = partial(self._recogniser.recognise, rate=frames.rate, language=language, prompt=prompt)
        streams = Streams(
            rungs=self._streams,
            open=lambda streaming: streaming.open(rate=frames.rate, language=language, prompt=prompt),
        )
        ear = LocalEar(frames, played, self._settings, Words(recognise, streams if self._streams else None))
        self._ears.add(ear)
        if self._streams:
            self._arrived.append(ear)
        return ear

    @property
    def ears(self) -> int:
        """How many calls are listened to."""
        return len(self._ears)

    def report(self) -> list[dict[str, Any]]:
        """Of those who may listen along, first choice first: `name`, `state` and `failures` of their breaker, and to
        how many `calls` they listen."""
        now = asyncio.get_running_loop().time()
        calls = Counter(ear.heard_along_by for ear in self._ears)
        return [{"name": rung.name, **rung.breaker.report(now), "calls": calls[rung.name]} for rung in self._streams]

    async def run(self) -> None:
        """Listen to all ears until cancelled."""
        with pool(1, "vad", URGENT) as thread:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._judge(thread, group)
                    await asyncio.sleep(min(TICK_S + EAR_S * len(self._ears), LONGEST_TICK_S))

    async def _judge(self, thread: ThreadPoolExecutor, group: asyncio.TaskGroup) -> None:
        """Have all windows judged that are due."""
        self._ears = {ear for ear in self._ears if not ear.closed}
        while self._arrived:
            if not (ear := self._arrived.pop()).closed:
                ear.attend(group)
        ears = [ear for ear in self._ears if ear.drain()]
        while due := [(ear, windows) for ear in ears if (windows := ear.windows())]:
            batches = _batches(due)
            examined = await asyncio.get_running_loop().run_in_executor(thread, self._examined, batches)
            for batch, judged in zip(batches, examined, strict=True):
                for (ear, window), (probability, levels) in zip(batch, judged, strict=True):
                    if not ear.closed:
                        ear.follow(window, probability, levels, group)
            ears = [ear for ear, _ in due]

    def _examined(self, batches: Sequence[Batch]) -> list[Iterable[tuple[float, Levels]]]:
        """Each window's probability of speech, and its levels. Blocks."""
        return [self._step(batch) for batch in batches]

    def _step(self, due: Batch) -> Iterable[tuple[float, Levels]]:
        levels = measured([window.pcm for _, window in due])
        probabilities = [0.0] * len(due)
        awake = [place for place, (ear, _) in enumerate(due) if not ear.rests(levels[place])]
        judged = self._detector.step([(due[place][0].track, due[place][1].pcm) for place in awake])
        for place, probability in zip(awake, judged, strict=True):
            probabilities[place] = probability
        return zip(probabilities, levels, strict=True)
