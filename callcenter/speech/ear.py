"""The seam of hearing: frames in, what the caller says out, whatever recognises it."""

from dataclasses import dataclass, field
from typing import Protocol

from callcenter.media.pcm import FrameQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """The caller has begun to talk."""

    at: float
    """Loop time of the first frame that holds speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One stretch of the caller's speech, recognised."""

    text: str
    """Empty when there was nothing to recognise: a cough, a noise."""
    confidence: float
    """Mean token probability, 0 to 1."""
    started: float
    ended: float
    """Loop times of the first and last frame that hold speech."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: `endpoint` (end of speech to the end being decided), `recognise` (of that decision to
    the text being there; 0 when it was there already), `recogniser` (the work itself, in the pause or after it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFailed:
    """Speech that could not be recognised because the recogniser failed or was overloaded."""

    reason: str
    started: float
    ended: float


EarEvent = SpeechStarted | Utterance | HearingFailed


class Ear(Protocol):
    """Listens to one call."""

    pause_ms: int
    """How long a pause ends an utterance. Callers pause longer between the groups of a phone number."""

    async def next(self) -> EarEvent:
        """Wait for the next event. Never raises for a fault of the recogniser; that is a HearingFailed."""

    def close(self) -> None:
        """Stop listening and drop what is being recognised. May be called twice."""


class Hearing(Protocol):
    """A recogniser, ready for many calls at once."""

    def listen(self, frames: FrameQueue, *, language: str = "en", prompt: str = "") -> Ear:
        """A new ear on what a line receives.

        `language` is an ISO 639-1 code. `prompt` is an example of what may be said, in the spelling that is wanted.
        """
