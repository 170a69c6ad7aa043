"""One campaign in the store: the only place where its state is kept, so that it survives whoever works on it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import structlog

from callcenter.errors import StoreError
from callcenter.outbound.outcomes import Policy
from callcenter.outbound.pacing import Drop, Postpone
from callcenter.store import campaigns, do_not_call
from callcenter.store.campaigns import Claim
from callcenter.store.contacts import AttemptEnd, Campaign, Conversation, OpenAttempt, Tally, Waiting
from callcenter.store.database import Database
from callcenter.store.statements import Session

log = structlog.get_logger()

LOOK_AHEAD = 1
"""Contacts read at a time: each is decided upon with what is true then."""
RETRY_S = 2.0
LONGEST = timedelta(hours=2)
"""An attempt begun longer ago than this, and not ended, is of a campaign that nobody resumed; it holds no line."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What becomes of the contacts of `campaign`. While PostgreSQL is away, each method waits for it."""

    database: Database
    campaign: Campaign
    policy: Policy

    async def due(self, now: datetime) -> list[Waiting]:
        """Whose turn it is."""
        return await self._insist(lambda session: campaigns.due(session, self.campaign.id, now, LOOK_AHEAD))

    async def paused(self) -> bool:
        """Whether somebody has paused it."""
        found = await self._insist(lambda session: campaigns.find(session, self.campaign.name))
        return bool(found and found.paused)

    async def next_due(self) -> datetime | None:
        """When it is somebody's turn; None when nobody waits."""
        return await self._insist(lambda session: campaigns.next_due(session, self.campaign.id))

    async def last_begun(self) -> datetime | None:
        """When the latest attempt was begun, by whichever process."""
        return await self._insist(lambda session: campaigns.last_begun(session, self.campaign.id))

    async def tally(self) -> Tally:
        """How far the campaign is."""
        return await self._insist(lambda session: campaigns.tally(session, self.campaign.id))

    async def open_attempts(self) -> list[OpenAttempt]:
        """Those whose end was not noted."""
        return await self._insist(lambda session: campaigns.open_attempts(session, self.campaign.id))

    async def conversation(self, channel: str) -> Conversation | None:
        """What the agent has noted of the call on `channel`."""
        return await self._insist(lambda session: campaigns.conversation(session, channel))

    async def barred(self, number: str) -> bool:
        """Whether `number` is on the do-not-call list."""
        return bool(await self._insist(lambda session: do_not_call.among(session, [number])))

    async def begin(self, contact: Waiting, at: datetime, at_once: int) -> OpenAttempt | None:
        """Note that `contact` is called, before they are; None when they may not be at this moment."""
        wish = Claim(attempt=uuid4(), contact=contact.id, at=at, at_once=at_once, longest=LONGEST)
        if await self._insist(lambda session: campaigns.claim(session, wish)):
            return OpenAttempt(id=wish.attempt, contact=contact.id, number=contact.number, begun=at)
        return None

    async def put_aside(self, decision: Postpone | Drop) -> None:
        """Not this contact, not now or not at all."""
        match decision:
            case Postpone(contact=contact, until=until):
                await self._insist(lambda session: campaigns.postpone(session, contact.id, until))
            case Drop(contact=contact, outcome=outcome):
                await self._insist(lambda session: campaigns.drop(session, contact.id, outcome))

    async def end(self, ended: AttemptEnd) -> datetime | None:
        """Note how an attempt ended; when the contact is called again, None if they are not. Harmless if repeated."""
        return await self._insist(lambda session: self._end(session, ended))

    async def _end(self, session: Session, ended: AttemptEnd) -> datetime | None:
        async with session.transaction():
            noted = await campaigns.end(session, ended)
            if noted is None:
                return None
            contact, number = noted
            delay = self.policy.again(await campaigns.outcomes(session, contact))
            due = None if delay is None else ended.at + delay
            if ended.outcome in self.policy.barring:
                await do_not_call.add(session, [number], f"{self.campaign.name}: {ended.outcome}", ended.at)
                due = None
            await campaigns.settle(session, contact, ended.outcome, due)
            return due

    async def _insist(self, work: Callable[[Session], Awaitable[Result]]) -> Result:
        while True:
            try:
                async with self.database.session() as session:
                    return await work(session)
            except StoreError as error:
                log.warning("! store", error=str(error))
            await asyncio.sleep(RETRY_S)
