"""Campaigns as the command line sees them: made from contacts, looked at beforehand, and conducted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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
from callcenter.outbound.hours import USUAL, Hours
from callcenter.outbound.ledger import Ledger
from callcenter.outbound.message import Message
from callcenter.outbound.outcomes import CANCELLED, Policy
from callcenter.outbound.pacing import Pace
from callcenter.outbound.progress import Progress, Stored, past, progress
from callcenter.outbound.trunk import Dialling, Trunk
from callcenter.speech.voices import Sources, Voices
from callcenter.store import campaigns, do_not_call
from callcenter.store.contacts import Campaign, Contact, Tally
from callcenter.store.database import Database
from callcenter.store.statements import Session

FOR_EVER, EVERYBODY = datetime(9999, 1, 1, tzinfo=UTC), 10_000_000
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
            hours=hours(outbound),
            policy=Policy.of(outbound),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a campaign would do if it began now."""

    contacts: int
    now: int
    """Could be called at once."""
    later: int
    """Are outside their hours."""
    next_opening: datetime | None
    """When the first of these can be called."""
    do_not_call: int
    known: int
    """Are in the campaign of this name already."""


def hours(outbound: Outbound) -> Hours:
    """Those of the settings. Raises ConfigurationError."""
    try:
        return Hours.parse(outbound.hours or USUAL)
    except ValueError as error:
        raise ConfigurationError(f"outbound.hours: {error}") from error


async def preview(database: Database, name: str, contacts: Sequence[Contact], hours: Hours, now: datetime) -> Preview:
    """Look at a campaign without making it."""
    numbers = [contact.number for contact in contacts]
    async with database.session() as session:
        campaign = await campaigns.find(session, name)
        known = await campaigns.known_numbers(session, campaign.id) if campaign else set()
        barred = await do_not_call.among(session, numbers)
    openings = [hours.opening(now, contact.zones) for contact in contacts if contact.number not in barred]
    later = [opening for opening in openings if opening and opening > now]
    return Preview(
        contacts=len(contacts),
        now=sum(opening is not None for opening in openings) - len(later),
        later=len(later),
        next_opening=min(later, default=None),
        do_not_call=len(barred),
        known=len(known.intersection(numbers)),
    )


async def create(database: Database, name: str, flow: str, contacts: Sequence[Contact]) -> Campaign:
    """The campaign `name` with `contacts`; one that is there already goes on, with those of them that are new."""
    async with database.session() as session:
        return await campaigns.create(session, name, flow, contacts, datetime.now(UTC))


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


async def look(database: Database, pace: Pace, hours: Hours, names: Sequence[str]) -> list[Progress]:
    """How far the campaigns of these names are; without any, those that are not finished.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session:
        return [
            progress(datetime.now(UTC), await _stored(session, one), pace, hours)
            for one in await _named(session, names)
        ]


async def cancel(database: Database, names: Sequence[str]) -> int:
    """Call nobody any more who waits in these campaigns; how many these are. Calls that go on, go on.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session, session.transaction():
        waiting = [
            contact
            for one in await _named(session, names)
            for contact in await campaigns.due(session, one.id, FOR_EVER, EVERYBODY)
        ]
        for contact in waiting:
            await campaigns.drop(session, contact.id, CANCELLED)
    return len(waiting)


async def pause(database: Database, names: Sequence[str], *, paused: bool) -> int:
    """Have nobody of these campaigns called for now, or again; how many campaigns these are.

    Raises ConfigurationError for a name that no campaign has.
    """
    async with database.session() as session:
        found = await _named(session, names)
        for one in found:
            await campaigns.pause(session, one.id, paused=paused)
    return len(found)


async def _named(session: Session, names: Sequence[str]) -> list[Campaign]:
    found = {name: await campaigns.find(session, name) for name in names}
    if missing := [name for name, one in found.items() if one is None]:
        raise ConfigurationError(f"there is no campaign {missing[0]}: `callcenter campaigns` lists them")
    return [one for one in found.values() if one] if names else await campaigns.unfinished(session)


async def _stored(session: Session, one: Campaign) -> Stored:
    return Stored(
        campaign=one,
        tally=await campaigns.tally(session, one.id),
        waiting=await campaigns.due(session, one.id, FOR_EVER, EVERYBODY),
        past=past(await campaigns.attempts(session, one.id)),
    )


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
