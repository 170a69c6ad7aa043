"""`callcenter flow check`: mistakes in flows."""

import argparse
import json
from dataclasses import asdict

from callcenter.commands.flow.arguments import add_flow
from callcenter.config import Settings
from callcenter.dialogue import check
from callcenter.dialogue.flow import flow_path, load_flow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which."""
    add_flow(parser, nargs="+")


async def run(options: argparse.Namespace, settings: Settings) -> int:
    """Find what is not reached, never asked, or never ends; 1 if there is any."""
    found = [(flow_path(name), load_flow(name)) for name in options.flow]
    mistakes = {path: check.mistakes(path, flow) for path, flow in found}
    if options.json:
        rows = [
            {"flow": str(path), "states": len(flow.states), "mistakes": [asdict(each) for each in mistakes[path]]}
            for path, flow in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for path, flow in found:
            for each in mistakes[path]:
                print(f"{path}:{each.line}: {each.text}")
            if not mistakes[path]:
                print(f"{path}: all right, {len(flow.states)} states and {len(flow.slots)} slots in {flow.language}")
    return 1 if any(mistakes.values()) else 0
