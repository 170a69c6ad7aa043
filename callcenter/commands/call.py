"""`callcenter call`: one number, now."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from callcenter.commands.dialling import add_what, conduct, flow_of, ordered
from callcenter.commands.numbers import contact_of
from callcenter.config import Settings
from callcenter.errors import ConfigurationError
from callcenter.outbound import plans
from callcenter.outbound.hours import Hours
from callcenter.outbound.outcomes import Policy
from callcenter.store.database import Database

AT_ANY_TIME = {"mon-sun": "0:00-24:00"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whom, and what about."""
    parser.add_argument("number", help="with + and country code, or as outbound.region dials it")
    parser.add_argument("--now", action="store_true", help="whatever the time is where they are")
    add_what(parser)


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Ring them, let the agent talk, and say what came of it."""
    order = ordered(options, settings)
    contact = contact_of(options.number, order.outbound)
    now = datetime.now(UTC)
    opening = order.hours.opening(now, contact.zones)
    if not options.now and opening != now:
        when = f" until {opening.astimezone():%a %H:%M} here" if opening else ""
        raise ConfigurationError(f"{contact.number} is not to be called at this hour{when}; --now does so all the same")
    order = replace(
        order, policy=Policy(delays={}, tries=1, barring=order.policy.barring), hours=Hours.parse(AT_ANY_TIME)
    )
    async with Database(settings.database, settings.paths) as database:
        name = f"call {contact.number} {now:%Y-%m-%d %H:%M:%S}"
        made = await plans.create(database, name, flow_of(options, settings), [contact])
        return await conduct([made], order, database, options)
