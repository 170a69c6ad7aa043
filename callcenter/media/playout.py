"""What one caller hears: clips in, 20 ms frames out, and a true account of what was heard of them."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from callcenter.media.pcm import Clip, Samples, Trail, frame_bytes, sounding, to_pcm, to_samples

FADE_OUT_MS = 8
"""Quick enough to be silent within the frame, slow enough that no click is heard: a sample's step is at most the
level divided by 63, as in a tone of 20 Hz."""
LIMIT_S = 60.0
"""More than this is never queued: nobody listens for a minute without a word of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the caller heard of one turn."""

    text: str
    """The words that were played in full; always the beginning of `meant`."""
    meant: str
    seconds: float
    """Of the clips played, their pauses included."""
    complete: bool
    """Everything that makes a sound was played."""
    first_sound_at: float | None
    """Loop time of the first frame that was not silence, fillers aside; None if there was none."""
    filler_at: float | None = None
    """... of the first filler."""


@dataclass(slots=True, kw_only=True)
class _Track:
    """A clip and how far it has been played; offsets are in bytes."""

    clip: Clip
    text: str
    sound_start: int
    sound_end: int
    filler: bool
    offset: int = 0

    @classmethod
    def of(cls, clip: Clip, filler: bool) -> "_Track":
        start, end = sounding(to_samples(clip.pcm), clip.rate)
        if not end:
            start = end = len(clip.pcm) // 2
        return cls(clip=clip, text=" ".join(clip.text.split()), sound_start=start * 2, sound_end=end * 2, filler=filler)

    @property
    def left(self) -> int:
        return len(self.clip.pcm) - self.offset

    @property
    def sounded(self) -> bool:
        """Only silence is left of it."""
        return self.offset >= self.sound_end

    def peek(self, size: int) -> bytes:
        return self.clip.pcm[self.offset : self.offset + size]

    def take(self, size: int) -> bytes:
        pcm = self.peek(size)
        self.offset += len(pcm)
        return pcm

    def heard(self) -> str:
        """The whole words in as much of the text as of the sound has been played."""
        if self.sounded:
            return self.text
        share = max(0, self.offset - self.sound_start) / max(1, self.sound_end - self.sound_start)
        end = self.text.rfind(" ", 0, int(share * len(self.text)) + 1)
        return self.text[: max(0, end)]


class Playout:
    """The clips of the present turn, played one after another without a gap.

    A turn is what is said between two calls of `stop`. Sound is never cut: where it breaks off, a copy of the next
    8 ms is faded out; where it goes on in the middle of a clip, it is faded in over 20 ms.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.trail = Trail(rate)
        """What was sent lately."""
        self._paused = False
        self._size = frame_bytes(rate)
        self._rising: Samples = np.linspace(0, 1, self._size // 2, dtype=np.float32)
        self._falling: Samples = np.linspace(1, 0, rate * FADE_OUT_MS // 1000, dtype=np.float32)
        self._tracks: deque[_Track] = deque()
        self._finished: list[str] = []
        self._finished_bytes = 0
        self._first_sound_at: dict[bool, float] = {}
        """Of fillers, and of what is none."""
        self._fading_out: bytes | None = None
        self._fade_in = False

    @property
    def speaking(self) -> bool:
        """There is something left to play, and it is not paused."""
        return bool(self._tracks) and not self._paused

    @property
    def paused(self) -> bool:
        """Nothing is played until `resume` or `stop`."""
        return self._paused

    @property
    def idle(self) -> bool:
        """There is nothing left to play, paused or not."""
        return not self._tracks

    @property
    def queued_seconds(self) -> float:
        """How long it takes to play what is left."""
        return sum(track.left for track in self._tracks) / 2 / self.rate

    def say(self, clip: Clip, *, filler: bool = False) -> bool:
        """Play `clip` after what is queued; False, and not queued, if that would be more than LIMIT_S.

        A `filler` is no answer, and is not taken for the first sound of one.
        Raises ValueError for a clip at another rate than the line's.
        """
        if clip.rate != self.rate:
            raise ValueError(f"a clip at {clip.rate} samples per second on a line at {self.rate}")
        if self.queued_seconds + clip.seconds > LIMIT_S:
            return False
        self._tracks.append(_Track.of(clip, filler))
        return True

    def frame(self, now: float, missed: int = 0) -> bytes | None:
        """The next 20 ms, to be sent at loop time `now` after `missed` ticks without; None when there is nothing."""
        pcm = self._due(now)
        self.trail.put(pcm, now, missed)
        return pcm

    def pause(self) -> None:
        """Fade out and play nothing, of what is said later neither, until `resume` or `stop`."""
        self._break_off()
        self._paused = True

    def resume(self, *, rewind: bool = False) -> None:
        """Go on where the pause began, or with `rewind` at the start of the clip that it interrupted."""
        if not self._paused:
            return
        self._paused = False
        if rewind and self._tracks:
            self._tracks[0].offset = 0
        if self._in_clip and self._fading_out:
            self._fading_out = None  # paused and resumed between two frames: nobody heard it
        else:
            self._fade_in = self._in_clip

    def stop(self) -> Heard:
        """End the turn: fade out, drop what is left, and tell what was heard of it. Also lifts a pause."""
        self._break_off()
        heard = self._heard()
        self._tracks.clear()
        self._finished.clear()
        self._finished_bytes = 0
        self._first_sound_at.clear()
        self._fade_in = False
        self._paused = False
        return heard

    @property
    def _in_clip(self) -> bool:
        return bool(self._tracks) and self._tracks[0].offset > 0

    def _due(self, now: float) -> bytes | None:
        if self._fading_out:
            pcm, self._fading_out = self._fading_out, None
            return pcm
        if not self.speaking:
            return None
        pcm = self._next(now)
        if self._fade_in:
            self._fade_in = False
            pcm = to_pcm(to_samples(pcm) * self._rising)
        return pcm

    def _break_off(self) -> None:
        flowing = self._in_clip and not self._paused and not self._fade_in
        if flowing:
            size = self._falling.size * 2
            pcm = self._tracks[0].peek(size).ljust(size, b"\0")
            self._fading_out = to_pcm(to_samples(pcm) * self._falling).ljust(self._size, b"\0")

    def _next(self, now: float) -> bytes:
        pcm = b""
        while self._tracks and len(pcm) < self._size:
            track = self._tracks[0]
            pcm += track.take(self._size - len(pcm))
            if track.filler not in self._first_sound_at and track.offset > track.sound_start:
                self._first_sound_at[track.filler] = now
            if not track.left:
                self._finish(self._tracks.popleft())
        return pcm.ljust(self._size, b"\0")

    def _finish(self, track: _Track) -> None:
        self._finished.append(track.text)
        self._finished_bytes += len(track.clip.pcm)

    def _heard(self) -> Heard:
        heard = list(self._finished)
        for track in self._tracks:
            heard.append(track.heard())
            if not track.sounded:
                break
        played = self._finished_bytes + sum(track.offset for track in self._tracks)
        return Heard(
            text=_joined(heard),
            meant=_joined(self._finished + [track.text for track in self._tracks]),
            seconds=played / 2 / self.rate,
            complete=all(track.sounded for track in self._tracks),
            first_sound_at=self._first_sound_at.get(False),
            filler_at=self._first_sound_at.get(True),
        )


def _joined(texts: list[str]) -> str:
    return " ".join(text for text in texts if text)
