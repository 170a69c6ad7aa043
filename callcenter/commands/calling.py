"""What `demo` and `simulate` have in common: personas call in, and what came of it is shown."""

import argparse
import json
from pathlib import Path

import shtab
from rich.console import Console

from callcenter import demo
from callcenter.config import Phone, Settings
from callcenter.simulation import live, persona, simulation
from callcenter.simulation.details import details
from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import SipTarget
from callcenter.simulation.summary import summary


def add_callers(sub: argparse.ArgumentParser, *, nargs: str) -> None:
    """Who calls, how often, and what is kept of it."""
    personas = sub.add_argument("personas", nargs=nargs, type=Path, metavar="PERSONA.yaml", help="who calls")
    personas.complete = shtab.FILE  # type: ignore[attr-defined]
    sub.add_argument("--calls", type=int, metavar="N", help="place N calls, the personas in turn (default: one each)")
    sub.add_argument("--at-once", type=int, default=1, metavar="N", help="calls at the same time (default 1)")
    record = sub.add_argument("--record", type=Path, metavar="DIR", help="keep each call as a stereo WAV file there")
    record.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def personas(options: argparse.Namespace) -> list[Persona]:
    """Who calls. Raises FileError."""
    return [persona.load(path) for path in options.personas or [demo.PERSONA]]


async def call_in(callers: list[Persona], options: argparse.Namespace, settings: Settings, traces: demo.Traces) -> int:
    """Let them call, show it, and return the exit status."""
    console = console_of(options)
    plan = simulation.Plan(
        personas=callers,
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


def _target(phone: Phone) -> SipTarget:
    return SipTarget(
        host=phone.host,
        port=phone.port,
        user=phone.username,
        password=phone.password.get_secret_value(),
        extension=phone.extension,
    )


def console_of(options: argparse.Namespace) -> Console:
    """Where progress and pictures go: not where the JSON goes."""
    console = Console(stderr=options.json)
    return console if console.is_terminal else Console(stderr=options.json, width=120)
