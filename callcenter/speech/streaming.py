"""The seam of hearing while the caller talks: frames in as they come, the words of the utterance out when it pauses."""

from collections.abc import Callable
from typing import Protocol

from callcenter.speech.recogniser import Recognised


class Stream(Protocol):
    """The sound of one call on its way to a recogniser."""

    turn_ended: Callable[[], None]
    """Told when the recogniser thinks that the caller has finished; called on the event loop."""

    def feed(self, pcm: bytes) -> None:
        """Hand over what the line has received, 16-bit mono at the rate it was opened with. Never blocks."""

    async def words(self) -> Recognised:
        """All that was said since `begin`, final up to what was fed last. Raises SpeechError."""

    def begin(self) -> None:
        """A new utterance: what was said before is no part of it."""

    async def close(self) -> None:
        """Hang up. May be called twice; raises nothing."""


class StreamingRecogniser(Protocol):
    """Hears many calls at once."""

    @property
    def name(self) -> str:
        """As in `[hearing] recognisers`."""

    async def open(self, *, rate: int, language: str, prompt: str) -> Stream:
        """Begin to listen to a call. Raises SpeechError when it cannot be reached."""
