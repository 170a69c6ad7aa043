"""`callcenter flow chat`: talk to a flow as text."""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from callcenter.commands.flow.arguments import add_flow, add_time
from callcenter.config import Settings
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.display import console
from callcenter.enquiry import Enquiries
from callcenter.workshop import chat, drawing
from callcenter.workshop.chat import Turn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, when, and whether there are people."""
    add_flow(parser)
    parser.add_argument("--nobody", action="store_true", help="nobody answers when you are to be connected to a person")
    add_time(parser, "now")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Show state, slots, intent and confidence after each line."""
    typing = sys.stdin.isatty() and not options.json
    if typing:
        console.print(chat.HELP, style="dim")
    lines = chat.typed_lines("you    " if typing else "")

    def show(turn: Turn) -> None:
        if options.json:
            print(turn.as_json(), flush=True)
        else:
            console.print(drawing.turn(turn))

    brain = ScriptedBrain(load_flow(options.flow), now=_clock(options.at))
    async with Enquiries.open() as enquiries:
        await chat.chat(
            brain,
            lambda: next(lines, None),
            show,
            somebody_there=not options.nobody,
            enquiries=enquiries,
        )
    return 0


def _clock(start: datetime | None) -> Callable[[], datetime]:
    """Local time; with a `start` it runs on from there."""
    ahead = start - datetime.now() if start else timedelta()  # noqa: DTZ005 - the caller's time, here
    return lambda: datetime.now() + ahead  # noqa: DTZ005
