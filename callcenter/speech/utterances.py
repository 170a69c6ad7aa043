"""Where what a caller says begins, pauses and ends: speech probabilities in, events out."""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

WINDOW_MS = 32
HYSTERESIS = 0.15
"""Speech goes on down to this much below the threshold at which it begins."""
ONSET_WINDOWS = 2
"""So much speech in a row begins an utterance: 64 ms, for a barge-in has to be heard within 150 ms."""
DOUBT_WINDOWS = 4
"""A beginning that was no sure speech (see `onset`) is none after this many windows without: 128 ms, in which 97 of
100 words become sure."""
PRE_ROLL_MS = 300
SPEECH_MS = 192
"""A sound with less speech than this is a click or a cough: it ends early and is not recognised. With 128, 35 of 100
coughs go on to the recogniser rather than 22, and no more of 254 short words are kept."""
LONGEST_MS = 25_000
"""Whisper's window is 30 s. Longer speech is cut here and goes on as the next utterance."""


class Window(NamedTuple):
    """The stretch of a call's sound that is judged at once."""

    pcm: bytes
    began: float
    """Loop time at which the frame with its first sample arrived."""
    ended: float
    """... and its last sample, as if a frame came sample by sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """The caller has begun to talk."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The caller has paused, perhaps at the end: whoever hears this finds out the words and then calls `settle`."""

    pcm: bytes
    """The utterance up to here."""
    at: float
    """Loop time of the last window with speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The caller goes on: what Paused handed out is not the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The caller has said something. When it ended in a pause, `pcm` is what Paused handed out."""

    pcm: bytes
    """Empty when it was too short for speech."""
    started: float
    ended: float
    """Loop times of the first and the last window with speech."""
    until: float
    """... and of the last window in `pcm`."""
    pause_ms: int
    """So long a pause was enough to end it."""


Event = Began | Paused | Resumed | Ended


class State(Enum):
    """Of a caller."""

    QUIET = auto()
    TALKING = auto()
    PAUSING = auto()


def window_bytes(rate: int) -> int:
    """The size of one window of 16-bit PCM: 256 samples at 8 kHz, 512 at 16 kHz."""
    return rate * WINDOW_MS // 1000 * 2


class Windows:
    """Makes windows of 32 ms from frames of 20 ms."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = window_bytes(rate)
        self._frames: deque[tuple[float, bytes]] = deque()
        self._waiting = 0

    def feed(self, at: float, frame: bytes) -> None:
        """Add a frame that arrived at loop time `at`."""
        self._frames.append((at, frame))
        self._waiting += len(frame)

    def next(self) -> Window | None:
        """The next window, or None while there is too little for one."""
        if self._waiting < self._size:
            return None
        began = ended = self._frames[0][0]
        pcm = b""
        while len(pcm) < self._size:
            ended, frame = self._frames.popleft()
            pcm += frame
        if len(pcm) > self._size:
            self._frames.appendleft((ended, pcm[self._size :]))
            ended -= (len(pcm) - self._size) / 2 / self._rate
        self._waiting -= self._size
        return Window(pcm=pcm[: self._size], began=began, ended=ended)


class Utterances:
    """Cuts the sound of one call into utterances."""

    def __init__(self, *, threshold: float, early_ms: int) -> None:
        self.state = State.QUIET
        self._threshold = threshold
        self._early = _windows(early_ms)
        self._before: deque[Window] = deque(maxlen=_windows(PRE_ROLL_MS) + ONSET_WINDOWS)
        self._said: list[bytes] = []
        self._speech = self._quiet = 0
        self._started = self._ended = self._until = 0.0
        self._paused: bytes | None = None
        self._enough: int | None = None
        """Windows of quiet that end the utterance; None until it is known."""

    def feed(self, window: Window, probability: float, begins: bool | None = None) -> list[Event]:
        """Take the next window and the probability that it holds speech; say what that means.

        `begins` says whether speech begins here (see `onset`); if it is None, the probabilities do.
        """
        self._before.append(window)
        match self.state:
            case State.QUIET:
                return self._listen(window, probability, begins)
            case State.TALKING | State.PAUSING:
                return self._follow(window, probability)

    def settle(self, pause_ms: int) -> Ended | None:
        """The words up to the last Paused are known: a pause of `pause_ms` in all ends the utterance."""
        if self._paused is None:
            return None
        self._enough = _windows(pause_ms)
        return self._end_if_due()

    def _listen(self, window: Window, probability: float, begins: bool | None) -> list[Event]:
        self._speech = self._speech + 1 if probability >= self._threshold else 0
        if not (self._speech >= ONSET_WINDOWS if begins is None else begins):
            return []
        first = self._before[-min(ONSET_WINDOWS, len(self._before))]
        return [self._begin(first.began, window.ended, [each.pcm for each in self._before])]

    def _begin(self, started: float, ended: float, said: list[bytes]) -> Began:
        self.state = State.TALKING
        self._said, self._started, self._ended, self._paused = said, started, ended, None
        return Began(at=started)

    def _follow(self, window: Window, probability: float) -> list[Event]:
        self._said.append(window.pcm)
        needed = self._threshold - (HYSTERESIS if self.state is State.TALKING else 0)
        events = self._talk(window) if probability >= needed else self._pause(window)
        if self.state is not State.QUIET and len(self._said) >= _windows(LONGEST_MS):
            events += self._cut(window)
        return events

    def _talk(self, window: Window) -> list[Event]:
        resumed: list[Event] = [Resumed()] if self._paused is not None else []
        self.state, self._quiet, self._paused, self._enough = State.TALKING, 0, None, None
        self._speech += 1
        self._ended = window.ended
        return resumed

    def _pause(self, window: Window) -> list[Event]:
        self.state = State.PAUSING
        self._quiet += 1
        if self._paused is not None:
            ended = self._end_if_due()
            return [ended] if ended else []
        if self._quiet < (self._early if self._speech else DOUBT_WINDOWS):
            return []
        self._until = window.ended
        if self._speech * WINDOW_MS < SPEECH_MS:
            return [self._end(b"")]
        self._paused = b"".join(self._said)
        return [Paused(pcm=self._paused, at=self._ended)]

    def _end_if_due(self) -> Ended | None:
        if self._paused is None or self._enough is None or self._quiet < self._enough:
            return None
        return self._end(self._paused)

    def _cut(self, window: Window) -> list[Event]:
        talking = self.state is State.TALKING
        self._until = window.ended
        ended = self._end(b"".join(self._said))
        return [ended, self._begin(window.ended, window.ended, [])] if talking else [ended]

    def _end(self, pcm: bytes) -> Ended:
        self.state = State.QUIET
        self._speech = self._quiet = 0
        enough = self._early if self._enough is None else self._enough
        self._paused = self._enough = None
        return Ended(pcm=pcm, started=self._started, ended=self._ended, until=self._until, pause_ms=enough * WINDOW_MS)


def _windows(ms: int) -> int:
    return -(-ms // WINDOW_MS)
