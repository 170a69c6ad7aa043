"""`callcenter call`, `campaign`, `campaigns` and `dnc`: what they take and what they print.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shtab

from callcenter.config import Outbound, Settings
from callcenter.errors import ConfigurationError
from callcenter.store import codec

if TYPE_CHECKING:
    from callcenter.outbound.campaign import Order
    from callcenter.store.contacts import Campaign, Contact, Tally
    from callcenter.store.database import Database

AddCommand = Callable[[str, Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]], str], Any]
AT_ANY_TIME = {"mon-sun": "0:00-24:00"}


def add_commands(add: AddCommand) -> None:
    """Make the four commands with `add`, which takes a name, what it does and a line of help."""
    call = add("call", _call, "call a number now, let the agent talk, and say what came of it")
    call.add_argument("number", help="with + and country code, or as outbound.region dials it")
    call.add_argument("--now", action="store_true", help="whatever the time is where they are")
    many = add("campaign", _campaign, "call everybody in a CSV file, or go on with the campaigns that are not finished")
    file = many.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="a column number, and slots")
    file.complete = shtab.FILE
    many.add_argument("--name", help="of the campaign (default: that of the file); one that is known goes on")
    many.add_argument("--at-once", type=int, metavar="N", help="calls at the same time (default: outbound.at_once)")
    many.add_argument("--per-minute", type=float, metavar="N", help="calls begun (default: outbound.per_minute)")
    many.add_argument("--dry-run", action="store_true", help="only say what would be done")
    for sub in (call, many):
        sub.add_argument("--flow", help="what the calls are about (default: dialogue.flow)")
        sub.add_argument("--machine", choices=["hang_up", "message", "person"], help="when a machine answers")
        sub.add_argument("--message", metavar="TEXT", help="what a machine is told; implies --machine message")
    kept = add("campaigns", _campaigns, "say how far campaigns are and when they will be over, or cancel some")
    kept.add_argument("action", nargs="?", choices=["list", "pause", "resume", "cancel"], default="list")
    kept.add_argument("names", nargs="*", metavar="NAME", help="which (default: those that are not finished)")
    barred = add("dnc", _do_not_call, "keep the list of numbers that are never called")
    barred.add_argument("action", choices=["add", "remove", "list", "import"])
    barred.add_argument("items", nargs="*", metavar="NUMBER|FILE.csv", help="numbers; a file with a column number")
    barred.add_argument("--reason", default="", help="why, for those who look at the list")


async def _call(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.outbound import plans
    from callcenter.outbound.hours import Hours
    from callcenter.outbound.outcomes import Policy
    from callcenter.store.database import Database

    order = _order(options, settings)
    contact = _contact(options.number, order.outbound)
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
        made = await plans.create(database, name, _flow(options, settings), [contact])
        return await _conduct([made], order, database, options)


async def _campaign(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.outbound import contacts_file, drawing, plans
    from callcenter.outbound.contacts_file import Places
    from callcenter.store import campaigns
    from callcenter.store.database import Database

    order = _order(options, settings)
    async with Database(settings.database, settings.paths) as database:
        if options.file is None:
            async with database.session() as session:
                return await _conduct(await campaigns.unfinished(session), order, database, options)
        places = Places(region=order.outbound.region, zone=order.outbound.zone)
        contacts = await asyncio.to_thread(contacts_file.read, options.file, places)
        name = options.name or options.file.stem
        if options.dry_run:
            found = await plans.preview(database, name, contacts, order.hours, datetime.now(UTC))
            return _show(asdict(found), options, lambda: drawing.preview(found))
        async with database.session() as session:
            known = await campaigns.find(session, name)
        flow = known.flow if known and not options.flow else _flow(options, settings)
        made = await plans.create(database, name, flow, contacts)
        return await _conduct([made], order, database, options)


async def _campaigns(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.outbound import drawing, plans
    from callcenter.outbound.hours import Hours
    from callcenter.outbound.pacing import Pace
    from callcenter.store.database import Database

    outbound = settings.outbound
    pace = Pace(at_once=outbound.at_once, per_minute=outbound.per_minute)
    async with Database(settings.database, settings.paths) as database:
        if options.action != "list" and not options.names:
            raise ConfigurationError(f"say which campaigns to {options.action}: `callcenter campaigns` lists them")
        if options.action in ("pause", "resume"):
            count = await plans.pause(database, options.names, paused=options.action == "pause")
            return _show({options.action: count}, options, lambda: f"{options.action}: {count}")
        if options.action == "cancel":
            count = await plans.cancel(database, options.names)
            return _show({"cancelled": count}, options, lambda: f"{count} will not be called")
        found = await plans.look(database, pace, Hours.of(outbound), options.names)
    return _show([asdict(each) for each in found], options, lambda: drawing.progress(found))


async def _do_not_call(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.outbound import drawing
    from callcenter.store import do_not_call
    from callcenter.store.database import Database

    outbound = settings.outbound
    numbers = await asyncio.to_thread(_numbers, options, outbound)
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        match options.action:
            case "list":
                listed = await do_not_call.listed(session)
                return _show([asdict(entry) for entry in listed], options, lambda: drawing.barred(listed))
            case "remove":
                count = await do_not_call.remove(session, numbers)
            case _:
                await do_not_call.add(session, numbers, options.reason, datetime.now(UTC))
                count = len(numbers)
    return _show({options.action: count}, options, lambda: f"{options.action}: {count}")


def _numbers(options: argparse.Namespace, outbound: Outbound) -> list[str]:
    from callcenter.outbound import contacts_file
    from callcenter.outbound.contacts_file import Places

    if options.action == "import":
        places = Places(region=outbound.region, zone=outbound.zone)
        return [contact.number for path in options.items for contact in contacts_file.read(Path(path), places)]
    return [_contact(item, outbound).number for item in options.items]


async def _conduct(
    made: "Sequence[Campaign]", order: "Order", database: "Database", options: argparse.Namespace
) -> int:
    """All of `made` at once, until they are finished or a signal stops them."""
    from rich.console import Console

    from callcenter.outbound import campaign, drawing

    console = Console(stderr=options.json)

    async def conduct(each: "Campaign", stop: asyncio.Event) -> "Tally | None":
        try:
            return await campaign.conduct(each, order, database, lambda news: console.print(drawing.line(news)), stop)
        except campaign.TakenError as error:
            if len(made) == 1:
                raise
            console.print(f"{error}: left to it")
            return None

    async with _until_told() as stop, asyncio.TaskGroup() as group:
        tasks = {each.name: group.create_task(conduct(each, stop)) for each in made}
    tallies = {name: tally for name, task in tasks.items() if (tally := task.result())}
    return _show({name: asdict(tally) for name, tally in tallies.items()}, options, lambda: drawing.summary(tallies))


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


def _order(options: argparse.Namespace, settings: Settings) -> "Order":
    """As the settings say, and the command line over them."""
    from callcenter.outbound.campaign import Order
    from callcenter.outbound.pacing import Pace

    outbound = settings.outbound
    machine = options.machine or ("message" if options.message else outbound.machine)
    changed = outbound.model_copy(update={"machine": machine, "message": options.message or outbound.message})
    order = Order.of(settings, changed)
    at_once = getattr(options, "at_once", None) or order.pace.at_once
    per_minute = getattr(options, "per_minute", None) or order.pace.per_minute
    if at_once < 1 or per_minute <= 0:
        raise ConfigurationError("--at-once must be 1 or more, --per-minute more than 0")
    return replace(order, pace=Pace(at_once=at_once, per_minute=per_minute))


def _flow(options: argparse.Namespace, settings: Settings) -> str:
    """One that the daemon of this machine has. Raises ConfigurationError."""
    from callcenter import repertoire

    flows = list(repertoire.flows(settings))
    if options.flow and options.flow not in flows:
        raise ConfigurationError(
            f"the daemon has no flow {options.flow}, only {', '.join(flows)}; add it to [dialogue] flows"
        )
    return options.flow or flows[0]


def _contact(number: str, outbound: Outbound) -> "Contact":
    from callcenter.outbound.number import normal, zones_of
    from callcenter.store.contacts import Contact

    try:
        found = normal(number, outbound.region)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return Contact(number=found, zones=zones_of(found, outbound.zone))


def _show(content: Any, options: argparse.Namespace, drawn: Callable[[], Any]) -> int:
    from rich.console import Console

    if options.json:
        print(json.dumps(content, default=codec.plain, indent=2, ensure_ascii=False))
    else:
        Console().print(drawn())
    return 0
