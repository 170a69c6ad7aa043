"""What is in Asterisk but belongs to no call, and what belongs to a call but is no longer in Asterisk."""

import asyncio
from collections.abc import Awaitable, Collection, Container, Sequence
from dataclasses import dataclass

import structlog

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.events import Channel
from callcenter.asterisk.names import prefix
from callcenter.errors import AsteriskError

log = structlog.get_logger()

PREFIX = "cc-"
"""Of the channels that any daemon makes."""
SNOOP = "Snoop/"
"""What Asterisk names a snoop by, followed by the id of the channel that it listens to, `-` and a number."""


GONE_LOOKS = 20
GONE_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """The ids of what nobody owned and was removed."""

    channels: tuple[str, ...]
    bridges: tuple[str, ...]


async def sweep(ari: Ari, instance: str, live: Container[str]) -> Swept:
    """Remove the legs and bridges that `instance` has made and no call in `live` owns.

    `live` holds call ids and must be a live view of the calls, registered before their legs are made: it is looked at
    after Asterisk has answered. Raises AsteriskError when Asterisk cannot say what is there.
    """
    channels, bridges = await asyncio.gather(ari.channels(), ari.bridges())
    channel_ids = [channel.id for channel in channels if _orphaned(channel.id, instance, live)]
    bridge_ids = [bridge.id for bridge in bridges if _orphaned(bridge.id, instance, live)]
    await _each([ari.hang_up(channel) for channel in channel_ids] + [ari.destroy_bridge(name) for name in bridge_ids])
    await _gone(ari, channel_ids)
    for name in (*channel_ids, *bridge_ids):
        log.warning("x orphan", id=name)
    return Swept(channels=tuple(channel_ids), bridges=tuple(bridge_ids))


async def stranded(ari: Ari, app: str) -> list[Channel]:
    """Callers who wait in `app` and whom nobody serves: a daemon before this one has died. Sweep first.

    A caller with a snoop is served by another daemon of the same application. Raises AsteriskError.
    """
    channels = await ari.channels()
    served = {
        channel.name.removeprefix(SNOOP).rpartition("-")[0] for channel in channels if channel.name.startswith(SNOOP)
    }
    return [
        channel
        for channel in channels
        if channel.application == app and channel.id not in served and not channel.id.startswith(PREFIX)
    ]


async def missing(ari: Ari, callers: Collection[str]) -> set[str]:
    """Which of these channels are no longer in Asterisk: they ended while no events came."""
    return set(callers) - {channel.id for channel in await ari.channels()}


def _orphaned(name: str, instance: str, live: Container[str]) -> bool:
    mine = prefix(instance)
    return name.startswith(mine) and name.removeprefix(mine).partition("-")[0] not in live


async def _gone(ari: Ari, channels: Collection[str]) -> None:
    """Wait until Asterisk, which hangs up after it has answered, no longer shows `channels`; not for ever."""
    for _ in range(GONE_LOOKS):
        if not channels or await missing(ari, channels) == set(channels):
            return
        await asyncio.sleep(GONE_EVERY_S)


async def _each(removals: Sequence[Awaitable[None]]) -> None:
    for result in await asyncio.gather(*removals, return_exceptions=True):
        if isinstance(result, AsteriskError):
            log.warning("! not removed", error=str(result))
        elif isinstance(result, BaseException):
            raise result
