"""The way out: calls placed through Asterisk, and what Asterisk says becomes of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from callcenter import control
from callcenter.asterisk.events import ApplicationReplaced, Channel, ChannelDestroyed
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.asterisk.originate import Placement
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.sweep import missing, sweep
from callcenter.asterisk.switchboard import Mailbox, Switchboard
from callcenter.errors import AsteriskError, ConfigurationError, MissingPartError
from callcenter.outbound import passing
from callcenter.outbound.endpoint import TrunkAri
from callcenter.outbound.message import Message

log = structlog.get_logger()

LOOK_S = 10.0
"""How often it is looked whether calls are still there whose end we may have missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """How calls are placed."""

    endpoint: str
    """With {number} or {digits} in it."""
    caller: str
    ring_s: float
    agent: str
    """The application that talks."""
    flow: str
    listen: bool
    """Find out whether a machine has answered."""
    message: Message | None
    """What machines are told; None: they are hung up on."""
    instance: str
    """Tells what we make in Asterisk from what others do. No `-` in it."""
    control: Path
    """The socket of the daemon that talks, if it is on this machine."""
    noted_s: float = 10.0
    """The agent has noted a conversation this long after its end, unless it was killed or PostgreSQL is away."""


class Trunk:
    """Places calls and follows them. `run` must run as long as any method is used."""

    def __init__(self, dialling: Dialling, ari: TrunkAri, stream: EventStream) -> None:
        self.connected = asyncio.Event()
        """Set while nothing that happens to our calls can be missed."""
        self.dialling = dialling
        self._ari = ari
        self._stream = stream
        self._calls = Switchboard()
        self._message_legs = Switchboard()
        self._placed: set[str] = set()
        self._speaking: set[str] = set()

    async def run(self) -> None:
        """Follow Asterisk for ever. Raises ConfigurationError when another process takes our application."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_regularly())
            async for event in self._stream:
                match event:
                    case Connected(first=first):
                        await self._begin_again(first=first)
                    case Disconnected(reason=reason):
                        self.connected.clear()
                        log.warning("! asterisk", reason=reason)
                    case ApplicationReplaced():
                        raise ConfigurationError("another process runs this campaign and gets its events")
                    case _:
                        self._message_legs.route(event)
                        self._calls.route(event)

    async def agent_is_there(self) -> bool:
        """Whether somebody would talk to those who answer, and has room for one more call."""
        try:
            there = self.connected.is_set() and await self._ari.is_served(self.dialling.agent)
        except AsteriskError as error:
            log.warning("! asterisk", reason=str(error))
            return False
        return there and await self._has_room()

    async def trouble(self) -> str:
        """Why it carries no calls, as far as Asterisk knows; empty when it may."""
        try:
            return await self._ari.trouble(self.dialling.endpoint)
        except AsteriskError as error:
            return str(error)

    def mailbox(self, channel: str) -> Mailbox:
        """What happens to a call, from before it is placed on."""
        return self._calls.open(channel)

    async def channels(self) -> dict[str, Channel]:
        """All there are, by id. Raises AsteriskError."""
        return {channel.id: channel for channel in await self._ari.channels()}

    async def place(self, attempt: UUID, number: str, data: Mapping[str, str]) -> None:
        """Have `number` rung. Raises AriError when Asterisk refuses, AsteriskError when it is not known to have it."""
        dialling, channel = self.dialling, channel_of(attempt)
        agent = f"{dialling.agent},{passing.arguments(dialling.flow, attempt, data)}"
        call = Placement(
            channel=channel,
            endpoint=dialling.endpoint.format(number=number, digits=number.removeprefix("+")),
            caller=dialling.caller,
            ring_s=dialling.ring_s,
            variables={
                "CALLCENTER_DIALLER": self._ari.app,
                "CALLCENTER_LISTEN": "yes" if dialling.listen else "no",
                "CALLCENTER_AGENT": agent,
                "CALLCENTER_NUMBER": number,
            },
        )
        try:
            await self._ari.place(call)
        finally:
            self._placed.add(channel)

    def take_over(self, channel: Channel) -> None:
        """Follow a call that a process before this one has placed."""
        self._placed.add(channel.id)

    def holds(self, channel: Channel) -> bool:
        """Whether it waits for us to say how it goes on."""
        return channel.application == self._ari.app

    async def go_on(self, channel: str) -> None:
        """Let the dialplan go on with a call that we hold. Never raises for what Asterisk answers."""
        try:
            await self._ari.continue_in_dialplan(channel)
        except AsteriskError as error:
            log.warning("! call not continued", channel=channel, error=str(error))
            await self.hang_up(channel)

    async def hang_up(self, channel: str) -> None:
        """End a call. Never raises for what Asterisk answers."""
        try:
            await self._ari.hang_up(channel)
        except AsteriskError as error:
            log.warning("! call not hung up", channel=channel, error=str(error))

    async def tell_machine(self, attempt: UUID) -> bool:
        """Whether the machine that we hold has our message."""
        channel, message = channel_of(attempt), self.dialling.message
        if message is None:
            return False
        names = Names(instance=self.dialling.instance, call=attempt.hex[:12])
        self._speaking.add(channel)
        try:
            return await message.leave(Legs(self._ari, self._message_legs.open(channel), channel, names))
        finally:
            self._speaking.discard(channel)

    def forget(self, attempt: UUID) -> None:
        """The call is over."""
        self._placed.discard(channel_of(attempt))

    async def _has_room(self) -> bool:
        """What a daemon on this machine says; one that is elsewhere is not asked."""
        try:
            report = await control.status(self.dialling.control)
            return not report["draining"] and report["admission"]["state"] == "open"
        except (MissingPartError, OSError, ValueError):
            return True

    async def _begin_again(self, *, first: bool) -> None:
        try:
            await self._ari.hear_everything()
            if first:
                await sweep(self._ari, self.dialling.instance, ())
            await self._look()
        except AsteriskError as error:
            log.warning("! asterisk", reason=str(error))
            await self._stream.reopen()
        else:
            self.connected.set()

    async def _look_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look()
            except AsteriskError as error:
                log.warning("! asterisk", reason=str(error))

    async def _look(self) -> None:
        """Make up for events that were missed: calls that have ended, and those that wait for us."""
        placed = set(self._placed)
        for gone in await missing(self._ari, placed):
            self._calls.route(ChannelDestroyed(channel_id=gone, cause=0))
        if not self.connected.is_set():
            held = [channel for channel in await self._ari.channels() if channel.id in placed and self.holds(channel)]
            for channel in held:
                if channel.id not in self._speaking:
                    await self.go_on(channel.id)


def channel_of(attempt: UUID) -> str:
    """The id of its channel. It must not begin like those that a daemon makes and sweeps away."""
    return f"out-{attempt.hex}"
