"""How long callers wait for an answer: the timings of the latest turns, and what is typical of them.

A turn's timings are milliseconds by stage. Those in `STAGES` follow each other from the end of the caller's sound to
the first sound of the answer, both as measured from the sound itself, and `total` is their sum. Other timings, such as
the recogniser's work within the pause, are no part of the sum.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from callcenter.stages import STAGES

HANDFUL = 5
"""Of fewer turns nothing is typical."""


class Latencies:
    """The latest turns of all calls. Only those count in which speech was answered: a greeting is no answer."""

    def __init__(self, limit: int = 500) -> None:
        self._turns: deque[tuple[float, dict[str, float]]] = deque(maxlen=limit)

    def add(self, timings: Mapping[str, float], at: float) -> None:
        """A turn is over at loop time `at`. It is left out unless speech was waited for and an answer was heard."""
        if "endpoint" in timings and "total" in timings:
            self._turns.append((at, dict(timings)))

    def report(self) -> dict[str, Any]:
        """`turns`, how many there are, and {"p50": ms, "p95": ms} of `total` and of each stage met."""
        found: dict[str, Any] = {"turns": len(self._turns)}
        for name in ("total", *STAGES):
            values = [timings[name] for _, timings in self._turns if name in timings]
            if values:
                found[name] = percentiles(values)
        return found

    def p95(self, since: float) -> float | None:
        """The 95th percentile of `total` over the turns that were over at loop time `since` or later.

        None when they are fewer than a handful.
        """
        totals = [timings["total"] for at, timings in self._turns if at >= since]
        return _percentile(totals, 95) if len(totals) >= HANDFUL else None


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """The 50th and the 95th, as `p50` and `p95`; of no values they are None."""
    return {f"p{share}": _percentile(values, share) if values else None for share in (50, 95)}


def _percentile(values: Sequence[float], share: int) -> float:
    """Between the two nearest values, in proportion."""
    return round(float(np.percentile(values, share)), 1)
