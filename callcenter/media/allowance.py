"""How much a peer may send: as fast as people speak, and what it has held back."""


class Allowance:
    """A budget that fills with time up to a limit. Pure: time is an argument."""

    def __init__(self, *, per_second: float, most: float) -> None:
        """Full at the start, with `most`."""
        self._per_second = per_second
        self._most = most
        self._left = most
        self._at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Spend `amount` at loop time `now`; False, and nothing is spent, if it is not there."""
        since = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._left = min(self._most, self._left + since * self._per_second)
        if amount > self._left:
            return False
        self._left -= amount
        return True
