"""The reflexes of a call: be silent while the caller talks, go on if it was only a noise, pass on what was said."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from callcenter.dialogue.brain import Misheard, Said
from callcenter.journal import Journal
from callcenter.media.playout import Playout
from callcenter.speech.ear import Ear, HearingFailed, SpeechStarted, Utterance
from callcenter.turn import Inbox

log = structlog.get_logger()

WORD_S = 0.3
"""A sound as long as a word that was not understood is asked about, unless it broke into what we said."""
LONG_PAUSE_S = 1.5
"""After a longer interruption by a mere noise the clause is said again from its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How to listen."""

    is_backchannel: Callable[[str], bool]
    """Whether a text only shows that the caller listens."""
    pause_ms: int
    long_pause_ms: int
    """What ends an utterance, as in the settings of the same names."""
    errors: int
    """Failures of the recogniser in a row, after which the call ends."""


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
        self._asked = False

    def expect(self, *, unhurried: bool) -> None:
        """Be patient, or not, with pauses in the next answer."""
        self._ear.pause_ms = self._manners.long_pause_ms if unhurried else self._manners.pause_ms

    def give_way(self) -> None:
        """Let the agent talk, unless the caller does."""
        if not self.caller_talks:
            self._playout.resume()

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            event = await self._ear.next()
            self.caller_talks = isinstance(event, SpeechStarted)
            match event:
                case SpeechStarted():
                    self._playout.pause()
                case HearingFailed(reason=reason):
                    self._failures += 1
                    log.error("! ear", reason=reason)
                    self._inbox.put(Misheard(last=self._failures >= self._manners.errors))
                case Utterance() as utterance:
                    self._failures = 0
                    self._heard(utterance)

    def _heard(self, utterance: Utterance) -> None:
        log.info("< said", text=utterance.text, confidence=round(utterance.confidence, 2))
        self._journal.heard(utterance.text, utterance.confidence)
        interrupted = not self._playout.idle
        if utterance.text and not (interrupted and self._manners.is_backchannel(utterance.text)):
            self._asked = False
            said = Said(text=utterance.text, confidence=utterance.confidence, interrupted=interrupted)
            self._inbox.put(said, utterance)
        elif interrupted:
            paused = asyncio.get_running_loop().time() - utterance.started
            self._playout.resume(rewind=paused > LONG_PAUSE_S)
        else:
            self._playout.resume()
            self._ask_about(utterance)

    def _ask_about(self, utterance: Utterance) -> None:
        """Perhaps it was a word after all: ask, but do not ask a noise again and again."""
        if not self._asked and utterance.ended - utterance.started >= WORD_S:
            self._asked = True
            self._inbox.put(Misheard())
