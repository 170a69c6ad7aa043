"""A caller too many: a kind sentence, and back to the dialplan, which lets them wait, try again or leave."""

import asyncio
from uuid import uuid4

import structlog

from callcenter.admission import Reason
from callcenter.asterisk.events import Channel
from callcenter.call import TAIL_S
from callcenter.dialogue.brain import Outcome
from callcenter.dialogue.sentences import clauses
from callcenter.errors import CallerHungUp, innermost
from callcenter.journal import Journal
from callcenter.media.line import Line
from callcenter.office import Office

log = structlog.get_logger()

GRACE_S = 10.0
"""What a refusal may take, the sentence itself aside."""


class Refusal:
    """Serves one caller who cannot be taken in. It costs a line, and no ear, brain or recogniser."""

    def __init__(self, channel: Channel, office: Office, reason: Reason, sentence: str) -> None:
        """With an empty `sentence` the caller goes back at once, and is not answered."""
        self.id = uuid4()
        self.name = self.id.hex[:12]
        """Short, for the log and for what it has in Asterisk."""
        self.channel = channel
        self.speaks = bool(sentence)
        """Whether the caller hears the sentence."""
        self._office = office
        self._reason = reason
        self._sentence = sentence
        self._journal = Journal(self.id, channel.caller_number, office.store, office.tell)
        self._legs = office.legs(channel, self.name)

    async def run(self) -> Outcome:
        """All of it. When it returns or is cancelled, it is recorded, and the caller is in the dialplan's hands."""
        channel, office = self.channel, self._office
        with structlog.contextvars.bound_contextvars(call=self.name):
            log.info("< call too many", caller=channel.caller_number, did=channel.did, reason=self._reason.value)
            self._journal.arrived(channel=channel.id, did=channel.did, flow=office.flow, instance=office.instance)
            ended_by = "shutdown"
            try:
                if self.speaks:
                    await self._apologise()
                ended_by = self._reason.value
            except* CallerHungUp:
                ended_by = "caller"
            except* TimeoutError:
                ended_by = "limit"
            except* Exception as group:  # the call's outer edge: no fault of one call reaches another
                ended_by = f"error: {innermost(group)}"
                log.exception("! refusal")
            finally:
                await self._end(ended_by)
        return "busy"

    async def _end(self, reason: str) -> None:
        """Record the end, and leave nothing behind."""
        self._journal.ended("busy", reason)
        await self._legs.close()
        if reason != "caller":
            await self._legs.turn_away()
        log.info("= refused", reason=reason)

    async def _apologise(self) -> None:
        """Say the sentence to its end. The caller is not answered before it is there to be played."""
        line = self._office.line(self.channel)
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(GRACE_S) as limit:
                clips = [await self._office.voice.render(text, line.playout.rate) for text in clauses(self._sentence)]
                limit.reschedule(now() + GRACE_S + sum(clip.seconds for clip in clips))
                await self._legs.open(line.wanted, line.connect)
                for clip in clips:
                    line.playout.say(clip)
                self._journal.saying(0, self._sentence)
                await self._legs.while_caller_stays(_heard(line))
        finally:
            line.close()


async def _heard(line: Line) -> None:
    """Return when the caller has heard all."""
    await line.played()
    await asyncio.sleep(TAIL_S)
