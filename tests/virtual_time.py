"""An event loop whose clock jumps: a call of ten minutes is over in milliseconds, always in the same order."""

import asyncio
import selectors
from collections.abc import Callable


class _Selector(selectors.SelectSelector):
    """Never waits: what the loop wanted to wait is added to its clock instead."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        if not ready and timeout:
            self._advance(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Sleeps take no real time. For tests without threads and without real sockets."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self._advance))

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._now

    def _advance(self, seconds: float) -> None:
        self._now += seconds
