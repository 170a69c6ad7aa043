"""Campaigns conducted: what an order says, and everybody called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from callcenter import repertoire
from callcenter.asterisk.stream import EventStream
from callcenter.background import running
from callcenter.config import Outbound, Settings
from callcenter.errors import ConfigurationError
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.media.rtp_line import RtpLine
from callcenter.outbound.dialler import Dialler, Tell
from callcenter.outbound.endpoint import TrunkAri
from callcenter.outbound.hours import Hours
from callcenter.outbound.ledger import Ledger
from callcenter.outbound.message import Message
from callcenter.outbound.outcomes import Policy
from callcenter.outbound.pacing import Pace
from callcenter.outbound.trunk import Dialling, Trunk
from callcenter.speech.voices import Sources, Voices
from callcenter.store import campaigns
from callcenter.store.contacts import Campaign, Tally
from callcenter.store.database import Database

RESERVE_TRIES, RESERVE_EVERY_S = 10, 0.3
"""PostgreSQL takes a moment to see that a process which was killed is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a campaign is to be conducted."""

    settings: Settings
    outbound: Outbound
    machine: Literal["hang_up", "message", "person"]
    message: str
    pace: Pace
    hours: Hours
    policy: Policy

    @classmethod
    def of(cls, settings: Settings, outbound: Outbound) -> "Order":
        """As the settings say. Raises ConfigurationError for those that cannot be used."""
        if not outbound.trunk:
            raise ConfigurationError('outbound.trunk is not set: say how to dial, such as "PJSIP/{number}@trunk"')
        return cls(
            settings=settings,
            outbound=outbound,
            machine=outbound.machine,
            message=outbound.message,
            pace=Pace(at_once=outbound.at_once, per_minute=outbound.per_minute),
            hours=Hours.of(outbound),
            policy=Policy.of(outbound),
        )


async def conduct(campaign: Campaign, order: Order, database: Database, tell: Tell, stop: asyncio.Event) -> Tally:
    """Call everybody, or go on doing so, until all are called or `stop` is set.

    Raises TakenError when another process conducts the campaign, ConfigurationError when the daemon lacks its flow.
    """
    app = f"{order.settings.asterisk.app}-dialler-{campaign.id.hex[:8]}"
    own = order.settings.asterisk.model_copy(update={"app": app})
    clock = Clock()
    async with _reserved(campaign, order.settings), TrunkAri(own) as ari, running() as start:
        dialling = await _dialling(campaign, order, clock)
        trunk = Trunk(dialling, ari, EventStream(own))
        start(trunk.run())
        if dialling.message:
            start(clock.run())
        ledger = Ledger(database=database, campaign=campaign, policy=order.policy)
        return await Dialler(trunk, ledger, order.pace, order.hours, tell).run(stop)


class TakenError(ConfigurationError):
    """Another process conducts the campaign."""


@asynccontextmanager
async def _reserved(campaign: Campaign, settings: Settings) -> AsyncIterator[None]:
    """Nobody else conducts it meanwhile. Whoever is killed gives it back by that.

    It takes a connection of its own, so that however many campaigns there are, none is left without.
    """
    one = settings.database.model_copy(update={"pool": 1})
    async with Database(one, settings.paths) as database, database.session() as session:
        for _ in range(RESERVE_TRIES):
            if await campaigns.reserve(session, campaign.id):
                break
            await asyncio.sleep(RESERVE_EVERY_S)
        else:
            raise TakenError(f"the campaign {campaign.name} is conducted by another process already")
        yield


async def _dialling(campaign: Campaign, order: Order, clock: Clock) -> Dialling:
    outbound, settings = order.outbound, order.settings
    message = await _message(campaign.flow, order, clock) if order.machine == "message" else None
    return Dialling(
        endpoint=outbound.trunk,
        caller=outbound.caller,
        ring_s=outbound.ring_s,
        agent=settings.asterisk.app,
        flow=campaign.flow,
        listen=order.machine != "person",
        message=message,
        control=settings.paths.control_socket,
        instance=f"d{campaign.id.hex[:8]}",
    )


async def _message(flow: str, order: Order, clock: Clock) -> Message:
    media = order.settings.media
    return Message(
        clip=await _spoken(flow, order),
        line=lambda: RtpLine.open(media.host, CODECS[media.codec], clock),
        beep_s=order.outbound.beep_s,
    )


async def _spoken(flow: str, order: Order) -> Clip:
    """The message in the voice of `flow`. Raises MissingPartError or SpeechError."""
    settings = order.settings
    flows = repertoire.flows(settings)
    if flow not in flows:
        raise ConfigurationError(f"the flow {flow} is not loaded: [dialogue] flows has {', '.join(flows)}")
    text = order.message or flows[flow].sentences.voicemail
    if not text:
        raise ConfigurationError(f"what to tell a machine? Set sentences.voicemail of {flow}, or outbound.message")
    choice = repertoire.voices(flows[flow], settings.talking)
    async with Voices.opened(choice, Sources.of(settings)) as voices:
        return await voices[choice].render(text, NARROWBAND)
