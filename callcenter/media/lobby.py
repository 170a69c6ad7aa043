"""Where Asterisk connects to us: a port, and the connections that have not said yet which call they are for.

Whoever can reach the port may connect, so a connection is nothing until it has named a call that is expected, and what
has not is limited in number and in time. Of too many the oldest makes way, for Asterisk names the call at once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, cast

import structlog

from callcenter.errors import ConfigurationError

BACKLOG = 512
LOG_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """For connections that have not named their call yet."""

    waiting: int = 256
    """Of them at a time ..."""
    per_address: int = 128
    """... and of one address; Asterisk has one as a rule, and many calls may begin at once."""
    name_s: float = 2.0
    """To name it, TLS included."""


USUAL = Limits()


class _Place(NamedTuple):
    """What is known of one that waits."""

    transport: asyncio.Transport
    address: str
    """Numeric, of the peer."""
    limit: asyncio.TimerHandle


class Lobby:
    """Between a port and the lines. A connection enters it, and is admitted, refused or gone."""

    def __init__(self, kind: str, limits: Limits, refusals: type[StrEnum]) -> None:
        """`kind` of connection, for the log; `refusals` are the names in `report` of what they are refused for."""
        self._kind = kind
        self._limits = limits
        self._counts = dict.fromkeys(
            ("accepted", "taken", *(refusal.value for refusal in refusals), "late", "crowded", "left"), 0
        )
        self._waiting: dict[asyncio.Protocol, _Place] = {}
        """Oldest first."""
        self._by_address: Counter[str] = Counter()
        self._logged_at = -LOG_EVERY_S
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int, connection: Callable[[], asyncio.Protocol]) -> int:
        """Listen on `host` and `port`, or any free port for 0; the port. Who connects talks to a new `connection`.

        Raises ConfigurationError where this cannot be.
        """
        try:
            self._server = await asyncio.get_running_loop().create_server(connection, host, port, backlog=BACKLOG)
        except OSError as error:
            raise ConfigurationError(
                f"{self._kind} cannot listen on {host}:{port}: {error.strerror or error}"
            ) from error
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no more, and cut off all that wait."""
        if self._server is not None:
            self._server.close()
        while self._waiting:
            _, place = self._waiting.popitem()
            place.limit.cancel()
            place.transport.abort()

    def report(self) -> dict[str, int]:
        """What became of the connections so far, and how many wait.

        They were `accepted`, and then `taken` by a line; or closed: for one of the refusals; `late`, when they named no
        call in time; `crowded`, when they made way for newer ones; or they `left`, when the peer did it before that.
        """
        return {**self._counts, "waiting": len(self._waiting)}

    def enter(self, connection: asyncio.Protocol, transport: asyncio.BaseTransport) -> None:
        """It is there, by way of `transport`, which is cut off when its time is up or others need the place."""
        self._counts["accepted"] += 1
        address = str((transport.get_extra_info("peername") or ("gone",))[0])
        limit = asyncio.get_running_loop().call_later(self._limits.name_s, self._expire, connection)
        self._waiting[connection] = _Place(cast("asyncio.Transport", transport), address, limit)
        self._by_address[address] += 1
        if self._by_address[address] > self._limits.per_address:
            self._crowd_out(next(one for one, place in self._waiting.items() if place.address == address))
        elif len(self._waiting) > self._limits.waiting:
            self._crowd_out(next(iter(self._waiting)))

    def admit(self, connection: asyncio.Protocol) -> None:
        """It has named a call that is expected."""
        self._leave(connection, "taken")

    def refuse(self, connection: asyncio.Protocol, refusal: StrEnum, why: str) -> None:
        """It has not, and whoever says so closes it. Does nothing for one that does not wait any more."""
        if place := self._leave(connection, refusal):
            self._tell(place, why)

    def left(self, connection: asyncio.Protocol) -> None:
        """It is gone. Does nothing for one that does not wait any more."""
        self._leave(connection, "left")

    def _expire(self, connection: asyncio.Protocol) -> None:
        self._cut_off(connection, "late", f"no call named within {self._limits.name_s:g} s")

    def _crowd_out(self, connection: asyncio.Protocol) -> None:
        self._cut_off(connection, "crowded", "too many connections without a call")

    def _cut_off(self, connection: asyncio.Protocol, count: str, why: str) -> None:
        if place := self._leave(connection, count):
            self._tell(place, why)
            place.transport.abort()

    def _leave(self, connection: asyncio.Protocol, count: str) -> _Place | None:
        place = self._waiting.pop(connection, None)
        if place:
            place.limit.cancel()
            self._counts[count] += 1
            self._by_address[place.address] -= 1
            if not self._by_address[place.address]:
                del self._by_address[place.address]
        return place

    def _tell(self, place: _Place, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            log.warning(f"x {self._kind} connection", peer=place.address, reason=why, **self._counts)
