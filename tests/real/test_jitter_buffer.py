"""A jitter buffer on a real Asterisk: a shaky line gets one and its sound comes whole, a steady one gets no delay."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import SecretStr

from callcenter.asterisk.events import StasisStart
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.names import Names
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Asterisk
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import NARROWBAND, Samples, to_samples
from callcenter.media.rtp_line import RtpLine
from callcenter.simulation.handset import Handset
from callcenter.simulation.impairment import Impairment
from callcenter.simulation.persona import Network
from callcenter.simulation.phone import Phone, SipTarget
from tests.asterisk.conftest import Client, connected

pytestmark = pytest.mark.real

NewAsterisk = Callable[[], Awaitable[PrivateAsterisk]]

BLOCK = NARROWBAND // 100
NOISE = np.random.default_rng(1).uniform(-0.2, 0.2, NARROWBAND * 19 // 10).astype(np.float32)


@asynccontextmanager
async def ticking() -> AsyncIterator[Clock]:
    clock = Clock()
    task = asyncio.ensure_future(clock.run())
    try:
        yield clock
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of NOISE, said after two looks at the line."""

    in_place: float
    """The share of it that came at one and the same delay."""
    delay_s: float


async def arrived(asterisk: PrivateAsterisk, network: Network, *, watched: bool) -> Arrived:
    settings = Asterisk(url=asterisk.ari_url, username=asterisk.ari_username, password=SecretStr(asterisk.ari_password))
    target = SipTarget(
        host=asterisk.sip_host, port=asterisk.sip_port, user=asterisk.phone_user, password=asterisk.phone_password
    )
    async with (
        connected(settings) as client,
        Phone.open(target) as phone,
        Handset.open(phone.host, network=Impairment(network, seed=1)) as handset,
        ticking() as clock,
        asyncio.TaskGroup() as group,
    ):
        with closing(RtpLine.open("127.0.0.1", ULAW, clock)) as line:
            agent = group.create_task(answered(client, line))
            async with phone.dial("+15550001234", handset):
                legs = await agent
                watch = group.create_task(legs.steady(lambda: line.received.silent) if watched else asyncio.sleep(0))
                await asyncio.sleep(3.4)
                line.received.drain()
                span = await handset.say(NOISE)
                frames = line.received.drain()
                watch.cancel()
                await legs.close()
    return in_place(to_samples(b"".join(pcm for _, pcm in frames)), frames[0][0] - span.start)


async def answered(client: Client, line: RtpLine) -> Legs:
    caller = (await client.next(StasisStart)).channel.id
    legs = Legs(client.ari, client.switchboard.open(caller), caller, Names(instance="test", call="jitter"))
    await legs.open(line.wanted, line.connect)
    return legs


def in_place(sound: Samples, began_s: float) -> Arrived:
    spectrum, size = np.fft.rfft(NOISE, 2 * NOISE.size), 2 * NOISE.size
    places = []
    for start in range(0, sound.size - BLOCK, BLOCK):
        products = np.fft.irfft(spectrum * np.conj(np.fft.rfft(sound[start : start + BLOCK], size)), size)
        places.append(start - int(np.argmax(products[: NOISE.size])))
    delay = int(np.median(places))
    return Arrived(
        in_place=float(np.mean(np.abs(np.array(places) - delay) < BLOCK)), delay_s=delay / NARROWBAND + began_s
    )


async def test_a_shaky_line_gets_one_and_a_steady_one_no_delay(new_asterisk: NewAsterisk) -> None:
    asterisk = await new_asterisk()
    steady = await arrived(asterisk, Network(), watched=True)
    shaky = await arrived(asterisk, Network(jitter_ms=60, reorder=0.02), watched=False)
    mended = await arrived(asterisk, Network(jitter_ms=60, reorder=0.02), watched=True)
    print(steady, shaky, mended)
    assert steady.in_place > 0.85
    assert shaky.in_place < 0.5, "what shows that the line is bad"
    assert mended.in_place > 0.7, "some is lost where Asterisk's own threads come late, and the buffer begins anew"
    assert steady.delay_s < 0.1
    assert mended.delay_s < 0.2


async def test_an_asterisk_without_the_module_goes_on(new_asterisk: NewAsterisk) -> None:
    asterisk = await new_asterisk()
    await asterisk.command("module unload func_jitterbuffer.so")
    shaky = await arrived(asterisk, Network(jitter_ms=60), watched=True)
    assert shaky.in_place < 0.6
