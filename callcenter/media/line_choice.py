"""What kinds of line there are."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["rtp", "audiosocket", "websocket", "audiosocket-dialplan"]
DIALPLAN: Kind = "audiosocket-dialplan"
"""The caller's channel is in AudioSocket() itself, without an external media channel; only the dialplan can say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChoice:
    """What kind of line a call gets."""

    kind: Kind
    rate: int
    codec: str
    """Of RTP, as Asterisk names it."""
