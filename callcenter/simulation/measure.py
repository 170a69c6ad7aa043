"""What a caller hears, measured from the recorded sound alone. Times are seconds on the recording's timeline."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples

WINDOW_S = 0.01
WINDOW = round(NARROWBAND * WINDOW_S)
OVER_FLOOR_DB = 12.0
LOUDEST_FLOOR_DBFS = -25.0
"""Sound over this is speech whatever the floor: some agents never pause."""
LEAST_SOUND = 3
"""Windows of sound among `NEIGHBOURS` that make a sound of it; fewer are a click."""
NEIGHBOURS = 5
LONGEST_WORD_GAP_S = 0.3
"""A longer pause than this is not one within a phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Activity:
    """Where one side of a call sounds, in windows of 10 ms."""

    sounds: NDArray[np.bool_]

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Find the sound in `samples` (8 kHz), over their own noise floor."""
        windows = samples[: samples.size - samples.size % WINDOW].reshape(-1, WINDOW).astype(np.float64)
        if not windows.size:
            return cls(np.zeros(0, np.bool_))
        level = 10 * np.log10(np.maximum(np.mean(np.square(windows), axis=1), 1e-12))
        floor = float(np.percentile(level, 10))
        loud = level > min(max(SILENCE_DBFS, floor + OVER_FLOOR_DB), LOUDEST_FLOOR_DBFS)
        return cls(loud & _often(loud))

    def first_sound(self, after: float) -> float | None:
        """When the first sound at or after `after` begins; None when there is none, or it sounds already."""
        index = max(0, round(after / WINDOW_S))
        if self.sounding_at(after):
            return None
        following = np.flatnonzero(self.sounds[index:])
        return (index + int(following[0])) * WINDOW_S if following.size else None

    def sounding_at(self, moment: float) -> bool:
        """Whether it sounds at `moment`, pauses between words included."""
        index, gap = max(0, round(moment / WINDOW_S)), round(LONGEST_WORD_GAP_S / WINDOW_S)
        before, after = self.sounds[max(0, index - gap) : index], self.sounds[index : index + gap]
        return bool(before.any() and after.any())

    def silent_from(self, moment: float) -> float | None:
        """When it falls silent at or after `moment`; None when it goes on to the end."""
        index, gap = max(0, round(moment / WINDOW_S)), round(LONGEST_WORD_GAP_S / WINDOW_S)
        for start in range(index, self.sounds.size - gap + 1):
            if not self.sounds[start : start + gap].any():
                return start * WINDOW_S
        return None


def _often(loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where enough of the windows around, before or after, are loud."""
    counts = np.convolve(loud.astype(int), np.ones(NEIGHBOURS, int))
    enough = counts >= LEAST_SOUND
    return np.asarray(np.lib.stride_tricks.sliding_window_view(enough, NEIGHBOURS).any(axis=1))


def latency_ms(agent: Activity, speech_end: float) -> float | None:
    """From the end of the caller's speech to the first sound of the answer.

    None when no answer came, or the agent was talking as the caller ended.
    """
    answer = agent.first_sound(speech_end)
    return None if answer is None else round((answer - speech_end) * 1000, 1)


def greeting_ms(agent: Activity, answered: float) -> float | None:
    """From the call's being answered to the first sound; None when nothing was heard."""
    return latency_ms(agent, answered)


def stop_ms(agent: Activity, speech_start: float) -> float | None:
    """From the start of a caller's interruption to the agent's silence.

    None when the agent was silent already, or went on to the end.
    """
    if not agent.sounding_at(speech_start):
        return None
    silent = agent.silent_from(speech_start)
    return None if silent is None else round((silent - speech_start) * 1000, 1)


def longest_silence_s(agent: Activity, speeches: list[Span], call: Span) -> float:
    """The longest time within `call` in which neither the agent sounded nor the caller spoke."""
    first, last = round(call.start / WINDOW_S), round(call.end / WINDOW_S)
    busy = np.zeros(max(0, last - first), np.bool_)
    heard = agent.sounds[first:last]
    busy[: heard.size] = heard
    for speech in speeches:
        busy[max(0, round(speech.start / WINDOW_S) - first) : max(0, round(speech.end / WINDOW_S) - first)] = True
    edges = np.flatnonzero(np.concatenate([[True], busy, [True]]))
    return round(float(np.diff(edges).max() - 1) * WINDOW_S, 2)
