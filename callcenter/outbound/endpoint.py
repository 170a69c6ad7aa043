"""The trunk's endpoint as Asterisk knows it: whether it is there, and whether its far end answers."""

from callcenter.asterisk.originate import Originator
from callcenter.errors import AriError

_OFFLINE = "offline"
"""What ARI says of an endpoint none of whose contacts answers OPTIONS. One that is not asked (no `qualify_frequency`)
counts as online."""


def named(trunk: str) -> str:
    """The PJSIP endpoint in a dial string: `trunk` in `PJSIP/{number}@trunk`; empty when it is of another kind."""
    technology, _, rest = trunk.partition("/")
    if technology != "PJSIP":
        return ""
    first = rest.partition("/")[0]
    return first.rpartition("@")[2]


class TrunkAri(Originator):
    """ARI, and what it knows of trunks."""

    async def trouble(self, trunk: str) -> str:
        """Why no call can go out over the dial string `trunk`, and what to do about it; empty when one may.

        Raises AsteriskError when Asterisk does not say.
        """
        name = named(trunk)
        if not name:
            return ""
        try:
            state = await self._get(f"endpoints/PJSIP/{name}", lambda content: str(content["state"]))
        except AriError as error:
            if error.status != 404:
                raise
            return f"Asterisk has no PJSIP endpoint {name}: see outbound.trunk and pjsip.conf"
        if state == _OFFLINE:
            return f"the trunk {name} does not answer Asterisk: see `pjsip show contacts`, the network and the provider"
        return ""
