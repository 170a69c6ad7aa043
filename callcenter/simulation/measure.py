"""What a caller hears, measured from the recorded sound alone. Times are seconds on the recording's timeline.

Sound is found in windows of 10 ms; where it begins and ends is then told to a millisecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples

WINDOW_S = 0.01
WINDOW = round(NARROWBAND * WINDOW_S)
SLICES = 10
"""Of a window, in which its first and its last sound are looked for."""
OVER_FLOOR_DB = 12.0
LOUDEST_FLOOR_DBFS = -25.0
"""Sound over this is speech whatever the floor: some agents never pause."""
LEAST_SOUND = 3
"""Windows of sound among `NEIGHBOURS` that make a sound of it; fewer are a click."""
NEIGHBOURS = 5
LONGEST_WORD_GAP_S = 0.3
"""A longer pause than this is not one within a phrase."""
STOPPED_S = 0.4
"""An agent that makes no sound for this long has stopped: the pauses within a voice's clips are shorter."""
REACTION_S = 0.3
"""Whoever begins to talk within this time of the other's beginning could not know."""
LAST_SOUND_S = 0.1
"""Who begins to talk over no more than this end of the other's speech has not cut them off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Activity:
    """Where one side of a call sounds, in windows of 10 ms."""

    sounds: NDArray[np.bool_]
    """Clicks left out: an answer does not begin with one."""
    loud: NDArray[np.bool_]
    """Clicks included: a `t` is one, and nobody who still makes one is silent."""
    slices: NDArray[np.bool_]
    """Where it is loud, in `SLICES` for each window."""

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Find the sound in `samples` (8 kHz), over their own noise floor."""
        windows = samples[: samples.size - samples.size % WINDOW].reshape(-1, WINDOW)
        if not windows.size:
            return cls(np.zeros(0, np.bool_), np.zeros(0, np.bool_), np.zeros((0, SLICES), np.bool_))
        level = _dbfs(windows)
        floor = float(np.percentile(level, 10))
        threshold = min(max(SILENCE_DBFS, floor + OVER_FLOOR_DB), LOUDEST_FLOOR_DBFS)
        loud = level > threshold
        slices = _dbfs(windows.reshape(-1, WINDOW // SLICES)) > threshold
        return cls(loud & _often(loud), loud, slices.reshape(-1, SLICES))

    def first_sound(self, after: float) -> float | None:
        """When the first sound at or after `after` begins; None when there is none, or it sounds already."""
        if self.sounding_at(after):
            return None
        following = np.flatnonzero(self.sounds[_window(after) :])
        return max(after, self._start(_window(after) + int(following[0]))) if following.size else None

    def onset(self, within: Span) -> float | None:
        """When the first sound within that time begins, be it only a click."""
        first = _window(within.start)
        loud = np.flatnonzero(self.loud[first : _window(within.end) + 1])
        return max(within.start, self._start(first + int(loud[0]))) if loud.size else None

    def sounding_at(self, moment: float) -> bool:
        """Whether it sounds at `moment`, pauses between words included."""
        index, gap = _window(moment), round(LONGEST_WORD_GAP_S / WINDOW_S)
        before, after = self.sounds[max(0, index - gap) : index], self.sounds[index : index + gap]
        return bool(before.any() and after.any())

    def silent_from(self, moment: float, for_s: float = LONGEST_WORD_GAP_S) -> float | None:
        """When it falls silent at or after `moment`, for `for_s` at least; None when it goes on to the end."""
        first, gap = _window(moment), round(for_s / WINDOW_S)
        for start in range(first, self.loud.size - gap + 1):
            if not self.loud[start : start + gap].any():
                return moment if start == first else max(moment, self._end(start - 1))
        return None

    def stretches(self, gap_s: float = 0.0) -> tuple[Span, ...]:
        """Where it sounds without a pause longer than `gap_s`."""
        sounding = np.flatnonzero(self.sounds)
        if not sounding.size:
            return ()
        breaks = np.flatnonzero(np.diff(sounding) - 1 > round(gap_s / WINDOW_S))
        firsts, lasts = sounding[np.append(0, breaks + 1)], sounding[np.append(breaks, sounding.size - 1)]
        return tuple(
            Span(start=self._start(int(first)), end=self._end(int(last)))
            for first, last in zip(firsts, lasts, strict=True)
        )

    def _start(self, window: int) -> float:
        return (window + int(np.flatnonzero(self.slices[window])[0]) / SLICES) * WINDOW_S

    def _end(self, window: int) -> float:
        return (window + (int(np.flatnonzero(self.slices[window])[-1]) + 1) / SLICES) * WINDOW_S


def _window(moment: float) -> int:
    """The window that `moment` is in; the thousandth part of one is for the rounding of its number."""
    return max(0, int(moment / WINDOW_S + 0.001))


def _dbfs(windows: Samples) -> NDArray[np.float64]:
    """The level of each row."""
    power = np.mean(np.square(windows, dtype=np.float64), axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


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
    silent = agent.silent_from(speech_start, STOPPED_S)
    return None if silent is None else round((silent - speech_start) * 1000, 1)


def cut_off(agent: Activity, speech: Span) -> bool:
    """Whether the agent, who was silent, began to talk before the caller had ended."""
    begun = [stretch.start for stretch in agent.stretches(STOPPED_S)]
    return any(speech.start + REACTION_S < start < speech.end - LAST_SOUND_S for start in begun)


def longest_silence_s(agent: Activity, speeches: Sequence[Span], call: Span) -> float:
    """The longest time within `call` in which neither the agent sounded nor the caller spoke."""
    first, last = round(call.start / WINDOW_S), round(call.end / WINDOW_S)
    busy = np.zeros(max(0, last - first), np.bool_)
    heard = agent.sounds[first:last]
    busy[: heard.size] = heard
    for speech in speeches:
        busy[max(0, round(speech.start / WINDOW_S) - first) : max(0, round(speech.end / WINDOW_S) - first)] = True
    edges = np.flatnonzero(np.concatenate([[True], busy, [True]]))
    return round(float(np.diff(edges).max() - 1) * WINDOW_S, 2)
