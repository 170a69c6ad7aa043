"""What the voices of clouds have in common: they send raw sound, and they are paid by the character."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing

from callcenter.media.pcm import Clip
from callcenter.speech.cloud.pieces import Habits, Order, pieces, whole


class CloudVoice(ABC):
    """Speaks for many calls at once."""

    def __init__(self, *, name: str, whom: str, by: str) -> None:
        """`name` tells its sound from another's, `whom` is the voice in errors, `by` who is paid for it."""
        self.name = name
        self._whom = whom
        self._by = by
        self._habits = Habits()

    async def start(self) -> None:  # noqa: B027 - this is all, but for a client that takes long to load
        """Nothing is asked before something is to be said: a daemon starts without its clouds if it can."""

    def close(self) -> None:  # noqa: B027 - nothing is its own
        """The connections are those of the client's owner."""

    async def render(self, text: str, rate: int) -> Clip:
        """All of `text` as one clip. Raises SpeechError."""
        if not _sayable(text):
            return Clip(text=text, pcm=b"", rate=rate)
        async with aclosing(self._sound(text, self._rate(rate))) as chunks:
            return await whole(chunks, self._order(text, rate))

    async def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """`text` clip by clip, while it comes. Raises SpeechError, perhaps after some clips."""
        if not _sayable(text):
            yield Clip(text=text, pcm=b"", rate=rate)
            return
        async with (
            aclosing(self._sound(text, self._rate(rate))) as chunks,
            aclosing(pieces(chunks, self._order(text, rate))) as clips,
        ):
            async for clip in clips:
                yield clip

    @abstractmethod
    def _rate(self, rate: int) -> int:
        """At how many samples a second it speaks for a line at `rate`."""

    @abstractmethod
    def _sound(self, text: str, rate: int) -> AsyncGenerator[bytes, None]:
        """16-bit mono samples as they come. Raises SpeechError."""

    def _order(self, text: str, rate: int) -> Order:
        return Order(
            text=text, from_rate=self._rate(rate), rate=rate, whom=self._whom, by=self._by, habits=self._habits
        )


def _sayable(text: str) -> bool:
    """Whether there is anything to say."""
    return any(sign.isalnum() for sign in text)
