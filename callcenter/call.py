"""One phone call, from StasisStart to stored record: the only place where the five parties meet."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

import structlog

from callcenter.asterisk.events import Channel
from callcenter.attention import Attention
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Ending,
    Fetch,
    HangUp,
    Happening,
    Misheard,
    Outcome,
    Say,
    Silent,
    Transfer,
    TransferFailed,
    Wait,
)
from callcenter.errors import CallerHungUp, innermost
from callcenter.journal import Journal
from callcenter.media.line import Line
from callcenter.office import Office
from callcenter.signals import Signals
from callcenter.speaker import Speaker
from callcenter.turn import Inbox, Incoming, Turn
from callcenter.usage import heard

log = structlog.get_logger()

LAST_WORDS_S = 20.0
"""A call that is told to end gets this long for its goodbye."""
RING_S = 20.0
"""How long a person has to answer."""
TAIL_S = 0.2
"""What Asterisk and the network still hold when our last frame has been sent."""


class State(Enum):
    """Where a call stands."""

    CONNECTING = "connecting"
    TALKING = "talking"
    LISTENING = "listening"
    RINGING = "ringing a person"
    TRANSFERRED = "transferred"
    ENDING = "ending"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The two sides of the conversation, while there is one."""

    line: Line
    signals: Signals
    """The caller's side: keys, and leaving ..."""
    attention: Attention
    """... and what is said."""
    speaker: Speaker
    """The agent's side."""


