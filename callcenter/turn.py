"""What comes in for the brain to answer, and the turn that answering it makes."""

import asyncio
from dataclasses import dataclass, field

import structlog

from callcenter.dialogue.brain import Happening, Keyed, Said
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
    said: list[str] = field(default_factory=list)
    thought: float | None = None
    voiced: float | None = None

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

    def timings(self, first_sound: float | None) -> dict[str, float]:
        """Milliseconds by stage; `total` is from the end of the caller's speech to the first sound of the answer."""
        utterance = self.incoming.utterance
        stages = dict(utterance.timings) if utterance else {}
        marks = (("think", self.began, self.thought), ("voice", self.thought, self.voiced))
        stages |= {name: (end - start) * 1000 for name, start, end in marks if start is not None and end is not None}
        if first_sound is not None and self.voiced is not None:
            stages["wire"] = max(0.0, first_sound - self.voiced) * 1000
        if first_sound is not None:
            stages["total"] = (first_sound - (utterance.ended if utterance else self.began)) * 1000
        return stages


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
        """Forget what waits."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._filled.clear()

    async def filled(self) -> None:
        """Return when there is something to get."""
        await self._filled.wait()
