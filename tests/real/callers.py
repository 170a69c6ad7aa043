"""Callers for the real tests: people on a SIP phone who do as the test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from callcenter import control
from callcenter.config import Settings
from callcenter.demo import House
from callcenter.errors import MissingPartError
from callcenter.simulation.handset import Handset
from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import Connection, Phone, SipTarget
from callcenter.simulation.voices import Voices
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.store.queries import Transcript

NUMBERS = count(1)
PATIENCE_S = 30.0
SAID = 3
"""Times, at most."""


@dataclass(kw_only=True)
class Caller:
    """Somebody in a call."""

    number: str
    connection: Connection
    handset: Handset
    settings: Settings
    events: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def told(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait until the daemon tells `event` of this call with these fields."""

        def found() -> list[dict[str, Any]]:
            return [told for told in self.events if told["event"] == event and fields.items() <= told.items()]

        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(found)
            return found()[0]

    async def says(self, text: str) -> None:
        """Say it with flite's voice."""
        persona = Persona.model_validate(
            {"name": "caller", "lines": [{"on": ".", "say": text}], "expect": {"outcome": "hung_up"}}
        )
        sounds = await Voices(self.settings.paths.cache).rehearse(persona)
        await self.handset.say(sounds[text])

    async def gets_across(self, text: str) -> dict[str, Any]:
        """Say it until the daemon knows something by it; what it tells of that.

        When asked again they say it again: any voice may be garbled on a busy machine.
        """
        for _ in range(SAID):
            before = len(self._all("turn"))
            await self.says(text)
            async with asyncio.timeout(PATIENCE_S), self.changed:
                await self.changed.wait_for(partial(self._answered, before))
            if leads := self._all("lead"):
                return leads[-1]
        raise AssertionError(f"not understood: {self.events}")

    async def agent_is_quiet(self) -> None:
        """Wait until the agent has finished its turn."""
        before = len(self._all("turn"))
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: len(self._all("turn")) > before)

    async def left(self) -> None:
        """Wait until the agent has hung up."""
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.over.wait()

    def _answered(self, turns: int) -> bool:
        return bool(self._all("lead")) or len(self._all("turn")) > turns

    def _all(self, event: str) -> list[dict[str, Any]]:
        return [told for told in self.events if told["event"] == event]


def undisturbed() -> None:
    """Have asyncio debug this loop no more: a step takes 20 times its time then, and a phone has 100 a second."""
    asyncio.get_running_loop().set_debug(False)


def target(settings: Settings) -> SipTarget:
    """The phone that the settings name."""
    phone = settings.phone
    return SipTarget(host=phone.host, port=phone.port, user=phone.username, password=phone.password.get_secret_value())


@asynccontextmanager
async def calling(house: House, extension: str = "", prefix: str = "+1555020") -> AsyncIterator[Caller]:
    """A call to `extension`, or the usual one, hung up when the block ends, from a number of its own.

    From numbers that begin with +1555010 a person takes the call when it is transferred, and hangs up after 2 s.
    """
    undisturbed()
    settings, number = house.settings, f"{prefix}{next(NUMBERS):04d}"
    async with Phone.open(target(settings)) as phone, Handset.open(phone.host) as handset, asyncio.TaskGroup() as group:
        events: list[dict[str, Any]] = []
        changed = asyncio.Condition()

        async def watch() -> None:
            with suppress(MissingPartError):
                async for event in control.watch(settings.paths.control_socket):
                    if event["caller"] == number:
                        async with changed:
                            events.append(event)
                            changed.notify_all()

        watching = group.create_task(watch())
        await asyncio.sleep(0.05)
        async with phone.dial(number, handset, extension) as connection:
            yield Caller(
                number=number,
                connection=connection,
                handset=handset,
                settings=settings,
                events=events,
                changed=changed,
            )
        watching.cancel()


async def stored(settings: Settings, call: str) -> Transcript:
    """What the store holds of a call, once the writer has had a moment."""
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        return await queries.transcript(session, call)


async def ended(settings: Settings, call: str) -> Transcript:
    """The same once the call has its end."""
    async with asyncio.timeout(PATIENCE_S):
        while (transcript := await stored(settings, call)).call.ended is None:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    return transcript
