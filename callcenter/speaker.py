"""The agent's voice in one call: clause by clause onto the line, and a filler when an answer is long in coming."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from itertools import cycle

import structlog

from callcenter.attention import Attention
from callcenter.dialogue.sentences import clauses
from callcenter.errors import SpeechError
from callcenter.journal import Journal
from callcenter.media.pcm import Clip
from callcenter.media.playout import Playout
from callcenter.office import Office
from callcenter.speech.voice import at_hand, streamed
from callcenter.turn import Turn
from callcenter.usage import Meter, Usage

log = structlog.get_logger()


class Speaker:
    """Speaks on one line with the voice of an office."""

    def __init__(self, office: Office, playout: Playout, attention: Attention, journal: Journal, meter: Meter) -> None:
        self._voice = office.voice
        self._fillers = cycle(office.fillers)
        self._failures_allowed = office.limits.errors - 1
        self._failures = 0
        """In a row."""
        self._playout = playout
        self._attention = attention
        self._journal = journal
        self._meter = meter

    async def say(self, text: str, turn: Turn) -> None:
        """Say `text`, each clause while the next is being made; returns when the last one is queued.

        A clause that no voice can say is left out. Raises SpeechError when too many in a row are.
        """
        for clause in clauses(text):
            try:
                await self._say(clause, turn)
            except SpeechError as error:
                # What else is to be said may still be sayable, from the phrases rendered beforehand if nothing else.
                log.error("! voice", error=str(error), clause=clause)
                self._failures += 1
                if self._failures > self._failures_allowed:
                    raise
            if not self._attention.caller_talks:
                # What comes next in this turn may be long in coming, as who thinks or the voice is slow.
                self._attention.answer_due(asyncio.get_running_loop().time() + self._playout.queued_seconds)

    async def _say(self, clause: str, turn: Turn) -> None:
        begun = False
        async with aclosing(streamed(self._voice, clause, self._playout.rate)) as clips:
            async for clip in clips:
                self._pay(clip)
                if not self._playout.say(clip):
                    log.error("x clause", clause=clause, reason="a minute's worth is waiting already")
                    return
                if not begun:
                    begun = True
                    self._failures = 0
                    turn.voiced = turn.voiced or asyncio.get_running_loop().time()
                    self._journal.saying(turn.index, clause)
                    self._attention.answered()

    async def bridge_waits(self, awaited: Callable[[], int | None]) -> None:
        """Until cancelled: a filler when an answer is long in coming, and another one if it is still not there.

        `awaited` tells the index of the turn that is awaited; None when it is not from the agent.
        """
        filler = next(self._fillers)
        while True:
            await self._attention.kept_waiting()
            seconds = 0.0
            with suppress(SpeechError):  # whatever holds up the answer may be the voice
                clip = await self._at_hand(filler)
                turn = awaited()
                if turn is not None and self._fill(clip):
                    self._journal.saying(turn, filler, filler=True)
                    seconds, filler = clip.seconds, next(self._fillers)
            self._attention.reassured(asyncio.get_running_loop().time() + seconds)

    async def _at_hand(self, filler: str) -> Clip:
        rate = self._playout.rate
        clip = await at_hand(self._voice, filler, rate) or await self._voice.render(filler, rate)
        self._pay(clip)
        return clip

    def _fill(self, clip: Clip) -> bool:
        """Play a filler, unless the answer has come in the meantime."""
        filled = self._attention.caller_waits and self._playout.idle and self._playout.say(clip, filler=True)
        if filled:
            self._playout.resume()
        return filled

    def _pay(self, clip: Clip) -> None:
        self._meter.add(clip.by, Usage(characters_spoken=clip.characters_paid))
