"""What systemd wants to be told, by its notification protocol (sd_notify(3))."""

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Send `state`, such as `READY=1`, to the service manager; without one nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), address)


def watchdog_interval() -> float | None:
    """Seconds between two `WATCHDOG=1`, half of what the unit allows; None when it has no watchdog."""
    allowed = os.environ.get("WATCHDOG_USEC")
    return int(allowed) / 2_000_000 if allowed else None


async def feed_watchdog() -> None:
    """Say that the event loop turns, as often as the unit wants to hear it, until cancelled."""
    interval = watchdog_interval()
    while interval:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval)
