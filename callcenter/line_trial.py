"""Whether sound goes through Asterisk, on the lines that the settings choose, and which of them this Asterisk has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from uuid import uuid4

import numpy as np

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.media_server import MediaServer
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.config import Media, Settings
from callcenter.errors import AsteriskError, ConfigurationError
from callcenter.media import lines
from callcenter.media.choice import chosen
from callcenter.media.clock import Clock
from callcenter.media.line import Line
from callcenter.media.line_choice import LineChoice
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.media.websocket_line import FORMATS

TONE_S = 1.0
HEARD_SHARE = 0.5
"""Of the tone that must arrive; the beginning may be lost while Asterisk learns our address."""
ENTER_S = 5.0
MODULES = {
    "rtp": {"chan_rtp.so"},
    "audiosocket": {"chan_audiosocket.so", "res_audiosocket.so"},
    "audiosocket-dialplan": {"app_audiosocket.so", "res_audiosocket.so"},
    "websocket": {"chan_websocket.so"},
}
"""What each kind of line needs of Asterisk. chan_websocket is in 20.15, 22.5 and later."""
TITLES = {"rtp": "RTP", "audiosocket": "AudioSocket", "websocket": "WebSocket"}


async def offered(settings: Settings) -> str:
    """The kinds of lines that this Asterisk has loaded. Raises AsteriskError when one that is chosen is not."""
    async with Ari(settings.asterisk) as ari:
        loaded = await ari.modules()
    there = [kind for kind, needed in MODULES.items() if needed <= loaded]
    for choice in choices(settings):
        if choice.kind not in there:
            lacks = ", ".join(sorted(MODULES[choice.kind] - loaded))
            raise AsteriskError(f"[media] wants {choice.kind}, and Asterisk has not loaded {lacks}")
    others = [kind for kind in MODULES if kind not in there]
    return f"this Asterisk has {', '.join(there)}" + (f"; not {', '.join(others)}" if others else "")


def choices(settings: Settings) -> list[LineChoice]:
    """What the settings choose, for all numbers or for one, each once."""
    return list(dict.fromkeys(chosen(settings.media, did, {}) for did in ("", *settings.media.by_did)))


def name(choice: LineChoice) -> str:
    """As a person reads it."""
    wide = "" if choice.rate == NARROWBAND else f" at {choice.rate // 1000} kHz"
    return TITLES[choice.kind] + wide


async def tried(choice: LineChoice, settings: Settings) -> str:
    """Send a tone through two media channels in one bridge, in both directions.

    Raises AsteriskError, and ConfigurationError for a CA's certificate that is none.
    """
    own = settings.asterisk.model_copy(update={"app": f"callcenter-doctor-{uuid4().hex[:8]}"})
    dialling = MediaServer.of(own)
    try:
        return await _tried(choice, settings.model_copy(update={"asterisk": own}), dialling)
    except ConfigurationError as error:  # a port is taken
        return f"not tried: {error}, which is well if the daemon runs"


async def _tried(choice: LineChoice, settings: Settings, dialling: lines.Dialling) -> str:
    own = settings.asterisk
    clock = Clock()
    media = _spared(settings.media, choice)
    async with Ari(own) as ari, lines.opened(media, clock, dialling) as opened, asyncio.TaskGroup() as group:
        ticking = group.create_task(clock.run())
        with closing(opened.open(choice)) as one, closing(opened.open(choice)) as other:
            async with _bridged(ari, EventStream(own), one, other):
                heard = [await _heard(one, other), await _heard(other, one)]
                one.close()
                other.close()
        ticking.cancel()
    if min(heard) < HEARD_SHARE:
        raise AsteriskError(f"of a tone sent both ways {heard[0]:.0%} and {heard[1]:.0%} came back")
    return f"{choice.codec if choice.kind == 'rtp' else FORMATS[choice.rate]}: a tone came through Asterisk both ways"


def _spared(media: Media, choice: LineChoice) -> Media:
    """With no port of the daemon's, which may run, but where Asterisk may find us on that port alone."""
    host, _, _ = media.audiosocket_listen.rpartition(":")
    update: dict[str, str] = {} if choice.kind == "websocket" else {"websocket": "dial"}
    if not (choice.kind == "audiosocket" and media.audiosocket_host):
        update["audiosocket_listen"] = f"{host}:0"
    return media.model_copy(update=update)


@asynccontextmanager
async def _bridged(ari: Ari, stream: EventStream, *wires: Line) -> AsyncIterator[None]:
    """A channel for each line, all in one bridge."""
    switchboard, connected = Switchboard(), asyncio.Event()
    names = [f"{ari.app}-{number}" for number in range(len(wires))]
    mailbox = switchboard.open(*names)
    async with asyncio.TaskGroup() as group:
        routing = group.create_task(_route(stream, switchboard, connected))
        try:
            async with asyncio.timeout(ENTER_S):
                await connected.wait()
                for name, line in zip(names, wires, strict=True):
                    await line.connect(await ari.external_media(name, line.wanted))
                await mailbox.until(lambda: all(map(mailbox.entered, names)))
                await ari.create_bridge(ari.app)
                await ari.add_to_bridge(ari.app, *names)
            yield
        except TimeoutError:
            raise AsteriskError(f"Asterisk made no external media channel within {ENTER_S:g} s") from None
        finally:
            with suppress(AsteriskError):
                await asyncio.gather(*map(ari.hang_up, names), ari.destroy_bridge(ari.app))
            routing.cancel()


async def _route(stream: EventStream, switchboard: Switchboard, connected: asyncio.Event) -> None:
    async for event in stream:
        match event:
            case Connected():
                connected.set()
            case Disconnected(reason=reason):
                raise AsteriskError(reason)
            case _:
                switchboard.route(event)


async def _heard(speaker: Line, listener: Line) -> float:
    """The share of a tone played on one line that arrives on the other."""
    moments = np.arange(int(speaker.rate * TONE_S)) / speaker.rate
    samples = (8000 * np.sin(2 * np.pi * 440 * moments)).astype("<i2")
    listener.received.drain()
    speaker.playout.say(Clip(text="tone", pcm=samples.tobytes(), rate=speaker.rate))
    await asyncio.sleep(TONE_S + 0.2)
    frames = [np.frombuffer(pcm, "<i2") for _, pcm in listener.received.drain()]
    loud = sum(int(np.abs(frame).max()) > 2000 for frame in frames)
    return loud / (TONE_S * 50)
