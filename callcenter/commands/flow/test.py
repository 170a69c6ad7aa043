"""`callcenter flow test`: personas against a flow, as text."""

import argparse
from datetime import datetime
from pathlib import Path

import shtab

from callcenter import local_time
from callcenter.commands.flow.arguments import add_flow, add_time
from callcenter.commands.output import show
from callcenter.config import Settings
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.display import console
from callcenter.errors import ConfigurationError
from callcenter.simulation import persona
from callcenter.workshop import drawing, rehearsal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, who calls, when, and what is shown."""
    add_flow(parser)
    personas = parser.add_argument("personas", nargs="+", type=Path, metavar="PERSONA.yaml", help="who calls")
    personas.complete = shtab.FILE  # type: ignore[attr-defined]
    parser.add_argument("--whole", action="store_true", help="show all conversations, not only those that went wrong")
    parser.add_argument("--variant", metavar="NAME", help="in this variant's wording, not the flow's own")
    add_time(parser, "the next Friday, 9:30")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Play them, hundreds a second; 1 if one did not go as expected."""
    flow = _worded(load_flow(options.flow), options.variant)
    personas = [persona.load(path) for path in options.personas]
    for path, caller in zip(options.personas, personas, strict=True):
        rehearsal.check(flow, caller, path)
    at = options.at or local_time.usual_time(datetime.now())  # noqa: DTZ005 - the caller's time, here
    report = rehearsal.rehearse(flow, personas, at)
    show(report.as_json(), options, lambda: console.print(drawing.rehearsal(report, whole=options.whole)))
    return 0 if report.ok else 1


def _worded(flow: Flow, variant: str | None) -> Flow:
    """Raises ConfigurationError with the names of the variants if there is none of that name."""
    if variant is None:
        return flow
    if variant not in flow.varied:
        known = ", ".join(flow.varied) or "none"
        raise ConfigurationError(f"--variant {variant}: {flow.name} has no such variant; it has {known}")
    return flow.varied[variant]
