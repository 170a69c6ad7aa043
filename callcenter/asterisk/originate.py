"""Calls that we place: ARI's requests for them, in the name of an application of the dialler's own.

A call goes into the dialplan, not into Stasis, so that a dialler that dies has no part in what becomes of it. Its
events come all the same: `hear_everything` has the application told of every channel, before any of ours is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from callcenter.asterisk.ari import TIMEOUT_S, Ari, advice, unreachable
from callcenter.errors import AriError, AsteriskError

CONTEXT = "callcenter-outbound"
"""In `asterisk_config/extensions_outbound.conf`, whose extension EXTENSION takes a call that was answered."""

EXTENSION = "outbound"

_EVENTS = ("StasisStart", "StasisEnd", "ChannelDestroyed", "ApplicationReplaced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A call to place."""

    channel: str
    """The id that it gets."""
    endpoint: str
    caller: str
    """The number, or `"Name" <number>`, that is shown there; empty for the trunk's own."""
    ring_s: float
    variables: Mapping[str, str]
    """Of the channel, for the dialplan."""


class Originator(Ari):
    """ARI, and what placing calls takes besides."""

    async def place(self, call: Placement) -> None:
        """Have Asterisk dial, and send the call to CONTEXT when it is answered within `ring_s`.

        Raises AriError when there is no such endpoint, AsteriskError when it is not known whether it dials.
        """
        query = {
            "endpoint": call.endpoint,
            "channelId": call.channel,
            "context": CONTEXT,
            "extension": EXTENSION,
            "priority": "1",
            "timeout": str(round(call.ring_s)),
        }
        if call.caller:
            query["callerId"] = call.caller
        request = self._session.post(f"{self._url}/channels", params=query, json={"variables": dict(call.variables)})
        try:
            async with request as response:
                answer = await response.read()
        except TimeoutError as error:
            raise AsteriskError(f"ARI at {self._url} did not answer within {TIMEOUT_S:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(self._url, error) from error
        if response.status >= 400:
            text = answer[:200].decode(errors="replace")
            raise AriError(response.status, f"POST channels for {call.endpoint}", advice(response.status) or text)

    async def hear_everything(self) -> None:
        """Have our application told of every channel's end, from now on until its event stream is lost."""
        path = f"applications/{self.app}"
        await self._request("POST", f"{path}/subscription", eventSource="channel:")
        wanted = {"allowed": [{"type": name} for name in _EVENTS]}
        async with self._session.put(f"{self._url}/{path}/eventFilter", json=wanted) as response:
            await response.read()  # an Asterisk that cannot filter sends more than is needed, that is all

    async def is_served(self, app: str) -> bool:
        """Whether a daemon has `app`."""
        return await self._is_there(f"applications/{app}")
