"""The reflexes of a call: be silent while the caller talks, go on if it was only a noise, pass on what was said."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from callcenter.dialogue.brain import Completeness, Misheard, Said
from callcenter.journal import Journal
from callcenter.media.playout import Playout
from callcenter.speech.ear import Ear, HearingFailed, Patience, SpeechPaused, SpeechResumed, SpeechStarted, Utterance
from callcenter.turn import Inbox

log = structlog.get_logger()

WORD_S = 0.2
"""A sound as long as a word that was not understood is asked about, unless it broke into what we said."""
MOST_ASKED = 2
"""Such sounds in a row that are asked about; who says a short word again is asked once more, a noise is left alone."""
DEAF = 2
"""Failures of all recognisers in a row, from which on nobody is taken to hear the caller."""
LONG_PAUSE_S = 1.5
"""After a longer interruption by a mere noise the clause is said again from its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How to listen."""

    is_backchannel: Callable[[str], bool]
    """Whether a text only shows that the caller listens."""
    pause_ms: int
    short_pause_ms: int
    long_pause_ms: int
    """What ends an utterance, as in the settings of the same names."""
    filler_ms: int
    """So long a wait for an answer is bridged by a filler."""

    def patience(self, completeness: Callable[[str], Completeness]) -> Patience:
        """How long to wait for more words, given `completeness` of those so far."""
        pauses = {
            Completeness.COMPLETE: self.short_pause_ms,
            Completeness.OPEN: self.pause_ms,
            Completeness.UNFINISHED: self.long_pause_ms,
        }

        def pause_ms(words: str | None) -> int:
            if words is None:
                return self.pause_ms
            return pauses[completeness(words)] if words else 0  # a noise is over when it is

        return pause_ms


class Attention:
    """Follows one ear, and holds the playout while the caller talks."""

    def __init__(self, ear: Ear, playout: Playout, inbox: Inbox, journal: Journal, manners: Manners) -> None:
        self.caller_talks = False
        self._ear = ear
        self._playout = playout
        self._inbox = inbox
        self._journal = journal
        self._manners = manners
        self._failures = 0
        self._asked = 0
        self._answering = False
        self._interrupting = False
        self._waits_since = 0.0
        self._waits = asyncio.Event()

    @property
    def caller_waits(self) -> bool:
        """For an answer."""
        return self._waits.is_set()

    def begin_answer(self, since: float) -> None:
        """The agent is to answer what was asked at loop time `since`, and may talk unless the caller does."""
        self._answering = True
        self.answer_due(since)
        if self.caller_talks:
            self._playout.pause()
        else:
            self._playout.resume()

    def end_answer(self) -> None:
        """The agent has said all that it had to say, or was cut short."""
        self._answering = False
        self.answered()

    def answer_due(self, since: float) -> None:
        """The caller waits for an answer since loop time `since`, if not longer."""
        if not self._waits.is_set():
            self._waits_since = since
            self._waits.set()

    def answered(self) -> None:
        """The caller need not wait any more."""
        self._waits.clear()

    def reassured(self, until: float) -> None:
        """The caller has been told to wait, in words that end at loop time `until`: the wait begins anew there."""
        self._waits_since = until

    async def kept_waiting(self) -> None:
        """Return when the caller has waited for an answer for too long."""
        while True:
            await self._waits.wait()
            left = self._waits_since + self._manners.filler_ms / 1000 - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            match await self._ear.next():
                case SpeechStarted():
                    self.caller_talks = True
                    self._interrupting = self._answering or not self._playout.idle
                    self._playout.pause()
                    self.answered()
                case SpeechPaused(at=at):
                    self.answer_due(at)
                case SpeechResumed():
                    self._playout.pause()
                    self.answered()
                case HearingFailed(reason=reason):
                    self.caller_talks = False
                    log.error("! ear", reason=reason)
                    self._failed()
                case Utterance() as utterance:
                    self.caller_talks = False
                    self._heard(utterance)

    @property
    def _deaf(self) -> bool:
        return self._failures >= DEAF

    def _failed(self) -> None:
        """Say so; but who talks while the keys are told is told the rest: it is all that can be done for them."""
        told = self._deaf and self._interrupting and self._answering and not self._playout.idle
        self._failures += 1
        if told:
            self.answered()
            self._playout.resume(rewind=True)
        else:
            self._inbox.put(Misheard(deaf=self._deaf))

    def _heard(self, utterance: Utterance) -> None:
        if utterance.text:
            self._failures = 0  # a noise may not have been given to any recogniser
            log.info("< said", text=utterance.text, confidence=round(utterance.confidence, 2))
            self._journal.heard(utterance.text, utterance.confidence)
        else:
            lasted = round(utterance.ended - utterance.started, 2)
            log.info("x no words", seconds=lasted, confidence=round(utterance.confidence, 2))
        interrupted = self._interrupting
        if utterance.text and not (interrupted and self._manners.is_backchannel(utterance.text)):
            self._asked = 0
            said = Said(text=utterance.text, confidence=utterance.confidence, interrupted=interrupted)
            self._inbox.put(said, utterance)
            return
        self.answered()
        if interrupted:
            paused = asyncio.get_running_loop().time() - utterance.started
            self._playout.resume(rewind=paused > LONG_PAUSE_S)
            if self._answering and self._playout.idle:
                self.answer_due(asyncio.get_running_loop().time())
        else:
            self._playout.resume()
            self._ask_about(utterance)

    def _ask_about(self, utterance: Utterance) -> None:
        """Perhaps it was a word after all: ask, but do not ask a noise again and again."""
        if self._asked < MOST_ASKED and utterance.ended - utterance.started >= WORD_S:
            self._asked += 1
            self._inbox.put(Misheard(deaf=self._deaf))
