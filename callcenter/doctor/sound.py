"""Whether sound comes through Asterisk, there and back."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import numpy as np

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.config import Settings
from callcenter.errors import AsteriskError
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.media.rtp_line import RtpLine

TONE_S = 1.0
HEARD_SHARE = 0.5
"""Of the tone that must arrive; the beginning may be lost while Asterisk learns our address."""
ENTER_S = 5.0


async def both_ways(settings: Settings) -> str:
    """A tone through two external media channels in one bridge, in both directions."""
    own = settings.asterisk.model_copy(update={"app": f"callcenter-doctor-{uuid4().hex[:8]}"})
    switchboard, clock = Switchboard(), Clock()
    codec = CODECS[settings.media.codec]
    async with Ari(own) as ari, asyncio.TaskGroup() as group:
        connected = asyncio.Event()
        services = [group.create_task(clock.run()), group.create_task(_route(EventStream(own), switchboard, connected))]
        lines = [RtpLine.open(settings.media.host, codec, clock) for _ in range(2)]
        names = [f"{own.app}-{side}" for side in ("a", "b")]
        mailbox = switchboard.open(*names)
        try:
            async with asyncio.timeout(ENTER_S):
                await connected.wait()
                for name, line in zip(names, lines, strict=True):
                    peer = await ari.external_media(name, *line.local_address, codec.name)
                    if peer:
                        line.connect(peer)
                await mailbox.until(lambda: all(map(mailbox.entered, names)))
                await ari.create_bridge(own.app)
                await ari.add_to_bridge(own.app, *names)
            heard = [await _heard(*lines), await _heard(*reversed(lines))]
        except TimeoutError:
            raise AsteriskError(f"Asterisk made no external media channel within {ENTER_S:g} s") from None
        finally:
            for line in lines:
                line.close()
            with suppress(AsteriskError):
                await asyncio.gather(*map(ari.hang_up, names), ari.destroy_bridge(own.app))
            for service in services:
                service.cancel()
    if min(heard) < HEARD_SHARE:
        raise AsteriskError(f"of a tone sent both ways {heard[0]:.0%} and {heard[1]:.0%} came back")
    return f"{codec.name}: a tone came through Asterisk both ways"


async def _route(stream: EventStream, switchboard: Switchboard, connected: asyncio.Event) -> None:
    async for event in stream:
        match event:
            case Connected():
                connected.set()
            case Disconnected(reason=reason):
                raise AsteriskError(reason)
            case _:
                switchboard.route(event)


async def _heard(speaker: RtpLine, listener: RtpLine) -> float:
    """The share of a tone played on one line that arrives on the other."""
    samples = (8000 * np.sin(2 * np.pi * 440 * np.arange(int(NARROWBAND * TONE_S)) / NARROWBAND)).astype("<i2")
    listener.received.drain()
    speaker.playout.say(Clip(text="tone", pcm=samples.tobytes(), rate=NARROWBAND))
    await asyncio.sleep(TONE_S + 0.2)
    frames = [np.frombuffer(pcm, "<i2") for _, pcm in listener.received.drain()]
    loud = sum(int(np.abs(frame).max()) > 2000 for frame in frames)
    return loud / (TONE_S * 50)
