"""A campaign as a process of its own, to be killed: reads an Outbound section and contacts from its standard input."""

import asyncio
import json
import sys
from typing import Any

from callcenter import config, log
from callcenter.config import Log, Outbound
from callcenter.outbound import campaign, plans
from callcenter.outbound.campaign import Order
from callcenter.store.contacts import Contact
from callcenter.store.database import Database

KNOWN = {"name": "Karen Mitchell"}


async def conduct(wanted: dict[str, Any]) -> None:
    """Create the campaign, or go on with it."""
    settings = config.load()
    contacts = [
        Contact(number=number, zones=("UTC",), data=KNOWN, line=line) for line, number in enumerate(wanted["numbers"])
    ]
    order = Order.of(settings, Outbound(**wanted["outbound"]))
    async with Database(settings.database, settings.paths) as database:
        made = await plans.create(database, wanted["name"], wanted["flow"], contacts)
        await campaign.conduct(made, order, database, lambda news: print(news, flush=True), asyncio.Event())


if __name__ == "__main__":
    log.configure(Log(level="info"))
    asyncio.run(conduct(json.load(sys.stdin)))
