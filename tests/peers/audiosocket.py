"""Asterisk's end of AudioSocket: connects, names a call, sends and receives messages; and what no Asterisk would do."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self
from uuid import UUID

from callcenter.media.audiosocket import Audio, Decoder, Identity, Message, encode
from tests.waiting import PATIENCE_S


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came: list[Message] = []
        """All messages up to now."""
        self.times: list[float] = []
        """When each of them came."""
        self._decoder = Decoder()
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: str, call: str | UUID | None = None) -> Self:
        """Connect to `address`; name `call`, if there is one."""
        host, _, port = address.rpartition(":")
        caller = cls(*await asyncio.open_connection(host, int(port)))
        if call is not None:
            caller.send(Identity(call=UUID(str(call))))
        return caller

    def send(self, *messages: Message | bytes) -> None:
        """Send messages, or bytes that are none."""
        self._writer.write(b"".join(m if isinstance(m, bytes) else encode(m) for m in messages))

    async def trickle(self, data: bytes) -> None:
        """Send one byte at a time."""
        for place in range(len(data)):
            self._writer.write(data[place : place + 1])
            await asyncio.sleep(0)

    async def receive(self, seconds: float) -> list[Message]:
        """What comes within `seconds`."""
        before = len(self.came)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended()
        return self.came[before:]

    async def until(self, condition: Callable[[], object]) -> None:
        """Receive until it holds. Raises TimeoutError after PATIENCE_S, AssertionError when the other end closes."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                assert await self._more(), "closed"

    async def ended(self) -> None:
        """Receive until the other end closes."""
        while await self._more():
            pass

    async def refused(self) -> bool:
        """Whether the other end closes without a message."""
        async with asyncio.timeout(PATIENCE_S):
            await self.ended()
        return not self.came

    @property
    def sound(self) -> bytes:
        """All that was received of it."""
        return b"".join(message.pcm for message in self.came if isinstance(message, Audio))

    async def _more(self) -> bool:
        """Receive what comes next; False when the other end has closed."""
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            return False
        messages = list(self._decoder.messages(data))
        self.came += messages
        self.times += [asyncio.get_running_loop().time()] * len(messages)
        return bool(data)

    async def close(self) -> None:
        """Close the connection as Asterisk does, without a message."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
