"""A breaker before a provider that all calls share: after failures in a row it is left alone for a while.

Closed, everybody may ask. Open, nobody: callers do not wait for what has just failed. After its rest it is half open:
one may try it; if that succeeds it is closed, if not it rests twice as long. The pattern is Nygard's ("Release It!").
"""

from typing import Any

FAILURES = 3
"""In a row, that open it."""
HOPELESS = 8
"""In a row, that nobody has who fails now and then only: 1 in 256 of those who fail half of the time."""
FIRST_REST_S = 4.0
LONGEST_REST_S = 60.0


class Breaker:
    """Of one provider. Times are seconds of any one clock."""

    def __init__(self, failures: int = FAILURES, first_rest_s: float = FIRST_REST_S) -> None:
        self._most = failures
        self._first_rest_s = first_rest_s
        self._rest_s = first_rest_s
        self._failures = 0
        self._until: float | None = None
        self._trying = False
        self._answered = self._failed = 0
        self._reason = ""

    def admits(self, now: float) -> bool:
        """Whether the provider may be asked. True while it is half open is for the one who then tries it: they must
        come back with `succeed`, `fail` or `give_up`."""
        if self._until is None:
            return True
        if now < self._until or self._trying:
            return False
        self._trying = True
        return True

    def succeed(self) -> None:
        """It has answered."""
        self._answered += 1
        self._failures, self._until, self._trying = 0, None, False
        self._rest_s = self._first_rest_s

    def fail(self, now: float, rest_s: float | None = None, *, reason: str = "") -> None:
        """It has failed; with `rest_s` it has said itself for how long it wants to be left alone.

        `reason` is told to whoever looks at the status: it must not hold a key.
        """
        self._failures += 1
        self._failed += 1
        self._reason = reason
        was_tried, self._trying = self._trying, False
        if rest_s is None and self._failures < self._most:
            return
        if was_tried:
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        elif self._until is not None and rest_s is None:
            return  # it rests already: this was asked before that, or all the same
        self._until = now + (self._rest_s if rest_s is None else min(rest_s, LONGEST_REST_S))

    def give_up(self) -> None:
        """Whoever tried it did not wait for the answer."""
        self._trying = False

    @property
    def hopeless(self) -> bool:
        """It has failed so often in a row that it need not be asked even where nobody else is left."""
        return self._failures >= HOPELESS

    def report(self, now: float) -> dict[str, Any]:
        """For `status`: its `state`, `rests_s` until it may be tried, `failures` in a row; and since the start, how
        often it has `answered` and `failed`, the last time for this `reason`."""
        rests_s = 0.0 if self._until is None else max(0.0, self._until - now)
        return {
            "state": "closed" if self._until is None else "open" if rests_s else "half open",
            "rests_s": round(rests_s, 1),
            "failures": self._failures,
            "answered": self._answered,
            "failed": self._failed,
            "reason": self._reason,
        }
