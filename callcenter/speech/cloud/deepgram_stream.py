"""A WebSocket of Deepgram's, on which sound goes out and what was said comes in."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Never, Protocol

import structlog

from callcenter.errors import SpeechError
from callcenter.speech.cloud.deepgram_client import failure, foreign
from callcenter.speech.recogniser import Recognised

log = structlog.get_logger()

LONGEST_S = 30.0
"""So much sound may wait to be sent; a server that takes it more slowly than it comes has failed."""
CHUNK_S = 0.06
"""Sound that waits goes out together up to this."""
KEEP_ALIVE_S = 3.0
"""Deepgram hangs up after 10 s without a message."""
SETTLE_S = 0.15
"""How long to wait for a last word from Deepgram where it need not say any."""
STRANGE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""Raised when a message has another form than it should: the SDK hands it out all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Times are seconds of the stream."""

    text: str
    start: float
    end: float
    confidence: float


class Dialect(Protocol):
    """What was understood so far of one of Deepgram's protocols. Does no I/O."""

    def take(self, message: Any) -> float | None:
        """Take a message as the SDK hands it out; the time at which a turn ended, if that is what it says.

        Raises SpeechError for one that tells of an error, and one of STRANGE for one of another form.
        """

    def is_final(self, until: float) -> bool:
        """Whether all that was said up to `until` is known."""

    def is_heard(self, until: float) -> bool:
        """Whether everything was heard up to `until`, though a last word may follow."""

    def words(self, since: float) -> Sequence[Word]:
        """What was said after `since`."""


class Socket(Protocol):
    """The SDK's, with what differs between the two protocols brought to one form."""

    async def begin(self) -> None:
        """Connect. Whoever asks first does."""

    async def send(self, pcm: bytes) -> None:
        """Send sound."""

    async def finalize(self) -> None:
        """Ask for what was said up to here, where that has to be asked for."""

    async def keep_alive(self) -> bytes:
        """Say that there is no sound; the silence that was sent for it."""

    async def receive(self) -> Any:
        """The next message."""


class Outbox:
    """Sound that waits to be sent, and where in it words are to be asked for."""

    def __init__(self, rate: int) -> None:
        self._bytes_per_s = rate * 2
        self._chunk = round(CHUNK_S * self._bytes_per_s)
        self._items: deque[bytes | None] = deque()
        self._filled = asyncio.Event()
        self._fed = self._waiting = 0

    @property
    def fed_s(self) -> float:
        """Seconds of sound so far: the time of the stream."""
        return self._fed / self._bytes_per_s

    @property
    def waiting_s(self) -> float:
        """Seconds of it that are not sent yet."""
        return self._waiting / self._bytes_per_s

    def put(self, pcm: bytes) -> None:
        """Add sound."""
        self._fed += len(pcm)
        self._waiting += len(pcm)
        self._items.append(pcm)
        self._filled.set()

    def count(self, pcm: bytes) -> None:
        """`pcm` was sent though nobody has put it there."""
        self._fed += len(pcm)

    def ask(self) -> None:
        """Words are wanted, up to here."""
        self._items.append(None)
        self._filled.set()

    async def next(self) -> bytes | None:
        """The next sound, or None where words are asked for."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        pcm = self._items.popleft()
        while pcm is not None and self._items and (more := self._items[0]) and len(pcm + more) <= self._chunk:
            pcm += more
            self._items.popleft()
        self._waiting -= len(pcm or b"")
        return pcm


class DeepgramStream:
    """Of one call; see `Stream`."""

    def __init__(self, socket: Socket, dialect: Dialect, rate: int) -> None:
        self.turn_ended: Callable[[float], None] = lambda unheard_s: None
        self._socket = socket
        self._dialect = dialect
        self._outbox = Outbox(rate)
        self._opened = asyncio.get_running_loop().time()
        self._since_s = self._given_s = 0.0
        """Where the utterance began, and up to where words were given, in seconds of the stream."""
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._failure: SpeechError | None = None

    @property
    def seconds(self) -> float:
        """Since it was opened."""
        return asyncio.get_running_loop().time() - self._opened

    def feed(self, pcm: bytes) -> None:
        """Have `pcm` sent."""
        if self._failure is not None:
            return
        self._outbox.put(pcm)
        if self._outbox.waiting_s > LONGEST_S:
            self._fail(SpeechError("deepgram does not take sound as fast as it comes", may_pass=True))

    def begin(self, before_s: float) -> bool:
        """Words that were given once are not given again, whenever they were said."""
        start_s = self._outbox.fed_s - before_s
        self._since_s = max(start_s, self._given_s)
        return start_s >= 0

    async def words(self) -> Recognised:
        """Of the utterance so far."""
        asked, until = asyncio.get_running_loop().time(), self._outbox.fed_s
        self._outbox.ask()
        while not self._dialect.is_final(until):
            if self._failure is not None:
                raise self._failure
            if not await self._hears_more(SETTLE_S if self._dialect.is_heard(until) else None):
                break
        self._given_s = until
        words = self._dialect.words(self._since_s)
        return Recognised(
            text=" ".join(word.text for word in words),
            confidence=fmean(word.confidence for word in words) if words else 0.0,
            ms=(asyncio.get_running_loop().time() - asked) * 1000,
            seconds=until - self._since_s,
        )

    async def run(self) -> Never:
        """Send what is fed and understand what comes; raises SpeechError, sooner or later."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in (self._send(), self._receive())]
            await self._over.wait()
            for task in tasks:
                task.cancel()
        assert self._failure is not None
        raise self._failure

    async def _send(self) -> None:
        """Until the stream fails, which it tells."""
        with self._failing():
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        pcm = await self._outbox.next()
                except TimeoutError:
                    self._outbox.count(await self._socket.keep_alive())
                    continue
                await (self._socket.finalize() if pcm is None else self._socket.send(pcm))

    async def _receive(self) -> None:
        """Until the stream fails, which it tells."""
        with self._failing():
            while True:
                ended_s = self._understood(await self._received())
                self._news.set()
                if ended_s is not None:
                    self.turn_ended(max(0.0, self._outbox.fed_s - ended_s))

    async def _received(self) -> Any:
        try:
            return await self._socket.receive()
        except ValueError:
            raise SpeechError("deepgram sent something that is not JSON", may_pass=True) from None

    def _understood(self, message: Any) -> float | None:
        try:
            return self._dialect.take(message)
        except STRANGE:
            raise SpeechError("deepgram sent a message of an unknown form", may_pass=True) from None

    async def _hears_more(self, within_s: float | None) -> bool:
        self._news.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except SpeechError as error:
            self._fail(error)
        except foreign() as error:
            self._fail(failure(error))
        except Exception as error:  # the edge of one stream; the words are found in another way
            log.exception("! stream")
            self._fail(SpeechError(f"the stream failed: {type(error).__name__}"))

    def _fail(self, error: SpeechError) -> None:
        self._failure = self._failure or error
        self._over.set()
        self._news.set()


@asynccontextmanager
async def streaming(
    connection: AbstractAsyncContextManager[Any], speaking: Callable[[Any], Socket], dialect: Dialect, rate: int
) -> AsyncIterator[DeepgramStream]:
    """A stream on the SDK's `connection`, on which `speaking` gives the socket. Raises SpeechError."""
    async with AsyncExitStack() as stack:
        try:
            socket = speaking(await stack.enter_async_context(connection))
            await socket.begin()
        except foreign() as error:
            raise failure(error) from None
        except ValueError:
            raise SpeechError("deepgram sent something that is not JSON", may_pass=True) from None
        yield DeepgramStream(socket, dialect, rate)
