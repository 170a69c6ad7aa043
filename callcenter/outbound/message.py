"""Telling a machine something: wait for its beep, speak, hang up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from callcenter.asterisk.legs import Legs
from callcenter.errors import CallCenterError, CallerHungUp, innermost
from callcenter.media.line import Line
from callcenter.media.pcm import Clip
from callcenter.outbound.beep import BeepListener, Verdict

log = structlog.get_logger()

TAIL_S = 0.3
"""What Asterisk and the network still hold when our last frame has been sent."""
BREATH_S = 0.3
"""From the end of the beep to the first word: some machines miss the beginning."""
LOOK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What machines are told, and what it takes to tell it."""

    clip: Clip
    line: Callable[[], Line]
    beep_s: float
    """How long to wait for the beep."""

    async def leave(self, legs: Legs) -> bool:
        """Whether the machine was told all of it. Never raises for what Asterisk or the machine does."""
        line = self.line()
        try:
            await legs.open(line.wanted, line.connect)
            if not await legs.while_caller_stays(self._ready(line)):
                return False
            await legs.while_caller_stays(self._say(line))
        except (CallCenterError, ExceptionGroup) as error:
            if not isinstance(innermost(error), CallCenterError):
                raise
            log.info("x message", reason=str(innermost(error)), hung_up=isinstance(error, CallerHungUp))
            return False
        finally:
            line.close()
            await legs.close()
        return True

    async def _ready(self, line: Line) -> bool:
        """Wait until the machine records; False when it goes on talking."""
        listener = BeepListener(line.received.rate)
        try:
            async with asyncio.timeout(self.beep_s):
                while True:
                    for _, frame in line.received.drain():
                        verdict = listener.hear(frame)
                        if verdict is not Verdict.TALKS:
                            log.info("< machine", verdict=verdict.value)
                            return True
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            log.info("x message", reason="no beep", seconds=self.beep_s)
            return False

    async def _say(self, line: Line) -> None:
        await asyncio.sleep(BREATH_S)
        line.playout.say(self.clip)
        await line.played()
        await asyncio.sleep(TAIL_S)