class Call:
    """Owns one phone call: its legs, its line, its ear, its brain and its record."""

    def __init__(self, channel: Channel, office: Office, known: Mapping[str, str] | None = None) -> None:
        """`known` is what is known of the other side beforehand, by slot: of somebody whom we have called."""
        self.id = uuid4()
        self.name = self.id.hex[:12]
        """Short, for the log and for what it has in Asterisk."""
        self.channel = channel
        self.state = State.CONNECTING
        self._started = asyncio.get_running_loop().time()
        self._latency_ms: float | None = None
        self._office = office
        self._brain = office.brain(known or {})
        self._meter = office.meter()
        self._meter.follow(lambda: self._brain.spent)
        self._journal = Journal(self.id, channel.caller_number, office.store, office.tell)
        self._inbox = Inbox()
        self._legs = office.legs(channel, self.name)
        self._turns = 0
        self._silences = 0
        self._limit: asyncio.Timeout | None = None

    def report(self) -> dict[str, Any]:
        """The call's line on `callcenter status`."""
        return {
            "id": str(self.id),
            "channel": self.channel.id,
            "caller": self.channel.caller_number,
            "did": self.channel.did,
            "state": self.state.value,
            "seconds": round(self._now() - self._started, 1),
            "at": self._brain.state,
            "lead": self._brain.lead.status,
            "slots": {name: slot.value for name, slot in self._brain.lead.slots.items()},
            "latency_ms": self._latency_ms,
        }

    def end_politely(self) -> None:
        """Have the brain say goodbye and hang up, because the daemon is stopping."""
        self._inbox.put(Ending(reason="shutdown"))

    async def run(self) -> Outcome:
        """The whole call. When it returns or is cancelled, nothing of it is left in Asterisk, and all is recorded."""
        with structlog.contextvars.bound_contextvars(call=self.name):
            self._arrive()
            reason = "shutdown"
            try:
                async with asyncio.timeout(self._office.limits.call_s + LAST_WORDS_S) as self._limit:
                    reason = await self._serve()
            except* CallerHungUp:
                reason = "caller"
            except* TimeoutError:
                reason = "limit"
            except* Exception as group:  # the call's outer edge: no fault of one call reaches another
                reason = f"error: {innermost(group)}"
                log.exception("! call")
            finally:
                outcome = await self._end(reason)
        return outcome

    def _arrive(self) -> None:
        """Record the beginning."""
        log.info("< call", caller=self.channel.caller_number, did=self.channel.did, channel=self.channel.id)
        self._journal.arrived(
            channel=self.channel.id,
            did=self.channel.did,
            flow=self._office.flow,
            variant=self._brain.variant,
            instance=self._office.instance,
        )

    async def _serve(self) -> str:
        """Connect, converse until one side has had enough, and say who ended it."""
        async with self._connected() as talk, asyncio.TaskGroup() as group:
            reflexes = [
                group.create_task(talk.signals.follow_channel()),
                group.create_task(talk.signals.follow_line()),
                group.create_task(talk.signals.follow_legs()),
                group.create_task(talk.attention.listen()),
                group.create_task(talk.speaker.bridge_waits(self._awaited_turn)),
                group.create_task(self._watch_length()),
                group.create_task(self._legs.steady(lambda: talk.line.received.silent)),
            ]
            reason = await self._converse(talk)
            for reflex in reflexes:
                reflex.cancel()
        return reason

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Talk]:
        """The caller's sound, both ways."""
        line = self._office.line(self.channel)
        tape = self._office.tape(self.id, self._now(), line.rate)
        try:
            if tape:
                line.record(tape)
            await self._legs.open(line.wanted, line.connect)
            with closing(self._office.ear(line)) as ear:
                self._meter.follow(lambda: heard(ear.seconds_heard))
                ear.patience = self._office.manners.patience(self._brain.completeness)
                attention = Attention(ear, line.playout, self._inbox, self._journal, self._office.manners)
                speaker = Speaker(self._office, line.playout, attention, self._journal, self._meter)
                signals = Signals(self._legs, line, self._inbox, lambda: self.state is State.ENDING)
                yield Talk(line=line, signals=signals, attention=attention, speaker=speaker)
        finally:
            line.close()
            self._journal.recording = tape.path if tape else None

    async def _converse(self, talk: Talk) -> str:
        """Turn by turn: what happened, what the brain makes of it, until an action ends the call."""
        incoming = Incoming(happening=Answered(caller=self.channel.caller_number))
        while True:
            match await self._take_turn(incoming, talk):
                case HangUp():
                    await self._hang_up()
                    return _why_hung_up(incoming.happening)
                case Transfer(to=person) if await self._transfer(person, talk.line):
                    return "person"
                case Transfer():
                    incoming = Incoming(happening=TransferFailed())
                case Fetch() as fetch:
                    incoming = await self._enquire(fetch, talk.attention)
                case Wait(patience_s=seconds) | Ask(patience_s=seconds):
                    incoming = await self._wait_for_caller(talk.attention, seconds)
                case _:
                    incoming = await self._wait_for_caller(talk.attention)

    async def _take_turn(self, incoming: Incoming, talk: Talk) -> Action:
        """Answer what came in, unless something else comes in first; returns the last action that was carried out."""
        self._enter(State.TALKING)
        turn = Turn(index=self._turns, incoming=incoming, began=self._now())
        self._turns += 1
        talk.attention.begin_answer(turn.waited_for_since)
        try:
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(self._speak(turn, talk))
                interruption = group.create_task(self._inbox.filled())
                await asyncio.wait({speaking, interruption}, return_when=asyncio.FIRST_COMPLETED)
                finished = speaking.done()
                speaking.cancel()
                interruption.cancel()
        finally:
            talk.attention.end_answer()
            self._close_turn(turn, talk.line)
        return speaking.result() if finished else Wait()

    async def _speak(self, turn: Turn, talk: Talk) -> Action:
        """Let the brain decide, and say what it decides while it still does."""
        action: Action = Wait()
        async with aclosing(self._brain.reply(turn.incoming.happening)) as actions:
            async for action in actions:
                turn.thought = turn.thought or self._now()
                self._journal.lead(self._brain.lead)
                match action:
                    case Say(text=text) | Ask(text=text):
                        talk.signals.keys_wanted = action.keys if isinstance(action, Ask) else ""
                        await talk.speaker.say(text, turn)
        await talk.line.played()
        return action

    def _close_turn(self, turn: Turn, line: Line) -> None:
        """Note what the caller got to hear; whatever was still to be said is dropped."""
        played = line.playout.stop()
        self._brain.heard_by_caller(played.text)
        timings = turn.timings(played)
        self._latency_ms = timings.get("total", self._latency_ms)
        self._office.latencies.add(timings, self._now())
        log.info("> said", text=played.meant, heard_by_caller=played.text, total=round(timings.get("total", 0)))
        self._journal.turn(
            turn.index,
            heard=turn.heard,
            said=played.meant,
            heard_by_caller=played.text,
            state=self._brain.state,
            sentiment=self._brain.sentiment if turn.heard else "",
            timings=timings,
            usage=self._meter.turn(),
        )

    async def _wait_for_caller(self, attention: Attention, patience_s: float | None = None) -> Incoming:
        """Wait for the caller, but not for ever."""
        self._enter(State.LISTENING)
        limits = self._office.limits
        while True:
            try:
                async with asyncio.timeout(patience_s or limits.silence_s):
                    incoming = await self._inbox.get()
            except TimeoutError:
                if attention.caller_talks:
                    continue
                self._silences += 1
                return Incoming(happening=Silent(times=self._silences, last=self._silences >= limits.silences))
            self._silences = 0
            return incoming

    async def _enquire(self, fetch: Fetch, attention: Attention) -> Incoming:
        """Ask a service; if it is slow, a filler bridges the wait."""
        attention.begin_answer(self._now())
        try:
            return Incoming(happening=await self._office.enquire(fetch))
        finally:
            attention.end_answer()

    async def _transfer(self, person: str, line: Line) -> bool:
        """Ring a person; True when they have talked to the caller and it is over, False when nobody answered."""
        self._enter(State.RINGING)
        if not await self._legs.ring_person(person, self.channel.caller_number, RING_S):
            self._inbox.clear()  # what the caller said while it rang was not for us
            return False
        self._enter(State.TRANSFERRED)
        if self._limit:
            self._limit.reschedule(None)  # two people may talk for as long as they like
        line.close()
        await self._legs.connect_person()
        await self._legs.hang_up()
        return True

    async def _hang_up(self) -> None:
        self._enter(State.ENDING)
        await asyncio.sleep(TAIL_S)
        await self._legs.hang_up()

    async def _end(self, reason: str) -> Outcome:
        """Record the end, and leave nothing behind."""
        overdue = reason == "limit" and self.state is not State.ENDING
        outcome: Outcome = "transferred" if self.state is State.TRANSFERRED else self._brain.outcome
        self._enter(State.OVER)
        self._journal.lead(self._brain.lead)
        self._journal.ended(outcome, reason, self._meter.total())
        if overdue:
            await self._legs.hang_up()
        await self._legs.close()
        if reason.startswith("error"):
            await self._legs.give_back()
        log.info("= ended", outcome=outcome, reason=reason)
        return outcome

    async def _watch_length(self) -> None:
        await asyncio.sleep(self._office.limits.call_s)
        self._inbox.put(Ending(reason="length"))

    def _awaited_turn(self) -> int | None:
        """The index of the turn that the caller may be waiting for; None while they wait for a person."""
        match self.state:
            case State.TALKING:
                return self._turns - 1
            case State.LISTENING:
                return self._turns
            case _:
                return None

    def _enter(self, state: State) -> None:
        if state is not self.state:
            log.debug("= state", old=self.state.value, new=state.value)
            self.state = state

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _why_hung_up(last: Happening) -> str:
    """Why the agent has hung up, given what it answered with its goodbye."""
    match last:
        case Ending(reason="shutdown"):
            return "shutdown"
        case Silent() | Misheard() | Ending():
            return "limit"
        case _:
            return "agent"
