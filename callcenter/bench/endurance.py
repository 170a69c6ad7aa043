"""Whether a daemon's memory, descriptors and tasks stay what they were, from samples taken while calls come and go."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np

WARM_UP_SHARE = 0.2
WARM_UP_S = (240.0, 900.0)
"""What is left out at the start, at least and at most: models, pools and caches fill with the first calls."""
LEAST_S = 300.0
"""After the warm-up. A shorter time tells nothing ..."""
FEWEST_SAMPLES = 9
"""... and neither do fewer samples: three for each third."""
MOST_MB_PER_HOUR = 10.0
"""A daemon that grows more slowly is restarted for other reasons first."""
NOISE_MB = 4.0
"""The memory of a process that allocates and frees goes up and down by this much from one sample to the next."""
NOISE_FILES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What `callcenter status` said at one moment."""

    at: float
    """Seconds since the start."""
    calls: int
    """That had ended by then."""
    memory_mb: float
    files: int
    tasks: int
    lag_p99_ms: float

    @classmethod
    def of(cls, status: dict[str, Any], *, at: float, calls: int) -> "Sample":
        """From the daemon's answer."""
        process, media = status["process"], status["media"]
        return cls(
            at=at,
            calls=calls,
            memory_mb=process["memory_mb"],
            files=process["files"],
            tasks=process["tasks"],
            lag_p99_ms=media["p99_ms"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endurance:
    """What the samples say."""

    warm_up_s: float
    samples: int
    """After the warm-up."""
    memory_first_mb: float | None
    """The median of the first third after the warm-up ..."""
    memory_last_mb: float | None
    """... and of the last."""
    mb_per_hour: float | None
    """Of a straight line through all after the warm-up."""
    mb_per_100_calls: float | None
    files_grew: float | None
    """From the median of the first third to that of the last."""
    allowed_mb: float | None
    """What memory may have grown by between the middles of the two thirds."""

    @property
    def flat(self) -> bool | None:
        """Whether memory and descriptors stay; None when it was too short to tell."""
        if self.memory_first_mb is None or self.memory_last_mb is None or self.allowed_mb is None:
            return None
        steady = self.memory_last_mb - self.memory_first_mb <= self.allowed_mb
        return steady and (self.files_grew or 0) <= NOISE_FILES

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return {"flat": self.flat, **rounded}


def endurance(samples: Sequence[Sample]) -> Endurance:
    """Judge samples taken at regular intervals, calls in progress at each but the first and the last."""
    least, most = WARM_UP_S
    warm_up_s = max(least, min(most, WARM_UP_SHARE * samples[-1].at)) if samples else least
    warm = [sample for sample in samples if sample.at >= warm_up_s]
    if len(warm) < FEWEST_SAMPLES or warm[-1].at - warm[0].at < LEAST_S:
        return Endurance(
            warm_up_s=warm_up_s,
            samples=len(warm),
            memory_first_mb=None,
            memory_last_mb=None,
            mb_per_hour=None,
            mb_per_100_calls=None,
            files_grew=None,
            allowed_mb=None,
        )
    third = len(warm) // 3
    first, last = warm[:third], warm[-third:]
    hours = (_middle(last, lambda sample: sample.at) - _middle(first, lambda sample: sample.at)) / 3600
    return Endurance(
        warm_up_s=warm_up_s,
        samples=len(warm),
        memory_first_mb=_middle(first, lambda sample: sample.memory_mb),
        memory_last_mb=_middle(last, lambda sample: sample.memory_mb),
        mb_per_hour=_slope([sample.at / 3600 for sample in warm], [sample.memory_mb for sample in warm]),
        mb_per_100_calls=_slope([sample.calls / 100 for sample in warm], [sample.memory_mb for sample in warm]),
        files_grew=_middle(last, lambda sample: sample.files) - _middle(first, lambda sample: sample.files),
        allowed_mb=max(NOISE_MB, MOST_MB_PER_HOUR * hours),
    )


def _middle(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    return float(median(map(value, samples)))


def _slope(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Of the straight line with the least squared distances; None where x stands still."""
    centred = np.asarray(x) - np.mean(x)
    spread = float(np.sum(np.square(centred)))
    return float(np.sum(centred * (np.asarray(y) - np.mean(y))) / spread) if spread else None
