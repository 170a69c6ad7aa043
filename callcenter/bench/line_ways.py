"""The ways that a call's sound can take, each as the benchmark of lines sets it up."""

from dataclasses import dataclass

from callcenter.media.line_choice import DIALPLAN, LineChoice

OURS, BARE = "ours", "bare"
"""What the channels of callers begin with, by whether the agent has a line of ours or a bare one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One of them."""

    choice: LineChoice
    listens: bool = False
    """Asterisk connects to our WebSocket server."""

    @property
    def by_dialplan(self) -> bool:
        """The caller's channel is in AudioSocket()."""
        return self.choice.kind == DIALPLAN


def _rtp(codec: str) -> Way:
    return Way(choice=LineChoice(kind="rtp", rate=8000, codec=codec))


def _audiosocket(rate: int) -> Way:
    return Way(choice=LineChoice(kind="audiosocket", rate=rate, codec="slin"))


def _websocket(rate: int, *, listens: bool) -> Way:
    return Way(choice=LineChoice(kind="websocket", rate=rate, codec="slin"), listens=listens)


WAYS = {
    "rtp-ulaw": _rtp("ulaw"),
    "rtp-alaw": _rtp("alaw"),
    "rtp-slin": _rtp("slin"),
    "audiosocket-8": _audiosocket(8000),
    "audiosocket-16": _audiosocket(16_000),
    "websocket-dial-8": _websocket(8000, listens=False),
    "websocket-dial-16": _websocket(16_000, listens=False),
    "websocket-listen-8": _websocket(8000, listens=True),
    "websocket-listen-16": _websocket(16_000, listens=True),
    "dialplan": Way(choice=LineChoice(kind=DIALPLAN, rate=8000, codec="slin")),
}
"""By the names that the command line knows; `dialplan` is AudioSocket() of the dialplan."""


def way(name: str) -> str:
    """The name itself, for an argument parser. Raises ValueError for one that is not known."""
    if name not in WAYS:
        raise ValueError(name)
    return name
