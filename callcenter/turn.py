"""What comes in for the brain to answer, and the turn that answering it makes."""

import asyncio
from dataclasses import dataclass

import structlog

from callcenter.dialogue.brain import Ending, Happening, Keyed, Said
from callcenter.media.playout import Heard
from callcenter.speech.ear import Utterance

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Something the brain has to answer, with the utterance it came from."""

    happening: Happening
    utterance: Utterance | None = None


@dataclass(slots=True, kw_only=True)
class Turn:
    """One exchange while it lasts. Times are loop times."""

    index: int
    incoming: Incoming
    began: float
    thought: float | None = None
    """The brain's first action."""
    voiced: float | None = None
    """The first clause, ready to be played."""

    @property
    def heard(self) -> str:
        """The caller's part of it in words or digits."""
        match self.incoming.happening:
            case Said(text=text):
                return text
            case Keyed(digits=digits):
                return digits
            case _:
                return ""

    @property
    def waited_for_since(self) -> float:
        """When the caller's sound ended, or what else there is to answer happened."""
        return self.incoming.utterance.ended if self.incoming.utterance else self.began

    def timings(self, heard: Heard) -> dict[str, float]:
        """Milliseconds by stage, those of `speech.ear` first; `total` is their sum.

        `total` is measured from the sound of both sides: from the end of the caller's to the first of the answer.
        `filler` is the same to a filler, if one was said; it is no stage.
        """
        utterance, first_sound = self.incoming.utterance, heard.first_sound_at
        stages = dict(utterance.timings) if utterance else {}
        marks = (
            ("queue", utterance.known if utterance else None, self.began),
            ("think", self.began, self.thought),
            ("voice", self.thought, self.voiced),
            ("wire", self.voiced, first_sound),
            ("total", self.waited_for_since, first_sound),
            ("filler", self.waited_for_since, heard.filler_at),
        )
        return stages | {
            name: max(0.0, end - start) * 1000 for name, start, end in marks if start is not None and end is not None
        }


class Inbox:
    """What waits for the brain's answer, bounded; the oldest makes way."""

    def __init__(self, limit: int = 16) -> None:
        self._queue: asyncio.Queue[Incoming] = asyncio.Queue(limit)
        self._filled = asyncio.Event()

    def put(self, happening: Happening, utterance: Utterance | None = None) -> None:
        """Add what happened."""
        if self._queue.full():
            log.warning("x happening", dropped=type(self._queue.get_nowait().happening).__name__)
        self._queue.put_nowait(Incoming(happening=happening, utterance=utterance))
        self._filled.set()

    async def get(self) -> Incoming:
        """Take the oldest; wait for one if there is none."""
        incoming = await self._queue.get()
        if self._queue.empty():
            self._filled.clear()
        return incoming

    def clear(self) -> None:
        """Forget what waits, but for the call's having to end."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        self._filled.clear()
        for incoming in waiting:
            if isinstance(incoming.happening, Ending):
                self.put(incoming.happening)

    async def filled(self) -> None:
        """Return when there is something to get."""
        await self._filled.wait()
