"""What `call` and `campaign` have in common: people are rung."""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from rich.console import Console

from callcenter import repertoire
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.display import console
from callcenter.errors import ConfigurationError
from callcenter.outbound import campaign, drawing
from callcenter.outbound.campaign import Order
from callcenter.outbound.pacing import Pace
from callcenter.store.contacts import Campaign, Tally
from callcenter.store.database import Database


def add_what(sub: argparse.ArgumentParser) -> None:
    """What the calls are about, and what a machine gets to hear."""
    sub.add_argument("--flow", help="what the calls are about (default: dialogue.flow)")
    sub.add_argument("--machine", choices=["hang_up", "message", "person"], help="when a machine answers")
    sub.add_argument("--message", metavar="TEXT", help="what a machine is told; implies --machine message")


def ordered(options: argparse.Namespace, settings: Settings) -> Order:
    """As the settings say, and the command line over them. Raises ConfigurationError."""
    outbound = settings.outbound
    machine = options.machine or ("message" if options.message else outbound.machine)
    changed = outbound.model_copy(update={"machine": machine, "message": options.message or outbound.message})
    order = Order.of(settings, changed)
    at_once = getattr(options, "at_once", None) or order.pace.at_once
    per_minute = getattr(options, "per_minute", None) or order.pace.per_minute
    if at_once < 1 or per_minute <= 0:
        raise ConfigurationError("--at-once must be 1 or more, --per-minute more than 0")
    return replace(order, pace=Pace(at_once=at_once, per_minute=per_minute))


def flow_of(options: argparse.Namespace, settings: Settings) -> str:
    """One that the daemon of this machine has. Raises ConfigurationError."""
    flows = list(repertoire.flows(settings))
    if options.flow and options.flow not in flows:
        raise ConfigurationError(
            f"the daemon has no flow {options.flow}, only {', '.join(flows)}; add it to [dialogue] flows"
        )
    return options.flow or flows[0]


async def conduct(made: Sequence[Campaign], order: Order, database: Database, options: argparse.Namespace) -> int:
    """All of `made` at once, until they are finished or a signal stops them."""

    told = Console(stderr=options.json)

    async def one(each: Campaign, stop: asyncio.Event) -> Tally | None:
        try:
            return await campaign.conduct(each, order, database, lambda news: told.print(drawing.line(news)), stop)
        except campaign.TakenError as error:
            if len(made) == 1:
                raise
            told.print(f"{error}: left to it")
            return None

    async with _until_told() as stop, asyncio.TaskGroup() as group:
        tasks = {each.name: group.create_task(one(each, stop)) for each in made}
    tallies = {name: tally for name, task in tasks.items() if (tally := task.result())}
    return show(tallies, options, lambda: console.print(drawing.summary(tallies)))


@asynccontextmanager
async def _until_told() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set; the second time, Ctrl-C is as usual."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
