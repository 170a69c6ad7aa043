"""The seam of recognition: a finished or paused utterance in, its text out, whatever recognises it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What was said."""

    text: str
    """Empty when there was nothing to recognise."""
    confidence: float
    """Mean token probability, 0 to 1."""
    ms: float
    """What the work took, without the wait for a worker."""
    waited_ms: float = 0.0
    """Until a worker was free, or another recogniser had failed."""
    by: str = ""
    """The provider that is paid for it, as in `[hearing] recognisers`; empty for one on this machine."""
    seconds: float = 0.0
    """Of the sound that it was given."""


class Recogniser(Protocol):
    """Recognises for many calls at once."""

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """The text of 16-bit mono `pcm` at `rate` samples per second.

        `language` is an ISO 639-1 code. `prompt` is an example of what may be said, in the spelling that is wanted.
        Cancelling drops work that has not begun. Raises SpeechError, or Overloaded when too many wait.
        """
