"""What a caller does besides talking: pressing keys and hanging up; and sound that breaks, which may be the same."""

import asyncio
import re
from collections.abc import Callable

import structlog

from callcenter.asterisk.events import ChannelDestroyed, ChannelDtmfReceived, StasisEnd
from callcenter.asterisk.legs import Legs
from callcenter.dialogue.brain import Keyed
from callcenter.errors import CallerHungUp, LegError
from callcenter.media.line import Line
from callcenter.turn import Inbox

log = structlog.get_logger()

KEYS_END_S = 2.5
"""Keys pressed belong together until this long a pause, or `#`."""
EXPLAINED_S = 1.5
"""Sound may break because the caller has hung up, which Asterisk says within this, however busy it is ..."""
LOOK_S = 0.1
"""... and is asked for so often."""


class Signals:
    """Follows the caller's channel, the legs and the line of one call."""

    def __init__(self, legs: Legs, line: Line, inbox: Inbox, hanging_up: Callable[[], bool]) -> None:
        """Keys go to `inbox` as the numbers that they make. What ends while we are `hanging_up` is ours."""
        self.keys_wanted = ""
        """A pattern of the keys that are a whole answer."""
        self._legs = legs
        self._line = line
        self._inbox = inbox
        self._hanging_up = hanging_up
        self._keys = ""

    async def follow_channel(self) -> None:
        """Until the caller's channel ends. Raises CallerHungUp if it was the caller."""
        while True:
            try:
                async with asyncio.timeout(KEYS_END_S if self._keys else None):
                    event = await self._legs.next()
            except TimeoutError:
                self._pass_on()
                continue
            match event:
                case ChannelDtmfReceived(digit="#"):
                    self._pass_on()
                case ChannelDtmfReceived(digit=digit):
                    self._press(digit)
                case StasisEnd() | ChannelDestroyed() if self._hanging_up():
                    return
                case StasisEnd() | ChannelDestroyed():
                    raise CallerHungUp

    async def follow_line(self) -> None:
        """Until the line breaks. Raises CallerHungUp if the caller has left, which is no fault, else LegError."""
        await self._explain(await self._line.broken())

    async def follow_legs(self) -> None:
        """The same for what Asterisk has of it."""
        await self._explain(await self._legs.broken())

    async def _explain(self, reason: str) -> None:
        log.info("= sound broke", reason=reason)
        gone = await self._caller_leaves()
        if self._hanging_up():
            return
        if gone:
            raise CallerHungUp
        raise LegError(f"the line broke: {reason}")

    async def _caller_leaves(self) -> bool:
        try:
            async with asyncio.timeout(EXPLAINED_S):
                while not await self._legs.caller_is_gone():  # noqa: ASYNC110 - Asterisk is asked
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return False
        return True

    def _press(self, digit: str) -> None:
        self._line.playout.pause()
        self._keys += digit
        if re.fullmatch(self.keys_wanted, self._keys):
            self._pass_on()

    def _pass_on(self) -> None:
        if self._keys:
            self._inbox.put(Keyed(digits=self._keys))
        self._keys = ""
