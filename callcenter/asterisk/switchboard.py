"""Which event belongs to which call: one mailbox per call, filled in the order in which Asterisk spoke. No I/O."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from callcenter.asterisk.events import ChannelDestroyed, ChannelEvent, Event, StasisEnd, StasisStart

log = structlog.get_logger()

LIMIT = 64
"""Events that may wait in a mailbox, the ends of its channels apart."""


class Mailbox:
    """The events of one call's channels, in order.

    One reader takes them with `next`; beside it anyone may wait for a channel to come or go, which takes nothing.
    """

    def __init__(self, registered: dict[str, "Mailbox"], limit: int = LIMIT) -> None:
        self.dropped = 0
        self._limit = limit
        self._registered = registered
        self._channels: set[str] = set()
        self._events: deque[ChannelEvent] = deque()
        self._entered: set[str] = set()
        self._left: set[str] = set()
        self._lent: set[str] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, channel: str) -> None:
        """Receive the events of `channel` too. Do so before asking Asterisk to create it."""
        self._channels.add(channel)
        self._registered[channel] = self

    def close(self) -> None:
        """Receive nothing more. May be called twice."""
        while self._channels:
            self._registered.pop(self._channels.pop(), None)

    def lend(self, channel: str) -> None:
        """The dialplan gets `channel` and is to give it back: that it goes there is not its end, and not told.

        From here on `entered` says whether it is back.
        """
        self._entered.discard(channel)
        self._lent.add(channel)

    def entered(self, channel: str) -> bool:
        """Whether `channel` has come into our hands."""
        return channel in self._entered

    def left(self, channel: str) -> bool:
        """Whether `channel` has left our hands or is gone altogether."""
        return channel in self._left

    async def next(self) -> ChannelEvent:
        """Take the oldest event, wait for one if there is none. For one reader."""
        await self.until(lambda: bool(self._events))
        return self._events.popleft()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; it is looked at after every event."""
        while not condition():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)

    def put(self, event: ChannelEvent) -> None:
        """Add an event; a full mailbox drops it, unless it ends a channel."""
        match event:
            case StasisStart():
                self._entered.add(event.channel_id)
            case StasisEnd() if event.channel_id in self._lent:
                self._lent.discard(event.channel_id)
                return
            case StasisEnd() | ChannelDestroyed():
                self._left.add(event.channel_id)
        if len(self._events) >= self._limit and not isinstance(event, StasisEnd | ChannelDestroyed):
            self.dropped += 1
            log.warning("x mailbox is full", channel=event.channel_id, dropped=self.dropped)
        else:
            self._events.append(event)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)


class Switchboard:
    """Hands each event to the call whose channel it is about."""

    def __init__(self) -> None:
        self._mailboxes: dict[str, Mailbox] = {}

    def open(self, *channels: str) -> Mailbox:
        """A mailbox for the events of `channels`."""
        mailbox = Mailbox(self._mailboxes)
        for channel in channels:
            mailbox.add(channel)
        return mailbox

    def route(self, event: Event) -> bool:
        """Put `event` into its call's mailbox; False when it is nobody's."""
        if not isinstance(event, ChannelEvent) or event.channel_id not in self._mailboxes:
            return False
        self._mailboxes[event.channel_id].put(event)
        return True
