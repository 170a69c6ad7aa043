"""Asterisk's HTTP server as the one that has the sound of WebSocket channels, where we dial them."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from callcenter.asterisk import tls
from callcenter.asterisk.ari import login
from callcenter.config import Asterisk


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaServer:
    """How to dial it: a `media.lines.Dialling`."""

    base: str
    """`ws://host:port/media`, or `wss://…`, without the name of a channel's connection."""
    headers: Mapping[str, str]
    """That we log in with."""
    context: ssl.SSLContext | None = None
    """Whom to trust, where `base` is `wss://…`."""

    @classmethod
    def of(cls, settings: Asterisk) -> Self:
        """That of the Asterisk whose ARI is there, with the same login and the same trust.

        Raises ConfigurationError for a CA's certificate that cannot be used.
        """
        base = re.sub(r"/ari$", "/media", re.sub("^http", "ws", settings.url.rstrip("/")))
        return cls(base=base, headers=login(settings), context=tls.context(settings))
