"""The seam of talking: text in, sound out, whatever speaks it."""

from dataclasses import dataclass
from typing import Literal, Protocol, Self, cast

from callcenter.media.pcm import Clip

EngineName = Literal["piper", "espeak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceName:
    """Which voice: what speaks, and what the voice is called there."""

    engine: EngineName
    name: str
    """For Piper a name in `speech/models.toml` or the path of an `.onnx` file, for espeak-ng one of its voices."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what the settings hold, checked there: `espeak:fr`."""
        engine, _, name = text.partition(":")
        return cls(engine=cast(EngineName, engine), name=name)

    def __str__(self) -> str:
        return f"{self.engine}:{self.name}"


class Voice(Protocol):
    """Speaks for many calls at once."""

    @property
    def name(self) -> str:
        """What tells its sound from another voice's, for the phrase cache."""

    async def render(self, text: str, rate: int) -> Clip:
        """Speak `text` at `rate` samples per second. Raises SpeechError, or Overloaded when too many wait."""
