"""Whether a window holds the beginning of speech: quick while the agent talks, unhurried while it is silent.

Over the agent every 10 ms count, and a wrong beginning costs a gap of about 150 ms in what it says, for the pause is
undone as soon as no speech follows. So a sound that stands out from the line's noise is a beginning before the VAD is
sure: of a word such as `stop` or `fifty` it knows nothing during the first 100 to 190 ms.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from callcenter.media.pcm import Trail, to_samples
from callcenter.speech.echo import LISTEN_MS, LONGEST_MS, Echo
from callcenter.speech.utterances import WINDOW_MS, State, Window

WINDOW_S = WINDOW_MS / 1000
LIKELY = 0.3
"""Over the agent one window this probable is a beginning. With .5, words in a clean line are noticed 10 ms later."""
BLOCKS = 4
"""In a window: levels are taken over 8 ms."""
SOUND_BLOCKS = 5
"""So much sound in a row, 40 ms, is a beginning over the agent whatever the VAD says: 95 of 100 words are noticed
within 80 ms, by the VAD alone (.3) within 125 to 140. Clicks are shorter: 3 of 100 with up to 30 ms lasted so long."""
AUDIBLE_DBFS = -45.0
"""Quieter sound is never a beginning. The s and f at the start of a word are at -40 when its vowels are at -20; at a
limit of -40 they are noticed 20 ms later, at -35 as late as by the VAD."""
CLEAR_DB = 12.0
DEVIATIONS = 4.0
"""Sound is what is this much over the noise, or so many mean deviations if these are more: babble varies."""
SURE_DB = 6.0
LIKELY_DB = 10.0
"""So much over the noise must be what the VAD is sure to be speech, or takes for likely speech. Babble is likely speech
twice a minute, and then no louder than usual."""
QUIETEST_DBFS = -70.0
"""Under this, lines do not differ: G.711's smallest step is at -72."""
FIRST_DBFS = -30.0
"""A line is taken to be as noisy as a bad one until it is heard to be better."""
RISE_S = 1.0
FALL_S = 0.3
"""How fast the noise is followed, up and down: a word that the VAD missed must not become noise."""
PROOF_WINDOWS = 24
"""So many windows in which an echo would have come, and nothing did (longer than its way), and the line has none."""
SURE_WINDOWS = 5
"""Until that is so, or the echo is known, a beginning over the agent takes so many windows of sure speech in a row: in
160 ms an echo is found."""
SOUNDING_S = 0.06
"""The agent talks if a frame of its speech was sent this short a time ago: two frames, and one for a late tick."""
ECHO_S = (LONGEST_MS + LISTEN_MS) / 1000
"""So long after it something of it may still come back."""


class Levels(NamedTuple):
    """How loud a window is, in dBFS."""

    blocks: Sequence[float]
    """Of 8 ms each."""
    mean: float


class Judgement(NamedTuple):
    """What a window is taken for."""

    probability: float
    """Of the caller's speech: 0 for an echo."""
    begins: bool | None
    """Whether the agent is to be silent at once; None while it is silent anyway, and probabilities decide."""


class Floor:
    """What a line sounds like while nobody speaks."""

    def __init__(self) -> None:
        self.dbfs = FIRST_DBFS
        """The mean level."""
        self._deviation = 0.0

    def follow(self, dbfs: float) -> None:
        """Take the level of another window without speech."""
        off = max(dbfs, QUIETEST_DBFS) - self.dbfs
        self.dbfs += off * WINDOW_S / (RISE_S if off > 0 else FALL_S)
        self._deviation += (abs(off) - self._deviation) * WINDOW_S / RISE_S

    def over(self, db: float) -> float:
        """The level of what stands out by `db`."""
        return max(AUDIBLE_DBFS, self.dbfs + db)

    @property
    def loud_dbfs(self) -> float:
        """Louder than this is no noise of the line."""
        return self.over(max(CLEAR_DB, DEVIATIONS * self._deviation))


class Onset:
    """Judges the windows of one call."""

    def __init__(self, threshold: float, played: Trail) -> None:
        self._threshold = threshold
        self._played = played
        self._floor = Floor()
        self._echo = Echo(played)
        self._sound = 0
        """Blocks of sound in a row."""
        self._sure = 0
        """Windows of sure speech in a row, over the agent."""
        self._quiet = 0
        """Windows in which an echo would have come, and nothing did."""

    def judge(self, window: Window, probability: float, levels: Levels, state: State = State.QUIET) -> Judgement:
        """Take the next window, what the VAD makes of it, and how loud it is.

        Takes 3 µs, and `Echo.leaves` where it may be speech.
        In the `state` of talking a caller is believed: whether it was an echo was asked when it began. On a line where
        none has been found it is not asked in every short pause either, for to look for one is most of the work.
        """
        self._echo.hear(window.pcm)
        appeared, level = self._appeared(levels.blocks), levels.mean
        if probability < LIKELY:
            self._floor.follow(level)
        if state is State.TALKING or (state is State.PAUSING and not self._echo.known):
            self._sure = 0
            return Judgement(probability=probability, begins=None)
        since = window.ended - self._played.sounded_at
        notable = since <= ECHO_S and (probability >= LIKELY or appeared)
        stands_out = notable and self._stands_out(window, probability)
        over = since <= SOUNDING_S
        self._sure = self._sure + 1 if over and stands_out and probability >= self._threshold else 0
        self._quiet += over and (level < AUDIBLE_DBFS or not notable)
        if probability >= LIKELY and notable and not stands_out and self._echo.known:
            probability = 0.0
        return Judgement(probability=probability, begins=stands_out and self._proven if over else None)

    @property
    def _proven(self) -> bool:
        """What stands out is no echo."""
        return self._echo.known or self._quiet >= PROOF_WINDOWS or self._sure >= SURE_WINDOWS

    def _appeared(self, blocks: Sequence[float]) -> bool:
        """A sound has just lasted long enough."""
        before, least = self._sound, self._floor.loud_dbfs
        for level in blocks:
            self._sound = self._sound + 1 if level > least else 0
        return before < SOUND_BLOCKS <= self._sound

    def _stands_out(self, window: Window, probability: float) -> bool:
        """Without the echo it is loud enough."""
        least = self._floor.over(SURE_DB if probability >= self._threshold else LIKELY_DB)
        return self._echo.leaves(least, window.ended)


def measured(windows: Sequence[bytes]) -> list[Levels]:
    """The levels of each of some windows. All at once costs little more than one."""
    found = [Levels((), -math.inf)] * len(windows)
    for size in {len(pcm) for pcm in windows}:
        places = [place for place, pcm in enumerate(windows) if len(pcm) == size]
        blocks = to_samples(b"".join(windows[place] for place in places)).reshape(len(places), BLOCKS, -1)
        power = np.maximum(np.einsum("ijk,ijk->ij", blocks, blocks) / blocks.shape[2], 1e-12)
        means = (10 * np.log10(power.mean(axis=1))).tolist()
        for place, each, mean in zip(places, (10 * np.log10(power)).tolist(), means, strict=True):
            found[place] = Levels(each, mean)
    return found
