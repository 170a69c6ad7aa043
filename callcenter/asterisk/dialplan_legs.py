"""The way by the dialplan: the caller's own channel exchanges sound with us, in the application AudioSocket().

We hold the channel only at its beginning and at its end; in between the dialplan has it, and gives it back when our
end of the sound is closed:

    exten => 777,1,Stasis(ai-call-center,line=audiosocket-dialplan)
     same => n,AudioSocket(${CALLCENTER_UUID},${CALLCENTER_AUDIOSOCKET})
     same => n,Stasis(ai-call-center,call=${CALLCENTER_UUID})

There is no snoop, no external media channel, and no bridge but for a transfer.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import structlog

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.legs import Connect, Legs, Wanted
from callcenter.asterisk.names import Names
from callcenter.asterisk.switchboard import Mailbox
from callcenter.errors import LegError

log = structlog.get_logger()

BACK_S = 5.0
"""The dialplan gives the channel back within this, once our end of the sound is closed."""


class DialplanLegs(Legs):
    """As `Legs`; who takes the caller from the dialplan closes the line first."""

    def __init__(self, ari: Ari, mailbox: Mailbox, caller: str, names: Names) -> None:
        super().__init__(ari, mailbox, caller, names)
        self._lent = False
        """The dialplan has the channel, or had it."""

    async def steady(self, silent: Callable[[], bool]) -> None:
        """Nothing: ARI sets the jitter buffer of no channel that the dialplan has; it can do so itself."""

    async def _open(self, wanted: Wanted, connect: Connect) -> None:
        """Answer, tell the dialplan where the sound goes, and wait for it there.

        AudioSocket() does not answer, and Asterisk lets us answer only while we have the channel.
        """
        ari, caller = self._ari, self._caller
        await ari.subscribe(caller)
        await ari.answer(caller)
        await ari.set_variable(caller, "CALLCENTER_UUID", wanted["data"])
        await ari.set_variable(caller, "CALLCENTER_AUDIOSOCKET", wanted["external_host"])
        self._mailbox.lend(caller)
        await ari.continue_in_dialplan(caller)
        self._lent = True
        async with asyncio.TaskGroup() as group:
            back = group.create_task(self._back_too_soon())
            await connect({})
            back.cancel()
        log.info("= in AudioSocket()", channel=caller)

    async def _back_too_soon(self) -> None:
        await self._mailbox.until(lambda: self._mailbox.entered(self._caller))
        raise LegError(
            "AudioSocket() has returned without a connection: can Asterisk reach [media] audiosocket_listen?"
        )

    async def _free_caller(self) -> None:
        await self._taken_back()
        await self._make(self._names.bridge, self._ari.create_bridge(self._names.bridge))

    async def _taken_back(self) -> None:
        """Wait until the dialplan has given the channel back. Raises LegError when it does not."""
        try:
            async with asyncio.timeout(BACK_S):
                await self._mailbox.until(lambda: self._mailbox.entered(self._caller) or self._caller_left)
        except TimeoutError:
            raise LegError(
                f"{self._caller} did not come back from AudioSocket() within {BACK_S:g} s: is "
                "Stasis(ai-call-center,call=${CALLCENTER_UUID}) the step after it?"
            ) from None

    @property
    def _caller_left(self) -> bool:
        return self._mailbox.left(self._caller)

    async def _decline(self, why: Literal["declined", "busy"]) -> None:
        """Only a channel that we hold can be told anything: it may still be on its way back."""
        if self._lent:
            self._mailbox.add(self._caller)
            try:
                await self._taken_back()
            except LegError as error:
                log.warning("! caller not given back", channel=self._caller, error=str(error))
                await self.hang_up()
                return
            finally:
                self._mailbox.close()
        await super()._decline(why)
