"""The seam of talking: text in, sound out, whatever speaks it."""

from typing import Protocol

from callcenter.media.pcm import Clip


class Voice(Protocol):
    """Speaks for many calls at once."""

    @property
    def name(self) -> str:
        """What tells its sound from another voice's, for the phrase cache."""

    async def render(self, text: str, rate: int) -> Clip:
        """Speak `text` at `rate` samples per second. Raises SpeechError, or Overloaded when too many wait."""
