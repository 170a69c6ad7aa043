"""What an ear tells its one reader: what comes of an utterance, and a bounded queue of events."""

import asyncio

import structlog

from callcenter.media.pcm import pause_after_sound, to_samples
from callcenter.speech.ear import EarEvent, HearingFailed, Utterance
from callcenter.speech.recogniser import Recognised
from callcenter.speech.utterances import Ended
from callcenter.speech.words import Outcome

log = structlog.get_logger()

EVENTS = 32
"""An ear that nobody reads keeps so many events and drops the oldest."""
LAST_S = 3
"""Of an utterance: enough to find its end in."""


class Events:
    """What an ear has heard."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[EarEvent] = asyncio.Queue(EVENTS)
        self.next = self._queue.get
        self.telling: asyncio.Task[None] | None = None
        """Puts an utterance once it is recognised; the next waits for it."""

    def put(self, event: EarEvent) -> None:
        """Add an event; in a full queue the oldest makes way."""
        if self._queue.full():
            log.warning("x ear event", dropped=self._queue.get_nowait())
        self._queue.put_nowait(event)


def result(ended: Ended, outcome: Outcome, decided: float, rate: int) -> Utterance | HearingFailed:
    """What has `ended` with the `outcome` of its recognition, as was decided at loop time `decided`."""
    if not isinstance(outcome.result, Recognised):
        return HearingFailed(reason=str(outcome.result), started=ended.started, ended=ended.ended)
    quiet_since = _end_of_sound(ended, rate)
    known = max(decided, outcome.at)
    late = max(0.0, outcome.at - ended.ended - ended.pause_ms / 1000)
    return Utterance(
        text=outcome.result.text,
        confidence=outcome.result.confidence,
        by=outcome.result.by,
        started=ended.started,
        ended=quiet_since,
        known=known,
        timings={
            "endpoint": (known - quiet_since - late) * 1000,
            "recognise": late * 1000,
            "recogniser": outcome.result.ms,
            "waited": outcome.result.waited_ms,
        },
    )


def _end_of_sound(ended: Ended, rate: int) -> float:
    """Loop time at which the caller fell silent; the model's own judgement lags behind the sound, or runs ahead."""
    last = to_samples(ended.pcm[-LAST_S * rate * 2 :])
    pause_ms = pause_after_sound(last, rate) if ended.until > ended.ended else None
    return ended.ended if pause_ms is None else ended.until - pause_ms / 1000
