"""One call to one contact, from the dialling to what came of it."""

import asyncio
from datetime import UTC, datetime

import structlog

from callcenter.asterisk.events import ChannelDestroyed, StasisStart
from callcenter.asterisk.switchboard import Mailbox
from callcenter.errors import AriError, AsteriskError
from callcenter.outbound import outcomes
from callcenter.outbound.ledger import Ledger
from callcenter.outbound.trunk import Trunk, channel_of
from callcenter.store.contacts import AttemptEnd, Conversation, OpenAttempt

log = structlog.get_logger()

LOOK_S = 0.25

_MAY_BE_TRUNK = {outcomes.NO_ANSWER, outcomes.CONGESTION, outcomes.FAILED}
"""A far end that says nothing at all rings until the time is over."""


class Attempt:
    """Follows one call. When `run` is cancelled the call goes on without us, and stays open in the ledger."""

    def __init__(self, attempt: OpenAttempt, trunk: Trunk, ledger: Ledger) -> None:
        self.noted = attempt
        self.answered = False
        self._trunk = trunk
        self._ledger = ledger
        self._channel = channel_of(attempt.id)
        self._stopped = False
        self._unserved = False
        self._machine: str | None = None
        """What came of it, once a machine has answered."""

    async def run(self, data: dict[str, str]) -> AttemptEnd:
        """Place the call and follow it to its end; `data` is what the agent knows of the contact."""
        if await self._ledger.barred(self.noted.number):
            return self._ended(outcomes.DO_NOT_CALL)
        mailbox = self._trunk.mailbox(self._channel)
        try:
            await self._trunk.place(self.noted.id, self.noted.number, data)
        except AriError as error:
            log.warning("! not placed", number=self.noted.number, error=str(error))
            mailbox.close()
            self._trunk.forget(self.noted.id)
            return self._ended(await self._to_blame(outcomes.FAILED))
        except AsteriskError as error:
            # It may ring all the same: Asterisk will say that it has ended, or be found not to have it.
            log.warning("! placed?", number=self.noted.number, error=str(error))
        return await self._follow(mailbox)

    async def resume(self) -> AttemptEnd:
        """Find out what became of a call that a process before this one has placed, and follow it if it goes on.

        Raises AsteriskError when Asterisk does not say whether it is there.
        """
        mailbox = self._trunk.mailbox(self._channel)
        channel = (await self._trunk.channels()).get(self._channel)
        if channel is None:
            mailbox.close()
            return self._concluded(await self._conversation(), outcomes.LOST)
        self.answered = channel.state == "Up"
        self._trunk.take_over(channel)
        if self._trunk.holds(channel):
            await self._trunk.go_on(self._channel)
        return await self._follow(mailbox)

    async def stop(self) -> None:
        """Hang up, unless they have answered."""
        if not self.answered:
            self._stopped = True
            await self._trunk.hang_up(self._channel)

    async def _follow(self, mailbox: Mailbox) -> AttemptEnd:
        try:
            while True:
                match await mailbox.next():
                    case StasisStart(args=(("answered" | "machine" | "unserved") as stage, *_)):
                        await self._reach(stage)
                    case ChannelDestroyed(cause=cause, sip=sip):
                        return await self._conclude(cause, sip)
        finally:
            mailbox.close()
            self._trunk.forget(self.noted.id)

    async def _reach(self, stage: str) -> None:
        """The dialplan has come to `stage` and waits for us."""
        self.answered = True
        log.info("< call", number=self.noted.number, stage=stage)
        if stage == "answered":
            await self._trunk.go_on(self._channel)
            return
        if stage == "machine":
            self._machine = outcomes.MACHINE
            if await self._trunk.tell_machine(self.noted.id):
                self._machine = outcomes.MESSAGE
        else:
            self._unserved = True
        await self._trunk.hang_up(self._channel)

    async def _conclude(self, cause: int, sip: int) -> AttemptEnd:
        if self._machine:
            return self._ended(self._machine, cause)
        if self._unserved:
            return self._ended(outcomes.ABANDONED, cause)
        if self.answered:
            return self._concluded(await self._conversation(), outcomes.HUNG_UP, cause)
        if self._stopped:
            return self._ended(outcomes.STOPPED, cause)
        rang_s = (datetime.now(UTC) - self.noted.begun).total_seconds()
        came_to = outcomes.unanswered(cause, sip, rang_s, self._trunk.dialling.ring_s)
        return self._ended(await self._to_blame(came_to), cause)

    async def _to_blame(self, outcome: str) -> str:
        """`outcome`, unless it may be what a trunk that is down looks like, and it is down."""
        return outcomes.TRUNK if outcome in _MAY_BE_TRUNK and await self._trunk.trouble() else outcome

    def _concluded(self, had: Conversation | None, otherwise: str, cause: int | None = None) -> AttemptEnd:
        """By what the agent has noted; that it was killed before the end is an end too."""
        if had is None:
            return self._ended(otherwise, cause)
        return AttemptEnd(
            attempt=self.noted.id,
            outcome=had.outcome or outcomes.HUNG_UP,
            at=datetime.now(UTC),
            cause=cause,
            call=had.call,
        )

    def _ended(self, outcome: str, cause: int | None = None) -> AttemptEnd:
        return AttemptEnd(attempt=self.noted.id, outcome=outcome, at=datetime.now(UTC), cause=cause)

    async def _conversation(self) -> Conversation | None:
        """What the agent has noted of the call, once it has had time to."""
        deadline = asyncio.get_running_loop().time() + self._trunk.dialling.noted_s
        while True:
            had = await self._ledger.conversation(self._channel)
            if (had and had.ended) or asyncio.get_running_loop().time() >= deadline:
                return had
            await asyncio.sleep(LOOK_S)
