"""The seam of talking: text in, sound out, whatever speaks it."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, cast, runtime_checkable

from callcenter.media.pcm import Clip

EngineName = Literal["piper", "espeak", "openai", "deepgram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceName:
    """Which voice: what speaks, and what the voice is called there."""

    engine: EngineName
    name: str
    """For Piper a name in `speech/models.toml` or the path of an `.onnx` file, for the others one of their voices."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what the settings hold, checked there: `espeak:fr`."""
        engine, _, name = text.partition(":")
        return cls(engine=cast(EngineName, engine), name=name)

    def __str__(self) -> str:
        return f"{self.engine}:{self.name}"

    @property
    def elsewhere(self) -> bool:
        """It is spoken by a service, which may fail."""
        return self.engine in {"openai", "deepgram"}


class Voice(Protocol):
    """Speaks for many calls at once."""

    @property
    def name(self) -> str:
        """What tells its sound from another voice's, for the phrase cache."""

    async def render(self, text: str, rate: int) -> Clip:
        """Speak `text` at `rate` samples per second. Raises SpeechError, or Overloaded when too many wait."""


@runtime_checkable
class StreamedVoice(Voice, Protocol):
    """One that can be heard while it still speaks."""

    def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """Clips that follow on from each other, each with the words that likely end in it: together they are `text`.

        Raises SpeechError, perhaps after some of them; what is said by then is in their texts. To be closed by whoever
        does not want the rest.
        """


Paid = Callable[[str, int], None]
"""Told who is to be paid, by the name that they have on bills, and for how many characters."""


def unpaid(by: str, characters: int) -> None:
    """Where nobody keeps the books."""


@runtime_checkable
class PreparedVoice(StreamedVoice, Protocol):
    """One that keeps what it has said."""

    async def cached(self, text: str, rate: int) -> Clip | None:
        """`text` as it was said or prepared before; nobody is asked for it."""

    async def prepare(self, texts: Iterable[str], rate: int, paid: Paid = unpaid) -> None:
        """Have `texts` ready in memory and on disk; `paid` is told of those that cost something. Raises SpeechError."""

    def report(self) -> list[dict[str, Any]]:
        """For `status`: each voice that may fail, first choice first."""


async def streamed(voice: Voice, text: str, rate: int) -> AsyncGenerator[Clip, None]:
    """What `voice` streams, or all it says as one clip. Raises SpeechError."""
    if isinstance(voice, StreamedVoice):
        async with aclosing(voice.stream(text, rate)) as clips:
            async for clip in clips:
                yield clip
    else:
        yield await voice.render(text, rate)


async def at_hand(voice: Voice, text: str, rate: int) -> Clip | None:
    """`text` if it can be heard at once, whatever has become of the services: what `voice` keeps of it, if it keeps."""
    return await voice.cached(text, rate) if isinstance(voice, PreparedVoice) else None
