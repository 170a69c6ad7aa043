"""A fuse before a service: after several failures in a row it is left alone for a while, so nobody waits in vain."""

FAILURES = 3
REST_S = 30.0


class Fuse:
    """Of one service. Times are seconds of any one clock."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def is_blown(self, now: float) -> bool:
        """Whether the service is to be left alone. After the rest one more failure blows it again."""
        return self._failures >= FAILURES and now < self._until

    def fail(self, now: float) -> None:
        """The service has failed."""
        self._failures += 1
        self._until = now + REST_S

    def mend(self) -> None:
        """The service has answered."""
        self._failures = 0
