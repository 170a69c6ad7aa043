"""`callcenter simulate` and `callcenter demo`: personas call in, and what came of it is shown.

What does the work is imported when it is to be done, for every command imports this module: see `cli`.
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from callcenter.config import Phone, Settings

if TYPE_CHECKING:
    from rich.console import Console

    from callcenter.demo import Traces
    from callcenter.simulation.persona import Persona
    from callcenter.simulation.phone import SipTarget


def add_to(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Give `callcenter` the two; `add` makes a subcommand of a name, a command and its help."""
    demonstrate = add("demo", _demo, "bring everything up on this machine and watch a caller being served")
    _add_calling(demonstrate, nargs="*")
    demonstrate.add_argument("--stay", action="store_true", help="afterwards, stay up for calls from your own phone")
    simulate = add("simulate", _simulate, "call in over SIP as personas, and measure from the caller's side")
    _add_calling(simulate, nargs="+")


def _add_calling(sub: argparse.ArgumentParser, *, nargs: str) -> None:
    personas = sub.add_argument("personas", nargs=nargs, type=Path, metavar="PERSONA.yaml", help="who calls")
    personas.complete = shtab.FILE  # type: ignore[attr-defined]
    sub.add_argument("--calls", type=int, metavar="N", help="place N calls, the personas in turn (default: one each)")
    sub.add_argument("--at-once", type=int, default=1, metavar="N", help="calls at the same time (default 1)")
    record = sub.add_argument("--record", type=Path, metavar="DIR", help="keep each call as a stereo WAV file there")
    record.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


async def _demo(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter import demo

    console, personas = _console(options), _personas(options)
    settings = demo.rehearsed(demo.about(settings, (caller.flow for caller in personas)), datetime.now())  # noqa: DTZ005
    async with demo.house(settings, console.print) as house:
        result = await _call_in(personas, options, house.settings, house.traces)
        if options.stay:
            console.print(house.invitation)
            await asyncio.Event().wait()
    return result


async def _simulate(options: argparse.Namespace, settings: Settings) -> int:
    from callcenter.demo import Traces

    return await _call_in(_personas(options), options, settings, await Traces.before(settings))


def _personas(options: argparse.Namespace) -> "list[Persona]":
    from callcenter import demo
    from callcenter.simulation import persona

    return [persona.load(path) for path in options.personas or [demo.PERSONA]]


async def _call_in(personas: "list[Persona]", options: argparse.Namespace, settings: Settings, traces: "Traces") -> int:
    from callcenter.simulation import live, simulation
    from callcenter.simulation.details import details
    from callcenter.simulation.summary import summary

    console = _console(options)
    plan = simulation.Plan(
        personas=personas,
        calls=options.calls,
        at_once=options.at_once,
        target=_target(settings.phone),
        control=settings.paths.control_socket,
        cache=settings.paths.cache,
        record=options.record,
    )
    with live.audience(console, len(plan.callers)) as audience:
        report = await simulation.simulate(plan, audience, traces.left)
    for call in report.calls:
        console.print(details(call))
    console.print(summary(report))
    if options.json:
        print(json.dumps(report.as_json()))
    return 0 if report.ok else 1


def _target(phone: Phone) -> "SipTarget":
    from callcenter.simulation.phone import SipTarget

    return SipTarget(
        host=phone.host,
        port=phone.port,
        user=phone.username,
        password=phone.password.get_secret_value(),
        extension=phone.extension,
    )


def _console(options: argparse.Namespace) -> "Console":
    """Where progress and pictures go: not where the JSON goes."""
    from rich.console import Console

    console = Console(stderr=options.json)
    return console if console.is_terminal else Console(stderr=options.json, width=120)
