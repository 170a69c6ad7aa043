"""A jitter buffer in Asterisk for callers whose packets come unevenly, and for nobody else.

A snoop takes a caller's packets in the order and at the time of their arrival, so what is late or out of order is lost
or misplaced. Asterisk's jitter buffer mends that, but delays the caller: by its whole size if it is a fixed one, by 70
ms on a perfect line if it is an adaptive one. So the line is measured while the greeting plays.

Where Asterisk itself is held up for longer than a fixed buffer's size, the buffer is deaf from then on: it takes one
frame out each 20 ms, finds it late, drops it, and never catches up. What comes from it is digital silence, which some
telephones send too while nobody talks. So it is taken away for a moment: if sound comes at once, it was deaf. It is
made anew, but left away once it has been deaf too often: a line whose packets are taken as they come is heard at least.
"""

import asyncio
import math
from collections.abc import Callable

import structlog

from callcenter.asterisk.ari import Ari
from callcenter.errors import AsteriskError, innermost

log = structlog.get_logger()

LOOKS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between one look at the line and the next; after the last one it is left as it is."""
STEADY_S = 0.008
"""Less jitter than this does no harm: on one machine it is below 1.5 ms, and a packet 60 ms late makes it 4."""
ENOUGH = 4
"""A packet is seldom later than so many times the jitter, which is a mean (RFC 3550, section 6.4.1)."""
STEP_MS = 20
LARGEST_MS = 200
GLANCE_S = 0.05
DEAF_S = 1.0
"""A buffer from which only digital silence has come for so long may be deaf; twice as long the next time, and so on."""
LONGEST_S = 16.0
PROOF_S = 0.3
"""It was deaf if sound comes within so long of its end; to talk just then is a rare chance."""
MOST_DEAF = 3


def size_ms(jitter_s: float) -> int:
    """How large a buffer a line needs; 0 for none."""
    if jitter_s < STEADY_S:
        return 0
    return min(LARGEST_MS, math.ceil(ENOUGH * jitter_s * 1000 / STEP_MS) * STEP_MS)


async def keep(ari: Ari, channel: str, silent: Callable[[], bool]) -> None:
    """Look at the line of `channel` from time to time and give it the buffer that it needs.

    `silent` tells whether what came from it last was digital silence. Never raises for what Asterisk answers: one
    without the module goes on without a buffer.
    """
    buffer = _Buffer(ari, channel)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(buffer.grow())
            group.create_task(buffer.mend(silent))
    except* AsteriskError as errors:
        log.info("x jitter buffer", channel=channel, error=str(innermost(errors)))


class _Buffer:
    """That of one channel."""

    def __init__(self, ari: Ari, channel: str) -> None:
        self._ari = ari
        self._channel = channel
        self._ms = 0
        self._was_deaf = 0
        self._there = asyncio.Event()

    async def grow(self) -> None:
        """Make it as large as the line needs it, looking ever more seldom."""
        for wait_s in LOOKS_S:
            await asyncio.sleep(wait_s)
            wanted = size_ms(await self._ari.jitter_s(self._channel))
            if wanted > self._ms and self._was_deaf < MOST_DEAF:
                self._ms = wanted
                await self._set("fixed", str(wanted))
                self._there.set()

    async def mend(self, silent: Callable[[], bool]) -> None:
        """Find out whether it is deaf when nothing comes from it; ever more seldom while the caller is mute."""
        await self._there.wait()
        silent_s, deaf_s = 0.0, DEAF_S
        while True:
            await asyncio.sleep(GLANCE_S)
            if not silent():
                silent_s, deaf_s = 0.0, DEAF_S
                continue
            silent_s += GLANCE_S
            if silent_s < deaf_s:
                continue
            await self._set("disabled", "")
            await asyncio.sleep(PROOF_S)
            self._was_deaf += not silent()
            if self._was_deaf == MOST_DEAF:
                return
            await self._set("fixed", str(self._ms))
            silent_s, deaf_s = 0.0, min(2 * deaf_s, LONGEST_S)

    async def _set(self, kind: str, size: str) -> None:
        await self._ari.set_variable(self._channel, f"JITTERBUFFER({kind})", size)
        log.info("= jitter buffer", channel=self._channel, kind=kind, ms=size)
