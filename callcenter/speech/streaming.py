"""The seam of hearing while the caller talks: sound in as it comes, the words of the utterance out when it pauses."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Never, Protocol

from callcenter.speech.recogniser import Recognised


class Stream(Protocol):
    """The sound of one call on its way to a recogniser."""

    turn_ended: Callable[[float], None]
    """Called on the event loop when the recogniser thinks that the caller has finished; with how many seconds of what
    was fed it had not heard by then."""

    @property
    def seconds(self) -> float:
        """For how long it has been open, which is what it is paid by."""

    def feed(self, pcm: bytes) -> None:
        """Hand over what the line has received, 16-bit mono at the rate it was opened with. Never blocks."""

    def begin(self, before_s: float) -> bool:
        """A new utterance: what was said more than `before_s` ago, as fed, is no part of it.

        False when so much was never fed, so that its words may lack their beginning.
        """

    async def words(self) -> Recognised:
        """All that was said since `begin`, final up to what was fed last, while `run` runs. Takes as long as it takes.

        Raises SpeechError when the stream has failed. May be cancelled, and asked again.
        """

    async def run(self) -> Never:
        """Carry sound there and words back, once, until the stream has failed; raises its SpeechError.

        Nothing else ends it.
        """


class StreamingRecogniser(Protocol):
    """Hears many calls at once."""

    def open(self, *, rate: int, language: str, prompt: str) -> AbstractAsyncContextManager[Stream]:
        """Listen to a call within this; leaving it hangs up. Entering raises SpeechError when nobody can be reached."""
