"""Works through a campaign: the contact whose turn it is, at its pace, until nobody waits or it is told to stop."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from callcenter.errors import AsteriskError
from callcenter.outbound.attempt import Attempt
from callcenter.outbound.hours import Hours
from callcenter.outbound.ledger import Ledger
from callcenter.outbound.news import News
from callcenter.outbound.outcomes import NOT_CARRIED
from callcenter.outbound.pacing import Decision, Dial, Drop, Pace, Postpone, Rest, Strain, Traffic, decide
from callcenter.outbound.trunk import Trunk
from callcenter.store.contacts import AttemptEnd, OpenAttempt, Tally, Waiting

log = structlog.get_logger()

LOOK_S = 2.0
"""The ledger is looked at this often: numbers are barred, and other campaigns end their calls, without telling us."""
CONNECT_S = 5.0
READY_S = 1.0
"""How long it is believed that an agent is there and the trunk is up."""
ASIDE = timedelta(seconds=5)
"""A contact who may not be called now, because of other campaigns, is looked at again after this."""
LEAVE_S = 10.0
"""How long the calls that we hang up on stopping may take to end."""


Tell: TypeAlias = Callable[[News], None]


class Dialler:
    """One campaign at work."""

    def __init__(self, trunk: Trunk, ledger: Ledger, pace: Pace, hours: Hours, tell: Tell) -> None:
        self._trunk = trunk
        self._ledger = ledger
        self._pace = pace
        self._hours = hours
        self._tell = tell
        self._attempts: dict[Attempt, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._strain = Strain()
        self._ready_at = 0.0
        self._lacking = ""

    async def run(self, stop: asyncio.Event) -> Tally:
        """Call everybody. On `stop`, calls that ring are ended, and those with an agent go on without us."""
        await self._connect(stop)
        async with asyncio.TaskGroup() as group:
            for attempt in await self._ledger.open_attempts():
                self._resume(attempt, group)
            while not stop.is_set() and (await self._ledger.next_due() or self._attempts):
                self._ended.clear()
                await self._act(await self._decide(), group, stop)
            await self._leave()
        return await self._ledger.tally()

    async def _connect(self, stop: asyncio.Event) -> None:
        """Wait for Asterisk, and say so if it takes long."""
        connected, said = self._trunk.connected, False
        while not (connected.is_set() or stop.is_set()):
            await _first_of(connected, stop, seconds=CONNECT_S)
            if not said and not connected.is_set():
                self._tell_of("", "waiting for Asterisk: see `callcenter doctor`")
                said = True

    async def _decide(self) -> Decision:
        now = datetime.now(UTC)
        begun = await self._ledger.last_begun()
        traffic = Traffic(in_progress=len(self._attempts), last_begun=begun, strain=self._strain)
        return decide(now, await self._ledger.due(now), traffic, self._pace, self._hours)

    async def _act(self, decision: Decision, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        match decision:
            case Dial(contact=contact) if await self._is_ready():
                await self._dial(contact, group)
            case Dial():
                await self._rest(None, stop)
            case Drop(contact=contact, outcome=outcome):
                await self._ledger.put_aside(decision)
                self._tell_of(contact.number, outcome)
            case Postpone(contact=contact, until=until):
                await self._ledger.put_aside(decision)
                self._tell_of(contact.number, "waiting", until)
            case Rest(until=until):
                await self._rest(until, stop)

    async def _dial(self, contact: Waiting, group: asyncio.TaskGroup) -> None:
        """Note the attempt, and only then dial: whenever we die, nobody is rung twice for it."""
        now = datetime.now(UTC)
        noted = await self._ledger.begin(contact, now, self._pace.at_once)
        if noted is None:
            await self._ledger.put_aside(Postpone(contact=contact, until=now + ASIDE))
            return
        self._tell_of(contact.number, "dialling")
        attempt = Attempt(noted, self._trunk, self._ledger)
        self._attempts[attempt] = group.create_task(self._see_through(attempt, contact.data))

    def _resume(self, noted: OpenAttempt, group: asyncio.TaskGroup) -> None:
        attempt = Attempt(noted, self._trunk, self._ledger)
        self._attempts[attempt] = group.create_task(self._find_out(attempt))

    async def _see_through(self, attempt: Attempt, data: dict[str, str]) -> None:
        await self._note(attempt, await attempt.run(data))

    async def _find_out(self, attempt: Attempt) -> None:
        while True:
            try:
                await self._note(attempt, await attempt.resume())
                return
            except AsteriskError as error:
                log.warning("! asterisk", reason=str(error))
                await asyncio.sleep(LOOK_S)

    async def _note(self, attempt: Attempt, ended: AttemptEnd) -> None:
        again = await self._ledger.end(ended)
        del self._attempts[attempt]
        self._ended.set()
        self._tell_of(attempt.noted.number, ended.outcome, again)
        self._strain = self._strain.after(ended.outcome, datetime.now(UTC))
        if self._strain.until and ended.outcome in NOT_CARRIED:
            failures, until = self._strain.failures, f"{self._strain.until.astimezone():%H:%M:%S}"
            self._tell_of("", f"the trunk has not carried {failures} calls in a row: the next one at {until}")

    async def _is_ready(self) -> bool:
        """Nobody is rung for whom no agent is there, and no contact is used up on a trunk that is down."""
        now = asyncio.get_running_loop().time()
        if now < self._ready_at + READY_S:
            return True
        lacking = await self._lack()
        if not lacking:
            self._ready_at = now
        elif lacking != self._lacking:
            self._tell_of("", lacking)
        self._lacking = lacking
        return not lacking

    async def _lack(self) -> str:
        if await self._ledger.paused():
            return "paused: `callcenter campaigns resume` lets it go on"
        if trouble := await self._trunk.trouble():
            return f"waiting for the trunk: {trouble}"
        if not await self._trunk.agent_is_there():
            return "waiting for an agent with room: see `callcenter status`"
        return ""

    async def _rest(self, until: datetime | None, stop: asyncio.Event) -> None:
        """Wait until then, or until a call ends, or it is to stop; not longer than it takes for others to change."""
        seconds = (until - datetime.now(UTC)).total_seconds() if until else LOOK_S
        await _first_of(self._ended, stop, seconds=max(0.0, min(seconds, LOOK_S)))

    async def _leave(self) -> None:
        """Take leave of the calls that go on; there are none when everybody was called."""
        for attempt, task in list(self._attempts.items()):
            if attempt.answered:
                task.cancel()
            else:
                await attempt.stop()
        if self._attempts:
            _, late = await asyncio.wait(self._attempts.values(), timeout=LEAVE_S)
            for task in late:
                task.cancel()

    def _tell_of(self, number: str, what: str, again: datetime | None = None) -> None:
        news = News(at=datetime.now(UTC), number=number, what=what, again=again)
        log.info("= contact", number=number, what=what, again=again and again.isoformat())
        self._tell(news)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    """Wait for one of `events`, but not longer than `seconds`."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
