"""The seam of hearing: frames in, what the caller says out, whatever recognises it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from callcenter.media.pcm import FrameQueue, Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """The caller has begun to talk."""

    at: float
    """Loop time of the first frame that holds speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPaused:
    """The caller has paused, perhaps at the end. They may go on: then SpeechResumed follows."""

    at: float
    """Loop time of the last frame that holds speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResumed:
    """The caller goes on after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One stretch of the caller's speech, recognised."""

    text: str
    """Empty when there was nothing to recognise: a cough, a noise."""
    confidence: float
    """Mean token or word probability, 0 to 1."""
    started: float
    """Loop time of the first frame that holds speech."""
    ended: float
    """Loop time at which the caller's sound ended, by its level."""
    by: str = ""
    """The provider elsewhere that has recognised it; empty for this machine."""
    known: float = 0.0
    """Loop time at which the end was decided and the text was there."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: `endpoint` (end of the sound to a pause long enough), `recognise` (from there to the text;
    0 when it was there already); and beside them `recogniser` (the work itself) and `waited` (for a free worker, or for
    a recogniser that failed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFailed:
    """Speech that could not be recognised because the recogniser failed or was overloaded."""

    reason: str
    started: float
    ended: float


EarEvent = SpeechStarted | SpeechPaused | SpeechResumed | Utterance | HearingFailed

Patience = Callable[[str | None], int]
"""How long a pause, in ms, ends what the caller says, given the words so far; None while they are not known."""


class Ear(Protocol):
    """Listens to one call."""

    patience: Patience
    """Asked in each pause, on the event loop."""

    @property
    def seconds_heard(self) -> Mapping[str, float]:
        """Seconds of sound for which each provider elsewhere is paid, by its name. They only grow, while a stream is
        open also between utterances; still right after `close`."""

    async def next(self) -> EarEvent:
        """Wait for the next event. Never raises for a fault of the recogniser; that is a HearingFailed."""

    def close(self) -> None:
        """Stop listening and drop what is being recognised. May be called twice."""


class Hearing(Protocol):
    """A recogniser, ready for many calls at once."""

    def listen(self, frames: FrameQueue, played: Trail, *, language: str = "en", prompt: str = "") -> Ear:
        """A new ear on what a line receives; what it has `played` may come back as an echo.

        `language` is an ISO 639-1 code. `prompt` is an example of what may be said, in the spelling that is wanted.
        """
