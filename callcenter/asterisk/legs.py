"""The channels and the bridge of one call: made before it is answered, gone when it ends.

The caller's own channel stays out of the bridge; a snoop on it stands in, so that the caller can be connected to a
person, or sent on in the dialplan, at any time:

    caller <- silence generator
      |
    snoop  --  bridge  --  media  <- RTP, AudioSocket or WebSocket -> us
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Literal, TypeVar

import structlog

from callcenter.asterisk import jitter_buffer
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import ChannelEvent
from callcenter.asterisk.names import Names
from callcenter.asterisk.switchboard import Mailbox
from callcenter.errors import AsteriskError, CallerHungUp, LegError

log = structlog.get_logger()

ENTER_S = 5.0
"""A channel that we made has its StasisStart within this, or never."""

CLOSE_S = 4.0
"""`Legs.close` gives up after this; what is left is for the sweep."""

LOOK_AGAIN_S = 0.2
RING_GRACE_S = 2.0

Result = TypeVar("Result")
Wanted = Mapping[str, str]
"""What Asterisk is asked for, by the names of ARI's `POST /channels/externalMedia`."""
Connect = Callable[[Mapping[str, str]], Awaitable[None]]
"""Called with the channel variables of what Asterisk has made; returns when sound can flow."""


class Legs:
    """Makes and removes what a call needs in Asterisk, for the caller's channel `caller`."""

    def __init__(self, ari: Ari, mailbox: Mailbox, caller: str, names: Names) -> None:
        self._ari = ari
        self._mailbox = mailbox
        self._caller = caller
        self._names = names
        self._made: set[str] = set()
        """Channels and the bridge that may exist in Asterisk."""
        self._cut_off: set[str] = set()
        """Those of them whose creation was given up before Asterisk had answered."""
        self._sound = {names.snoop, names.media}
        """Channels without which nothing is heard."""
        self._attempts = 0
        mailbox.add(names.snoop)
        mailbox.add(names.media)

    async def open(self, wanted: Wanted, connect: Connect) -> None:
        """Make all legs, answer, and have the caller's sound go both ways.

        The call is answered when all legs are there: a caller whom we cannot serve is not charged. The bridge comes
        last: frames that came before the silence that carries them would wait in the snoop, and all later ones behind
        them. Raises CallerHungUp as soon as the caller leaves, LegError when Asterisk refuses or does not answer.
        """
        await self.while_caller_stays(self._open(wanted, connect))

    async def while_caller_stays(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What `work` comes to. Raises CallerHungUp as soon as the caller leaves, LegError when Asterisk refuses."""
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._caller_leaves())
                result = await group.create_task(work)
                watch.cancel()
        except ExceptionGroup as failures:
            raise await self._foremost(failures) from None
        return result

    async def steady(self, silent: Callable[[], bool]) -> None:
        """Give the caller a jitter buffer if the line needs one. Never raises for what Asterisk answers.

        `silent` tells whether what came from the caller last was digital silence.
        """
        await jitter_buffer.keep(self._ari, self._caller, silent)

    async def broken(self) -> str:
        """Return once a channel that the sound goes through is gone, not by us; which. The caller may have left.

        Of RTP nothing else tells that it has ended.
        """
        await self._mailbox.until(lambda: any(map(self._mailbox.left, self._sound)))
        return f"Asterisk has ended {', '.join(sorted(filter(self._mailbox.left, self._sound)))}"

    async def next(self) -> ChannelEvent:
        """The next thing that happens to the caller's own channel, since the call arrived. For one reader."""
        while True:
            event = await self._mailbox.next()
            if event.channel_id == self._caller:
                return event

    async def ring_person(self, endpoint: str, caller: str, timeout: float) -> bool:
        """Call `endpoint`, showing it `caller`; whether it answered within `timeout` seconds. The call goes on.

        Raises CallerHungUp as soon as the caller leaves.
        """
        self._attempts += 1
        self._mailbox.add(self._person)
        if await self.while_caller_stays(self._ring(endpoint, caller, timeout)):
            return True
        await self._remove(self._person)
        return False

    async def connect_person(self) -> None:
        """Let the caller and the person who answered talk, without us, until one of them leaves.

        Raises LegError when Asterisk refuses.
        """
        try:
            await self._free_caller()
            await self._ari.add_to_bridge(self._names.bridge, self._caller, self._person)
        except AsteriskError as error:
            if not (await self._gone(self._caller) or await self._gone(self._person)):
                raise LegError(f"the caller and the person could not be connected: {error}") from error
        else:
            log.info("= person connected", channel=self._caller, person=self._person)
            await self._mailbox.until(lambda: any(map(self._mailbox.left, (self._caller, self._person))))
        await self._remove(self._person)

    async def hang_up(self) -> None:
        """Hang up on the caller. Never raises for what Asterisk answers."""
        try:
            await self._ari.hang_up(self._caller)
        except AsteriskError as error:
            log.warning("! caller not hung up", channel=self._caller, error=str(error))

    async def give_back(self) -> None:
        """Let the dialplan look after a caller whom we cannot serve.

        A caller whom it cannot have is hung up, rather than left alone. Never raises for what Asterisk answers.
        """
        await self._decline("declined")

    async def turn_away(self) -> None:
        """The same for a caller for whom there is no room now, which the dialplan is told."""
        await self._decline("busy")

    async def close(self) -> None:
        """Remove everything that was made here. May be called twice; never raises for what Asterisk answers."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._remove_all(*self._made)
        except TimeoutError:
            log.warning("! legs not removed in time", channel=self._caller, left=sorted(self._made))
        finally:
            self._mailbox.close()

    async def caller_is_gone(self) -> bool:
        """Whether the caller is known to have left. Never raises for what Asterisk answers."""
        return await self._gone(self._caller)

    @property
    def _person(self) -> str:
        return self._names.person(self._attempts)

    async def _decline(self, why: Literal["declined", "busy"]) -> None:
        try:
            await self._ari.decline(self._caller, why)
        except AsteriskError as error:
            log.warning("! caller not given back", channel=self._caller, error=str(error))
            await self.hang_up()

    async def _open(self, wanted: Wanted, connect: Connect) -> None:
        ari, names = self._ari, self._names
        async with asyncio.TaskGroup() as group:
            group.create_task(self._make_media(wanted, connect))
            group.create_task(self._make(names.snoop, ari.snoop(self._caller, names.snoop)))
            group.create_task(self._make(names.bridge, ari.create_bridge(names.bridge)))
        await self._entered(names.snoop)
        await self._entered(names.media)
        await ari.answer(self._caller)
        await ari.start_silence(self._caller)
        await ari.add_to_bridge(names.bridge, names.snoop, names.media)
        log.info("= legs open", channel=self._caller, transport=wanted.get("transport", "udp"), format=wanted["format"])

    async def _make_media(self, wanted: Wanted, connect: Connect) -> None:
        media = self._names.media
        await connect(await self._make(media, self._ari.external_media(media, wanted)))

    async def _free_caller(self) -> None:
        """Take away what stands between the caller and a person; the bridge is left."""
        self._sound.clear()
        await self._ari.stop_silence(self._caller)
        await self._remove_all(self._names.snoop, self._names.media)

    async def _ring(self, endpoint: str, caller: str, timeout: float) -> bool:
        person = self._person
        try:
            await self._make(person, self._ari.originate(endpoint, person, caller=caller, timeout=timeout))
            async with asyncio.timeout(timeout + RING_GRACE_S):
                await self._mailbox.until(lambda: self._mailbox.entered(person) or self._mailbox.left(person))
        except AsteriskError as error:
            # An endpoint that is not registered is a 500.
            log.warning("! person cannot be rung", endpoint=endpoint, error=str(error))
            return False
        except TimeoutError:
            return False
        return not self._mailbox.left(person)

    async def _make(self, name: str, request: Awaitable[Result]) -> Result:
        self._made.add(name)
        self._cut_off.add(name)
        result = await request
        self._cut_off.discard(name)
        return result

    async def _remove(self, name: str) -> None:
        """Remove a channel or the bridge. Never raises for what Asterisk answers."""
        remove = self._ari.destroy_bridge if name == self._names.bridge else self._ari.hang_up
        try:
            await remove(name)
            if name in self._cut_off:
                # A request that was given up may be carried out all the same, after this one.
                await asyncio.sleep(LOOK_AGAIN_S)
                await remove(name)
        except AsteriskError as error:
            log.warning("! leg not removed", leg=name, error=str(error))
        else:
            self._made.discard(name)
            self._cut_off.discard(name)

    async def _remove_all(self, *names: str) -> None:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._remove(name))

    async def _entered(self, channel: str) -> None:
        try:
            async with asyncio.timeout(ENTER_S):
                await self._mailbox.until(lambda: self._mailbox.entered(channel))
        except TimeoutError:
            raise LegError(f"{channel} was made but did not come within {ENTER_S:g} s") from None

    async def _caller_leaves(self) -> None:
        await self._mailbox.until(lambda: self._mailbox.left(self._caller))
        raise CallerHungUp(f"{self._caller} is gone")

    async def _foremost(self, failures: ExceptionGroup[Exception]) -> Exception:
        """What to tell the call of several failures: that the caller is gone explains all others."""
        errors = list(_leaves(failures))
        for error in errors:
            if isinstance(error, CallerHungUp):
                return error
        first = errors[0]
        if not isinstance(first, AsteriskError):
            return first
        if await self._gone(self._caller):
            return CallerHungUp(f"{self._caller} is gone")
        return LegError(f"a leg of {self._caller} could not be made: {first}")

    async def _gone(self, channel: str) -> bool:
        """Whether `channel` is known to be gone; Asterisk's refusal may be here before the event that explains it."""
        if self._mailbox.left(channel):
            return True
        try:
            return not await self._ari.exists(channel)
        except AsteriskError:
            return False


def _leaves(failure: Exception) -> Iterator[Exception]:
    if isinstance(failure, ExceptionGroup):
        for inner in failure.exceptions:
            yield from _leaves(inner)
    else:
        yield failure
