"""A jitter buffer in Asterisk for callers whose packets come unevenly, and for nobody else.

A snoop takes a caller's packets in the order and at the time of their arrival, so what is late or out of order is lost
or misplaced. Asterisk's jitter buffer mends that, but delays the caller: by its whole size if it is a fixed one, by 70
ms on a perfect line if it is an adaptive one. So the line is measured while the greeting plays.
"""

import asyncio
import math

import structlog

from callcenter.asterisk.ari import Ari
from callcenter.errors import AsteriskError

log = structlog.get_logger()

LOOKS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between one look at the line and the next; after the last one it is left as it is."""
STEADY_S = 0.008
"""Less jitter than this does no harm: on one machine it is below 1.5 ms, and a packet 60 ms late makes it 4."""
ENOUGH = 4
"""A packet is seldom later than so many times the jitter, which is a mean (RFC 3550, section 6.4.1)."""
STEP_MS = 20
LARGEST_MS = 200


def size_ms(jitter_s: float) -> int:
    """How large a buffer a line needs; 0 for none."""
    if jitter_s < STEADY_S:
        return 0
    return min(LARGEST_MS, math.ceil(ENOUGH * jitter_s * 1000 / STEP_MS) * STEP_MS)


async def keep(ari: Ari, channel: str) -> None:
    """Look at the line of `channel` from time to time and give it the buffer that it needs.

    Never raises for what Asterisk answers: one without the module goes on without a buffer.
    """
    given = 0
    try:
        for wait_s in LOOKS_S:
            await asyncio.sleep(wait_s)
            wanted = size_ms(await ari.jitter_s(channel))
            if wanted > given:
                await ari.set_variable(channel, "JITTERBUFFER(fixed)", str(wanted))
                log.info("= jitter buffer", channel=channel, ms=wanted)
                given = wanted
    except AsteriskError as error:
        log.info("x jitter buffer", channel=channel, error=str(error))
